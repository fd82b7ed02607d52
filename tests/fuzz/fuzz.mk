# Fuzz targets: tests/fuzz/fuzz_NAME.c with its inputs in tests/fuzz/corpus/NAME. `make check` replays
# them; `make fuzz T=NAME S=SECONDS` looks for more with clang's libFuzzer. What a target needs
# beyond core, host and base: fuzz_NAME_needs, and libraries: fuzz_NAME_libs.
FUZZ     := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_LIB  = $(call LIB,core host base)
fuzz_dhcp_needs  := $(call LIB,engine) $(B)/libdnsmasq.a
fuzz_dhcp_flags  := $(ENGINE_LDFLAGS)
fuzz_tftp_needs  := $(fuzz_dhcp_needs)
fuzz_tftp_flags  := $(ENGINE_LDFLAGS)
fuzz_leases_needs := $(call LIB,wire)
fuzz_url_needs   := $(B)/broker/files/url.o
fuzz_part_needs  := $(call LIB,wire)
fuzz_v6_needs    := $(call LIB,wire)
fuzz_foreign_needs := $(call LIB,wire)
fuzz_sse_needs := $(call LIB,wire)
fuzz_initramfs_needs := $(call LIB,wire)
fuzz_fat_needs := $(call LIB,wire)
fuzz_parts_needs := $(call LIB,wire)
fuzz_document_needs := $(B)/broker/drivers/redfish_tree.o $(B)/broker/drivers/redfish_card.o $(B)/broker/drivers/redfish_component.o
fuzz_document_libs := -ljansson
fuzz_ipmi_needs  := $(call LIB,sim)
fuzz_ipmi_libs   := -ljansson
fuzz_redfish_needs := $(call LIB,sim)
fuzz_redfish_libs := -ljansson
fuzz_pack_needs   = $(SHIM_TESTED)

define fuzz_target
$(B)/tests/fuzz/replay_$(1): $(B)/tests/fuzz/fuzz_$(1).o $(B)/tests/fuzz/replay.o $(fuzz_$(1)_needs) $(FUZZ_LIB)
	@echo "  LD    $$@"
	$$(Q)$$(CC) $$(LDFLAGS) $(fuzz_$(1)_flags) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group -lnettle $(fuzz_$(1)_libs)
$(B)/tests/fuzz/fuzz_$(1): $(B)/tests/fuzz/fuzz_$(1).o $(fuzz_$(1)_needs) $(FUZZ_LIB)
	@echo "  LD    $$@"
	$$(Q)$$(CC) $$(LDFLAGS) -fsanitize=fuzzer $(fuzz_$(1)_flags) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group -lnettle $(fuzz_$(1)_libs)
EXTRA_CHECKS += $(B)/tests/fuzz/replay_$(1)
endef
$(foreach t,$(FUZZ),$(eval $(call fuzz_target,$(t))))

# clang warns of other things than gcc, which the other variants are built with.
OPT_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
S ?= 60
## fuzz: looks for inputs that break a parser: T=dhcp S=60
fuzz:
	@$(if $(filter $(T),$(FUZZ)),,echo "make fuzz T=NAME S=SECONDS, where NAME is one of: $(FUZZ)" >&2; exit 2)
	@$(MAKE) --no-print-directory V=fuzz CC=clang WARN=-w 'OPT_fuzz=$(OPT_fuzz)' build/fuzz/tests/fuzz/fuzz_$(T)
	@mkdir -p build/fuzz/found/$(T)
	build/fuzz/tests/fuzz/fuzz_$(T) -max_total_time=$(S) -max_len=2048 -timeout=5 -print_final_stats=1 \
	  -artifact_prefix=build/fuzz/found/$(T)- build/fuzz/found/$(T) tests/fuzz/corpus/$(T)
.PHONY: fuzz

# Sends the corpora to running programs: tests/bats/24-replay.bats.
$(B)/tests/fuzz/throw: $(B)/tests/fuzz/throw.o $(B)/tests/diff/wire.o $(call LIB,wire base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
TEST_TOOLS += $(B)/tests/fuzz/throw
