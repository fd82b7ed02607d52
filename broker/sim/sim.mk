# The resources are bytes of the program.
$(B)/broker/sim/tree.o: $(wildcard broker/sim/redfish/*.json)
# Its parts for unit tests, which keep what stands before sockets.
$(patsubst %.c,$(B)/%,$(wildcard tests/unit/sim_*_test.c)): $(call LIB,sim)
