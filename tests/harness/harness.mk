# Kills, cuts and lies at every step of every order, on whole sites with a clock of their own
# (docs/design/0017-fault-harness.md).
HARNESS := $(patsubst %.c,$(B)/%.o,$(filter-out tests/harness/clock.c,$(wildcard tests/harness/*.c)))

$(B)/tests/harness/harness: $(HARNESS) $(call LIB,core base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lnettle -ljansson
$(B)/tests/harness/clock.so: tests/harness/clock.c tests/harness/page.h
	@mkdir -p $(@D)
	@echo "  LD    $@"
	$(Q)$(CC) $(filter-out -fPIE,$(CFLAGS)) -fPIC -shared -o $@ $<

TEST_TOOLS  += $(B)/tests/harness/harness $(B)/tests/harness/clock.so
SLOW_CHECKS += $(B)/tests/harness/harness

## faults: plays every fault at every boundary between two steps, and 2,000 pairs (root; ten minutes)
faults: all test-tools
	B=$(B) $(B)/tests/harness/harness --all --pairs 2000
.PHONY: faults
