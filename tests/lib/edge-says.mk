# The edge's place in tests of the broker; and the broker's own parts for its unit tests.
TEST_TOOLS += $(B)/tests/lib/edge-says
$(B)/tests/lib/edge-says: $(B)/tests/lib/edge-says.o $(call LIB,core host base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ -Wl,--start-group $^ -Wl,--end-group -lnettle
$(patsubst %.c,$(B)/%,$(wildcard tests/unit/broker_*_test.c)): $(call LIB,broker)
