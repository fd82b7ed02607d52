# The edge's loans with the real engine; in the second, over a disk that the test watches.
$(B)/tests/unit/journal_test $(B)/tests/unit/journal_power_test: $(B)/broker/edge/journal.o $(call LIB,engine) $(B)/libdnsmasq.a
libs_journal_test := $(ENGINE_LDFLAGS)
libs_journal_power_test := $(ENGINE_LDFLAGS) -Wl,--wrap=pwrite,--wrap=fdatasync
