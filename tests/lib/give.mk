# Tools of the tests of single programs: a launcher that gives descriptors, and a boot table to give.
TEST_TOOLS += $(B)/tests/lib/give $(B)/tests/lib/mktable

$(B)/tests/lib/give: $(B)/tests/lib/give.o $(B)/broker/warden/frames.o $(call LIB,host base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
$(B)/tests/lib/mktable: $(B)/tests/lib/mktable.o $(call LIB,core base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lnettle

# In the broker's place, where a test of the warden wants hands and nothing else.
TEST_TOOLS += $(B)/tests/lib/ask
$(B)/tests/lib/ask: $(B)/tests/lib/ask.o $(call LIB,host base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# Clients that nobody knows, by the thousand.
TEST_TOOLS += $(B)/tests/lib/strangers
$(B)/tests/lib/strangers: $(B)/tests/lib/strangers.o $(call LIB,base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

# Slow readers of one file by HTTP.
TEST_TOOLS += $(B)/tests/lib/slow
$(B)/tests/lib/slow: $(B)/tests/lib/slow.o
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
