#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the lab's persona: a Debian 12 whose root is on the LUN it boots from, by BIOS (syslinux) and
# by UEFI (systemd-boot). Nothing is mounted, and apt is asked for the sources it already uses.
#   persona.sh IMAGE MAC HOSTNAME
# Made again only when this script or the files of persona/ have changed.
set -eu
umask 022
[ $# = 3 ] || { echo "usage: persona.sh IMAGE MAC HOSTNAME" >&2; exit 64; }
image=$1 mac=$2 host=$3
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

stamp=$({ echo "$mac $host"; cat "$0"; cd "$here/persona" && find . -type f -print0 | sort -z | xargs -0 sha256sum; } |
	sha256sum | cut -d' ' -f1)
if [ -f "$image" ] && [ "$(cat "$image.stamp" 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi
mkdir -p "$(dirname "$image")"
exec 9>"$image.lock"
flock 9
if [ -f "$image" ] && [ "$(cat "$image.stamp" 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi
rm -f "$image" "$image.stamp"

work=$(mktemp -d "$image.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The host's own Debian 12 sources, as apt knows them: mirrors and proxies are the host's business.
# shellcheck disable=SC2016
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
	'Created-By: Packages' 'Origin: Debian' | grep -E ' (bookworm|stable|oldstable)' | sort -u >"$work/sources" || true
if ! [ -s "$work/sources" ]; then
	echo "persona: apt has no list of Debian 12 packages; run \`apt-get update\` first" >&2
	exit 1
fi
while read -r line; do
	proxy+=("--aptopt=$line")
done < <(apt-config dump | grep -E '^Acquire::https?::Proxy' || true)

cp -R "$here/persona" "$work/files"
sed -i "s/@MAC@/$mac/" "$work/files/etc/systemd/network/10-lan0.link"
echo "$host" >"$work/files/etc/hostname"
printf '127.0.0.1 localhost %s\n' "$host" >"$work/files/etc/hosts"

# Documentation and the drivers of things that no server has stay out: they would be half of the image.
drop=()
for path in usr/share/{doc,man,info,locale,lintian,bug} \
	lib/modules/*/kernel/{sound,net/{wireless,mac80211,bluetooth,nfc,can},drivers/{gpu,media,staging,iio,infiniband,isdn,comedi,bluetooth,usb,hid,mtd}} \
	lib/modules/*/kernel/drivers/net/{wireless,can,wwan,hamradio,ieee802154} \
	lib/modules/*/kernel/fs/{btrfs,xfs,ocfs2,gfs2,ceph,cifs,smb,nfs,nfsd,afs,orangefs,reiserfs,jfs,f2fs,ubifs,udf,ntfs3}; do
	drop+=("--dpkgopt=path-exclude=/$path/*")
done

mmdebstrap --quiet --mode=root --variant=minbase --format=directory \
	--include=linux-image-amd64,systemd-sysv,udev,dbus,open-iscsi,iproute2,initramfs-tools,zstd,kmod \
	--keyring=/usr/share/keyrings ${proxy+"${proxy[@]}"} "${drop[@]}" \
	--dpkgopt=force-confold --aptopt='APT::Install-Recommends "false"' \
	--essential-hook="cp -R $work/files/. \"\$1\"" \
	--customize-hook="chroot \"\$1\" systemctl --quiet enable systemd-networkd baton-facts baton-agent" \
	--customize-hook="chroot \"\$1\" systemctl --quiet mask systemd-networkd-wait-online open-iscsi iscsid iscsid.socket \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap fstrim.timer \
		systemd-pstore systemd-binfmt systemd-update-utmp systemd-update-utmp-runlevel systemd-journal-flush \
		getty@tty1 systemd-sysctl systemd-random-seed systemd-network-generator dev-hugepages.mount dev-mqueue.mount \
		sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount" \
	--customize-hook="chroot \"\$1\" systemctl --quiet set-default multi-user.target" \
	bookworm "$work/root" - <"$work/sources" >&2

root=$work/root
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
chmod 444 "$root/etc/machine-id"
mkdir -p "$root/var/lib/baton-lab"
kernel=$(echo "$root"/boot/vmlinuz-*)
initrd=$(echo "$root"/boot/initrd.img-*)
words="root=LABEL=persona rootfstype=ext4 ro ip=off console=ttyS0,115200 quiet net.ifnames=0 fsck.mode=skip"
words="$words systemd.show_status=false random.trust_cpu=on mitigations=off audit=0 nowatchdog"

# The ESP: one kernel and one initrd for both firmwares.
truncate -s 63M "$work/esp.img"
mkfs.vfat -n PERSONA-ESP "$work/esp.img" >/dev/null
cat >"$work/loader.conf" <<END
default persona.conf
timeout 0
END
cat >"$work/persona.conf" <<END
title Persona $host
linux /vmlinuz
initrd /initrd.img
options $words
END
cat >"$work/syslinux.cfg" <<END
DEFAULT persona
PROMPT 0
TIMEOUT 0
LABEL persona
	LINUX /vmlinuz
	INITRD /initrd.img
	APPEND $words
END
export MTOOLS_SKIP_CHECK=1
mmd -i "$work/esp.img" ::/EFI ::/EFI/BOOT ::/loader ::/loader/entries ::/syslinux
mcopy -i "$work/esp.img" "$kernel" ::/vmlinuz
mcopy -i "$work/esp.img" "$initrd" ::/initrd.img
mcopy -i "$work/esp.img" /usr/lib/systemd/boot/efi/systemd-bootx64.efi ::/EFI/BOOT/BOOTX64.EFI
mcopy -i "$work/esp.img" "$work/loader.conf" ::/loader/loader.conf
mcopy -i "$work/esp.img" "$work/persona.conf" ::/loader/entries/persona.conf
mcopy -i "$work/esp.img" "$work/syslinux.cfg" ::/syslinux/syslinux.cfg
syslinux --install --directory syslinux "$work/esp.img"

rm -rf "${root:?}"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
mke2fs -q -t ext4 -L persona -d "$root" "$work/root.ext4" 640M >/dev/null

truncate -s 705M "$work/disk.img"
sfdisk --quiet "$work/disk.img" <<END
label: gpt
start=1MiB, size=63MiB, type=uefi, name=esp, attrs=LegacyBIOSBootable
start=64MiB, size=640MiB, type=linux, name=root
END
dd if=/usr/lib/syslinux/mbr/gptmbr.bin of="$work/disk.img" bs=440 count=1 conv=notrunc status=none
dd if="$work/esp.img" of="$work/disk.img" bs=1M seek=1 conv=notrunc,sparse status=none
dd if="$work/root.ext4" of="$work/disk.img" bs=1M seek=64 conv=notrunc,sparse status=none
mv "$work/disk.img" "$image"
echo "$stamp" >"$image.stamp"
