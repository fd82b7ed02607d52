# Lint, unit tests, scenes, replay of fuzz corpora: `make check`, seconds. All that can run here:
# `make test`. Every test prints TAP and is run by one prove.
UNIT := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*_test.c))

# A unit test links what it needs from the archives of the pure layers; one that needs more says so
# in a line of its own: $(B)/tests/unit/NAME: libs := ...
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(call LIB,store drivers core api host base)
	$(Q)$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(call LIB,store drivers core api host base) -Wl,--end-group \
	  -lnettle -lsqlite3 -ljansson -lfreeipmi -liscsi -luv -lmicrohttpd -lseccomp

unit: $(UNIT)
	@prove -e '' $(UNIT)
.PHONY: unit
-include $(shell find $(B)/tests -name '*.d' 2>/dev/null)
