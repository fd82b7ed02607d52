# The differential test's client: questions written as in scenes, sent by real sockets, answers as
# lines. Who is asked, and what is compared: tests/bats/23-differential.bats.
DIFF_OBJ := $(B)/tests/diff/ask.o $(B)/tests/diff/wire.o $(B)/tests/diff/answer.o \
            $(B)/tests/scenes/packet.o $(B)/tests/scenes/words.o
$(B)/tests/diff/ask: $(DIFF_OBJ) $(call LIB,wire base)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) -o $@ $^
TEST_TOOLS += $(B)/tests/diff/ask
