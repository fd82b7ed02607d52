# The broker's own parts for its unit tests.
$(patsubst %.c,$(B)/%,$(wildcard tests/unit/broker_*_test.c)): $(call LIB,broker)
# The key of the store, on both its sides.
$(B)/tests/unit/key_test: $(B)/broker/broker/key.o $(B)/broker/warden/key.o
