# Gives a hand a way to tgtd, where a test wants the hand without batond.
TEST_TOOLS += $(B)/tests/lib/tgtway
$(B)/tests/lib/tgtway: $(B)/tests/lib/tgtway.o
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
# A writer at a target.
TEST_TOOLS += $(B)/tests/lib/writer
$(B)/tests/lib/writer: $(B)/tests/lib/writer.o
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -liscsi
