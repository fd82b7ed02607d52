# The form of the project. What a rule is for stands in docs/hacking.md; that it catches something is
# shown by tests/bats/10-lint.bats.
## lint: layers, purity, form of code, scripts and text
lint: $(call LIB,base wire core)
	@tests/lint/layers.sh
	@tests/lint/pure.sh $(B)
	@tests/lint/text.sh
	@tests/lint/form.sh

## fmt: puts the C code into its form
fmt:
	@tests/lint/form.sh fmt

TIDY ?= $(wildcard broker/*/*.c)
tidy_flags = $(filter-out -W% -MMD -MP,$(CFLAGS)) $(CFLAGS_$(notdir $(patsubst %/,%,$(dir $(1)))))
## tidy: clang-tidy over the programs, or over TIDY=FILE
tidy: $(DNSMASQ)/ready
	@failed=0; $(foreach f,$(TIDY),clang-tidy --quiet $(f) -- $(call tidy_flags,$(f)) 2>/dev/null || failed=1;) exit $$failed
.PHONY: lint fmt tidy
