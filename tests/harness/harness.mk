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

## faults: plays every fault at every boundary between two steps (root; five minutes and more)
faults: all test-tools
	B=$(B) $(B)/tests/harness/harness --lying --only failover:silence:bmc-says-off
	B=$(B) $(B)/tests/harness/harness
.PHONY: faults
