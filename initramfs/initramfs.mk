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

# The lab's packs: folders for packs_dir, and their images for the test that boots the shim alone.
# Those for HBAs and the board lie apart, since a lab has them only where its blades have an HBA.
LAB_PACKS := $(addprefix $(B)/lab/,nvram.img nvram-fc.img nvram-board.img)
lab-pack: $(LAB_PACKS)
TEST_TOOLS += $(LAB_PACKS)
$(B)/lab/tool: tests/lab/nvram-tool/nvram.c
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(CC) $(SHIM_CFLAGS) $(STATIC) -o $@ $<
define lab_pack
$(B)/lab/$(1).img: $(B)/lab/tool tests/lab/$(3)/manifest initramfs/pack-image initramfs/cpio-image
	@mkdir -p $(B)/lab/$(2)/$(1)
	$$(Q)cp $(B)/lab/tool $(B)/lab/$(2)/$(1)/nvram
	$$(Q)cp tests/lab/$(3)/manifest $(B)/lab/$(2)/$(1)/manifest
	$$(Q)initramfs/pack-image $(B)/lab/$(2)/$(1) $$@
endef
$(eval $(call lab_pack,nvram,packs,nvram-tool))
$(eval $(call lab_pack,nvram-fc,packs-fc,nvram-fc))
$(eval $(call lab_pack,nvram-board,packs-fc,nvram-board))

# What the unit test and the fuzzer of the shim need beside the archives.
SHIM_TESTED := $(addprefix $(B)/initramfs/,pack.o pack_args.o job.o job_match.o back.o board.o cards.o hba.o hbas.o sysfs.o tool.o http.o run.o smbios.o handover.o ibft.o front.o linux64.o inventory.o)
$(addprefix $(B)/tests/unit/,pack_test packs_test hba_test handover_test linux64_test inventory_test): $(SHIM_TESTED)
-include $(wildcard $(B)/initramfs/*.d)
