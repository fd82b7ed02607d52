# The shim: Debian's kernel, busybox and one static program, as files of boot_dir; and the images
# of tool-packs. The kernel is fetched once for all variants.
KERNEL      := build/kernel
BOOT        := $(B)/boot
SHIM_SRC    := $(wildcard initramfs/*.c)
# How the shim reads a persona's disk, and what counts on it, is what the broker's hands do.
SHIM_DISK   := $(addprefix broker/,drivers/san_iscsi.c drivers/san_bootable.c drivers/booted.c \
               drivers/volume.c drivers/extfs.c wire/parts.c wire/fat.c wire/loader.c wire/modules.c)
SHIM_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Ibroker -I. $(WARN) -Os -D_FORTIFY_SOURCE=2 -fno-common \
               -fstack-protector-strong -fPIE -ffunction-sections -fdata-sections
STATIC      := -static-pie -Wl,-z,relro,-z,now -Wl,--gc-sections -s
LOADERS     := undionly.kpxe snponly.efi ipxe.efi

## shim: builds the shim's kernel and initrd, and collects the loaders
shim: $(BOOT)/shim/vmlinuz $(BOOT)/shim/initrd.img $(LOADERS:%=$(BOOT)/%)
all: shim
.PHONY: shim lab-pack

$(KERNEL)/version: initramfs/fetch-kernel
	@echo "  FETCH Debian's linux-image-amd64"
	$(Q)initramfs/fetch-kernel $(KERNEL)

$(BOOT)/shim/vmlinuz: $(KERNEL)/version
	@mkdir -p $(@D)
	$(Q)cp $(KERNEL)/vmlinuz $@

$(B)/initramfs/baton-shim: $(SHIM_SRC) $(SHIM_DISK) \
  $(wildcard initramfs/*.h broker/base/*.[ch] broker/drivers/*.h broker/wire/*.h broker/core/san.h)
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(SHIM_CFLAGS) $(STATIC) -o $@ $(SHIM_SRC) $(SHIM_DISK) $(wildcard broker/base/*.c) \
	  -ljansson -liscsi -lgcrypt -lgpg-error -lext2fs -lcom_err 2>$@.said || { cat $@.said >&2; exit 1; }

$(BOOT)/shim/initrd.img: $(KERNEL)/version $(B)/initramfs/baton-shim $(wildcard initramfs/steps/*) \
  $(addprefix initramfs/,init udhcpc modules.list build-initrd cpio-image)
	@mkdir -p $(@D)
	@echo "  CPIO  $@"
	$(Q)initramfs/build-initrd $(KERNEL) $(B)/initramfs/baton-shim $@

$(BOOT)/%: /usr/lib/ipxe/%
	@mkdir -p $(@D)
	$(Q)cp -L $< $@

# The lab's pack: a folder for packs_dir, and its image for the test that boots the shim alone.
lab-pack: $(B)/lab/nvram.img
TEST_TOOLS += $(B)/lab/nvram.img
$(B)/lab/packs/nvram/nvram: tests/lab/nvram-tool/nvram.c tests/lab/nvram-tool/manifest
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(SHIM_CFLAGS) $(STATIC) -o $@ $<
	$(Q)cp tests/lab/nvram-tool/manifest $(@D)/manifest
$(B)/lab/nvram.img: $(B)/lab/packs/nvram/nvram initramfs/pack-image initramfs/cpio-image
	@mkdir -p $(@D)
	$(Q)initramfs/pack-image $(<D) $@

# What the unit test and the fuzzer of the shim need beside the archives.
SHIM_TESTED := $(addprefix $(B)/initramfs/,pack.o job.o http.o run.o smbios.o handover.o ibft.o front.o linux64.o inventory.o)
$(addprefix $(B)/tests/unit/,pack_test handover_test linux64_test inventory_test): $(SHIM_TESTED)
-include $(wildcard $(B)/initramfs/*.d)
