# Boots as text: the scene player holds the engine and no socket.
SCENE_OBJ := $(patsubst %.c,$(B)/%.o,$(wildcard tests/scenes/*.c))
CFLAGS_scenes := -Itests/scenes
SCENE_LIBS := $(call LIB,engine core host base) $(B)/libdnsmasq.a
$(B)/tests/scenes/scene: $(SCENE_OBJ) $(SCENE_LIBS)
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS) $(ENGINE_LDFLAGS) -o $@ $(SCENE_OBJ) -Wl,--start-group $(SCENE_LIBS) -Wl,--end-group -lnettle

## scenes: plays the boots written down in tests/scenes
scenes: $(B)/tests/scenes/scene
	@prove -e '' $<
.PHONY: scenes
EXTRA_CHECKS += $(B)/tests/scenes/scene
TEST_TOOLS += $(B)/tests/scenes/scene
