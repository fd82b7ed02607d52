# The resources are bytes of the program.
$(B)/broker/sim/tree.o: $(wildcard broker/sim/redfish/*.json)
