# Pages made from the .def files, and the manual pages with their lists filled in, in build/VARIANT/docs.
DOCS  := $(B)/docs
PAGES := $(DOCS)/api.md $(DOCS)/events.md $(DOCS)/silences.md
MANS  := $(patsubst docs/%,$(DOCS)/%,$(wildcard docs/man/*.[1-9]))

$(DOCS)/pages: $(DOCS)/pages.o $(call LIB,cli api base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ -Wl,--start-group $^ -Wl,--end-group -lcurl -ljansson
-include $(DOCS)/pages.d

$(DOCS)/%.md: $(DOCS)/pages
	$(Q)$< $* >$@

# A line `.\" made from: WHAT` gives place to what pages prints.
$(DOCS)/man/%: docs/man/% $(DOCS)/pages
	@mkdir -p $(@D)
	$(Q)awk '/^\.\\" made from: /{ c = "$(DOCS)/pages " $$4; while ((c | getline l) > 0) print l; close(c); next } { print }' $< >$@

## docs: builds the manual pages and the pages made from .def files; checks them
docs: $(PAGES) $(MANS)
	$(Q)mandoc -T lint -W warning $(MANS)
test-run: $(MANS)
.PHONY: docs
