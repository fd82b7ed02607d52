# The seven programs. Each folder under broker/ becomes one archive; a program is its own folder's
# archive and those of the layers below, as tests/lint/layers.txt allows.
pkgs    = $(shell pkg-config --cflags --libs $(1))
OBJ     = $(patsubst %.c,$(B)/%.o,$(wildcard broker/$(1)/*.c))
LAYERS := base host wire core api store drivers edge files broker hand warden cli sim
LIB     = $(patsubst %,$(B)/lib%.a,$(1))

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CFLAGS) $(CFLAGS_$(notdir $(patsubst %/,%,$(dir $<)))) -c -o $@ $<

define archive
$(B)/lib$(1).a: $(call OBJ,$(1))
	@rm -f $$@
	$$(Q)ar crs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call archive,$(l))))

# What a program is made of: archives, then libraries.
PROGRAMS     := baton-files baton-broker baton-hand batond baton baton-sim
baton-files  := files core api wire host base
baton-broker := broker store core api host base
baton-hand   := hand drivers wire core host base
batond       := warden core host base
baton        := cli api core host base
baton-sim    := sim host base
need_core    := -lnettle
need_host    := -lmicrohttpd -luv -lseccomp
libs_baton-files  := -lnettle -lmicrohttpd -luv -lseccomp
libs_baton-broker := -lnettle -lmicrohttpd -luv -lsqlite3 -ljansson -lseccomp
libs_baton-hand   := -lnettle -lfreeipmi -liscsi -ljansson -lnftnl -lmnl -lext2fs -lcom_err
check_baton-files  = @sh broker/engine/linkcheck.sh $$@
libs_batond       := -luv -lsystemd
libs_baton        := -lcurl -ljansson
libs_baton-sim    := -lmicrohttpd -lgnutls -luv -ljansson -lnettle -lseccomp

define program
$(B)/$(1): $(call LIB,$($(1)))
	@echo "  LD    $$@"
	$$(Q)$(CC) $(LDFLAGS) -o $$@ -Wl,--start-group $$^ -Wl,--end-group $(libs_$(1))
	$(if $(filter -fsanitize%,$(LDFLAGS)),,$(check_$(1)))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

include $(wildcard broker/*/*.mk)

programs: $(PROGRAMS:%=$(B)/%)
.PHONY: programs
-include $(shell find $(B)/broker -name '*.d' 2>/dev/null)
