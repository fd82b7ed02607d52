# The lab: blades that are QEMU machines, their management controllers, a target, a persona, and Baton.
LAB := $(B)/tests/lab

$(LAB)/blade: $(addprefix $(LAB)/,blade.o body.o fabric.o nvram.o port.o) $(B)/libbase.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
$(LAB)/chassis: $(LAB)/chassis.o
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

$(B)/tests/unit/lab_port_test: $(addprefix $(LAB)/,port.o nvram.o fabric.o)

# The persona's first MAC of the lab's pool and its name are in its image. The script knows by itself
# whether there is anything to do.
persona:
	@tests/lab/persona.sh build/lab/persona.img 02:ba:70:00:00:01 web-01
LAB_NEEDS := $(LAB)/blade $(LAB)/chassis lab-pack persona
TEST_TOOLS += $(LAB_NEEDS)

## run: shows the whole thing on this machine: a persona boots and moves (needs root)
run:
	@tests/setup.sh lab
	@$(MAKE) --no-print-directory run-ready
	@tests/lab/run.sh
run-ready: all $(LAB_NEEDS)

.PHONY: persona run run-ready
