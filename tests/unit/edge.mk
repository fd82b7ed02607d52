# Parts of the edge that need no engine.
$(B)/tests/unit/edge_limit_test: $(B)/broker/edge/limit.o
$(B)/tests/unit/edge_proxied_test: $(B)/broker/edge/proxied.o
# The edge's loans with the real engine; in the second, over a disk that the test watches.
$(B)/tests/unit/journal_test $(B)/tests/unit/journal_power_test: $(B)/broker/edge/journal.o $(call LIB,engine) $(B)/libdnsmasq.a
libs_journal_test := $(ENGINE_LDFLAGS)
libs_journal_power_test := $(ENGINE_LDFLAGS) -Wl,--wrap=pwrite,--wrap=fdatasync
