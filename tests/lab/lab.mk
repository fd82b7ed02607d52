# The lab: blades that are QEMU machines, their management controllers, a target, a persona.
LAB := $(B)/tests/lab

$(LAB)/blade: $(B)/tests/lab/blade.o $(B)/tests/lab/body.o $(B)/tests/lab/nvram.o $(B)/libbase.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
$(LAB)/chassis: $(B)/tests/lab/chassis.o
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
