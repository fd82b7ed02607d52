# dnsmasq as a library, and the program that uses it. The source comes from Debian through apt
# (fetch.sh), is compiled unchanged, and joined to ours at the seams in seams.list.
DNSMASQ     := build/dnsmasq
DNSMASQ_SRC := $(DNSMASQ)/src/src
SEAMS       := broker/engine/seams.list
seam         = $(shell awk '$$1 == "$(1)" { print $$2 }' $(SEAMS))
, := ,

# What Baton does not use is left out; what is left decides the layout of dnsmasq's structs, so our
# engine is compiled with the same words.
DNSMASQ_HAVE := -DNO_SCRIPT -DNO_DHCP6 -DNO_AUTH -DNO_IPSET -DNO_LOOP -DNO_DUMPFILE -DNO_ID -DNO_INOTIFY
# -fPIC with semantic interposition: a call inside a unit goes through its symbol, or the weakened
# one could not be replaced. Sections without jump tables: the linker can drop all of DNS.
# Its TFTP shifts by 50 where a client gives up, and ends the transfer whatever comes of it.
DNSMASQ_SANE := $(if $(findstring -fsanitize,$(OPT_$(V))),-fno-sanitize=shift)
DNSMASQ_CFLAGS := -w -fPIC -fsemantic-interposition -ffunction-sections -fdata-sections -fno-jump-tables \
                  -fstack-protector-strong -fcf-protection $(OPT_$(V)) $(DNSMASQ_SANE) $(DNSMASQ_HAVE) -DVERSION=\"baton\" -I$(DNSMASQ_SRC)
CFLAGS_engine  := -isystem $(DNSMASQ_SRC) $(DNSMASQ_HAVE)
ENGINE_LDFLAGS := $(patsubst %,-Wl$(,)--wrap=%,$(call seam,wrap))

$(DNSMASQ)/ready: broker/engine/dnsmasq.pin broker/engine/fetch.sh
	@sh broker/engine/fetch.sh broker/engine/dnsmasq.pin $(DNSMASQ)

$(B)/dnsmasq/compiled: $(DNSMASQ)/ready broker/engine/engine.mk
	@mkdir -p $(@D)
	@echo "  CC    dnsmasq $$(cat $(DNSMASQ)/ready)"
	$(Q)cd $(DNSMASQ_SRC) && ls *.c | sed 's/\.c$$//' | xargs -P "$$(nproc)" -I@ \
	  sh -c '$(CC) $(subst -I$(DNSMASQ_SRC),-I.,$(DNSMASQ_CFLAGS)) -Dmain=dnsmasq_main -c -o $(CURDIR)/$(@D)/@.o @.c'
	@touch $@

# lease.o stays out: broker/engine/lease.c stands for it.
$(B)/libdnsmasq.a: $(B)/dnsmasq/compiled $(SEAMS)
	$(Q)rm -rf $@ $(<D)/seamed && mkdir $(<D)/seamed && cp $(<D)/*.o $(<D)/seamed && rm $(<D)/seamed/lease.o
	$(Q)objcopy $(patsubst %,--weaken-symbol=%,$(call seam,weaken)) $(<D)/seamed/dhcp.o
	$(Q)objcopy $(foreach s,$(call seam,rename),--redefine-sym $(s)=engine_$(s)) $(<D)/seamed/tftp.o
	$(Q)ar crs $@ $(<D)/seamed/*.o

$(call OBJ,engine): $(DNSMASQ)/ready
$(eval $(call archive,engine))

## seamcheck: compares dnsmasq with what the seams expect of it
seamcheck: $(B)/libdnsmasq.a $(B)/libengine.a
	@sh broker/engine/seamcheck.sh $(SEAMS) $(B)/dnsmasq $(B)/broker/engine/lease.o
.PHONY: seamcheck

EDGE_LIBS := $(call LIB,edge engine core wire host base) $(B)/libdnsmasq.a
$(B)/baton-edge: $(EDGE_LIBS)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) $(ENGINE_LDFLAGS) -o $@ -Wl,--start-group $^ -Wl,--end-group -lnettle -lseccomp
	$(if $(filter -fsanitize%,$(LDFLAGS)),,@sh broker/engine/linkcheck.sh $@)

programs: $(B)/baton-edge
