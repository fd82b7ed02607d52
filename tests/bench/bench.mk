# Figures, never a verdict: each tests/bench/*.sh measures one thing on this machine and prints a table.
BENCH_TOOLS += $(B)/tests/bench/dhcp-load
$(B)/tests/bench/dhcp-load: $(B)/tests/bench/dhcp-load.o $(call LIB,base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^

## bench-dhcp: what a DHCP exchange costs, beside stock dnsmasq (needs root)
bench-dhcp: $(B)/baton-edge $(B)/tests/bench/dhcp-load $(B)/tests/lib/give $(B)/tests/scenes/scene
	@B=$(B) tests/bench/dhcp.sh

## bench: every figure: the double boot beside the same by hand, a DHCP exchange beside stock dnsmasq (needs root)
bench: run-ready bench-dhcp
	@tests/bench/double-boot.sh
.PHONY: bench bench-dhcp
