# Every test prints TAP and is run by one prove, through tests/lib/run. `make check` is what a commit
# must pass, in seconds; `make test` is everything that can run here.
UNIT := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*_test.c))

include $(wildcard tests/*/*.mk)

# A unit test may use any archive but the programs' own; one that needs more says so in the .mk file
# of what it tests: $(B)/tests/unit/NAME: $(LIB_...) and libs_NAME := -l...
UNIT_LIB := $(call LIB,store drivers wire core api host base)
$(B)/tests/unit/%_test: $(B)/tests/unit/%_test.o $(UNIT_LIB)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ -Wl,--start-group $(filter %.o %.a,$^) -Wl,--end-group -lnettle -lsqlite3 \
	  -ljansson -lfreeipmi -liscsi -lext2fs -lcom_err -luv -lmicrohttpd -lseccomp $(libs_$*_test)

CHECKS := $(UNIT) $(EXTRA_CHECKS)
BATS   := $(sort $(wildcard tests/bats/*.bats)) $(SLOW_CHECKS)

## setup: installs the Debian packages that are missing (needs root)
setup:
	@tests/setup.sh test

## check: lint, unit tests, scenes, replay of fuzz inputs; seconds
check: lint seamcheck $(CHECKS)
	@B=$(B) prove -f -o -e tests/lib/run $(CHECKS)

## test-tools: builds what a single bats file needs: make test-tools, then bats tests/bats/20-edge.bats
test-tools: all $(TEST_TOOLS)

## test: everything that can run here, machines included (needs root)
test: setup
	@$(MAKE) --no-print-directory test-run
test-run: test-tools $(CHECKS)
	@B=$(B) prove --timer -f -o -e tests/lib/run $(CHECKS) $(BATS)

## asan: check under AddressSanitizer and UBSan
asan:
	@$(MAKE) --no-print-directory V=asan asan-run
asan-run: $(CHECKS)
	@B=$(B) prove -f -o -e tests/lib/run $(CHECKS)

.PHONY: setup check test test-run test-tools asan asan-run
-include $(shell find $(B)/tests -name '*.d' 2>/dev/null)
