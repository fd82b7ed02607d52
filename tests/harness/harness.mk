# The fault harness of "exactly one": docs/design/0017-fault-harness.md.
TEST_TOOLS  += $(B)/tests/harness/harness $(B)/tests/harness/clock.so
HARNESS := $(patsubst tests/harness/%.c,$(B)/tests/harness/%.o,$(filter-out tests/harness/clock.c,$(wildcard tests/harness/*.c)))

$(B)/tests/harness/harness: $(HARNESS) $(call LIB,core base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -ljansson -lnettle
$(B)/tests/harness/clock.so: tests/harness/clock.c tests/harness/page.h
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -I. $(WARN) -O2 -fPIC -shared -o $@ $< -ldl

## faults: plays every fault at every boundary between two steps (root; some five minutes)
faults: all test-tools
	B=$(B) tests/harness/check.sh
.PHONY: faults
