# Figures, never a verdict: each tests/bench/*.sh measures one thing on this machine and prints a table.
BENCH_DHCP  := $(patsubst %,$(B)/tests/bench/%,dhcp-load echo flood fleet tftp-load)
BENCH_TOOLS += $(BENCH_DHCP)
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(call LIB,core base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lnettle

# The engine without a socket, for counting.
$(B)/tests/bench/cost: $(B)/tests/bench/cost.o $(call LIB,engine core host base) $(B)/libdnsmasq.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) $(ENGINE_LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) -Wl,--end-group -lnettle

## bench-check: counts the instructions of an answer, and compares them with tests/bench/baseline
bench-check: $(B)/tests/bench/cost $(B)/tests/bench/fleet
	@B=$(B) tests/bench/check.sh
TEST_TOOLS  += $(B)/tests/bench/cost $(patsubst %,$(B)/tests/bench/%,fleet flood dhcp-load tftp-load)
SLOW_CHECKS += tests/bench/check.sh

## bench-dhcp: DHCP beside Kea, stock dnsmasq and a bare echo; leases, table swap, flood (needs root)
bench-dhcp: bench-setup $(B)/baton-edge $(BENCH_DHCP) $(B)/tests/lib/give
	@B=$(B) tests/bench/dhcp.sh
	@awk -f tests/bench/plot.awk build/bench/dhcp >build/bench/dhcp.svg
	@awk -f tests/bench/table.awk build/bench/dhcp >build/bench/dhcp.md
	@echo "for docs/bench.md: build/bench/dhcp.svg and dhcp.md"
	@B=$(B) tests/bench/leases.sh
	@B=$(B) tests/bench/swap.sh
	@B=$(B) tests/bench/flood.sh

## bench-restart: what a crash of the edge costs those who ask (needs root)
bench-restart: bench-setup programs $(BENCH_DHCP) $(B)/tests/lib/give $(B)/tests/lib/ask
	@B=$(B) tests/bench/restart.sh

## bench-tftp: TFTP beside tftpd-hpa (needs root)
bench-tftp: bench-setup $(B)/baton-edge $(BENCH_DHCP) $(B)/tests/lib/give
	@B=$(B) tests/bench/tftp.sh

## bench-http: boot files by HTTP beside nginx (needs root)
bench-http: bench-setup $(B)/baton-files $(B)/tests/lib/give $(B)/tests/lib/mktable
	@B=$(B) tests/bench/http.sh

bench-setup:
	@tests/setup.sh bench

## bench: every figure: the double boot beside the same by hand, DHCP and TFTP beside their peers (needs root)
bench: run-ready bench-dhcp bench-restart bench-tftp bench-http
	@tests/bench/double-boot.sh
	@tests/bench/ways.sh
.PHONY: bench bench-restart bench-dhcp bench-tftp bench-http bench-check bench-setup
