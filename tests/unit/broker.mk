# The broker's own parts for its unit tests.
$(patsubst %.c,$(B)/%,$(wildcard tests/unit/broker_*_test.c)): $(call LIB,broker)
