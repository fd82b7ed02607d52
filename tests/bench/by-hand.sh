#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The double boot without Baton, as a person would build it: stock dnsmasq, a static web server, a small
# initrd that writes the address, and the script for the second boot put in the first one's place.
#   by-hand.sh DIR      prints `MARK MILLISECONDS` lines; the lab in DIR is made and ended
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
dir=$(realpath -m "$1")
lab=$top/tests/lab/lab.sh
bin=$top/build/${V:-dev}
mac=02:ba:70:00:00:01
PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=tests/bench/marks.bash
. "$here/marks.bash"

finish() {
	trap - EXIT
	marks_end
	[ -z "${servers:-}" ] || kill -- -"$servers" 2>/dev/null || true
	"$lab" down "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM

rm -rf "$dir"
LAB_OWNER=$$ LAB_PARTS="target blades" "$lab" up "$dir"
www=$dir/www
mkdir -p "$www" "$dir/initrd/bin" "$dir/initrd/dev" "$dir/initrd/proc" "$dir/initrd/sys"

# The initrd: busybox, the tool, and the two modules on the way to the NVRAM.
version=$(cat "$top/build/kernel/version")
cp /bin/busybox "$bin/lab/packs/nvram/nvram" "$dir/initrd/bin"
modules=$top/build/kernel/lib/modules/$version
for module in virtio_pci virtio_console; do
	# What it needs stands behind it in modules.dep, nearest first.
	sed -n "s|^\(.*/$module\.ko\): *\(.*\)|\2 \1|p" "$modules/modules.dep" | tr ' ' '\n' | awk 'NF' | {
		mapfile -t line
		for ((i = ${#line[@]} - 2; i >= 0; i--)); do echo "${line[i]}"; done
		echo "${line[-1]}"
	}
done | awk '!seen[$0]++' >"$dir/modules"
n=10
while read -r module; do
	cp "$modules/$module" "$dir/initrd/$n.ko"
	n=$((n + 1))
done <"$dir/modules"
cat >"$dir/initrd/init" <<END
#!/bin/busybox ash
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in /*.ko; do /bin/busybox insmod \$module; done
until /bin/nvram write 0000:00:03.0 $mac; do /bin/busybox sleep 0.1; done
/bin/busybox reboot -f
END
chmod +x "$dir/initrd/init"
(cd "$dir/initrd" && find . | cpio -o -H newc --quiet | gzip -1) >"$www/initrd.img"
cp "$top/build/kernel/vmlinuz" "$www/vmlinuz"
cat >"$www/boot.ipxe" <<END
#!ipxe
kernel http://10.77.0.1:8080/vmlinuz quiet console=ttyS0
initrd http://10.77.0.1:8080/initrd.img
boot
END
cat >"$www/persona.ipxe" <<END
#!ipxe
set initiator-iqn iqn.2026-01.org.example:web-01
set username baton
set password $(cat "$dir/secrets/san")
sanboot iscsi:10.77.0.1:::1:iqn.2026-01.org.example:disk.web-01
END
cat >"$dir/dnsmasq.conf" <<END
port=0
interface=mgmt0
bind-interfaces
dhcp-authoritative
dhcp-leasefile=/mnt/lab/leases
dhcp-range=10.77.0.100,10.77.0.199,1h
dhcp-match=set:ipxe,175
dhcp-option=175,b0:01:01
dhcp-boot=tag:ipxe,http://10.77.0.1:8080/boot.ipxe
dhcp-boot=tag:!ipxe,undionly.kpxe
enable-tftp
tftp-root=/mnt/lab/www
log-facility=-
END
cp /usr/lib/ipxe/undionly.kpxe "$www"

servers_run() {
	"$lab" enter "$dir" dnsmasq -k -u root -C /mnt/lab/dnsmasq.conf 2>&1 | while IFS= read -r line; do
		case $line in
		*"DHCPACK"*"${FACTORY}"*) mark dhcp-1 ;;
		*"DHCPACK"*"${mac}"*) mark "$(grep -q " dhcp-2\$" "$marks" && echo os-dhcp || echo dhcp-2)" ;;
		esac
	done &
	"$lab" enter "$dir" busybox httpd -f -v -p 10.77.0.1:8080 -h /mnt/lab/www 2>&1 | while IFS= read -r line; do
		case $line in
		*response:200*) mark "$(grep -q " reset\$" "$marks" && echo script-2 || echo script-1)" ;;
		esac
	done &
	wait
}
marks_begin
export -f servers_run
export FACTORY=52:54:00:aa:00:01 lab mac
setsid bash -c servers_run &
servers=$!
end=$((SECONDS + 10))
until "$lab" enter "$dir" sh -c 'grep -qi ":1F90 " /proc/net/tcp && grep -qi ":0043 " /proc/net/udp'; do
	[ $SECONDS -lt $end ] || { echo "bench: dnsmasq or the web server does not start" >&2; exit 1; }
done

"$lab" blade "$dir" blade-a boot pxe >/dev/null
"$lab" blade "$dir" blade-a power on >/dev/null
# For the second start; the first has used up its own.
"$lab" blade "$dir" blade-a boot pxe >/dev/null
wait_mark written 120
cp "$www/persona.ipxe" "$www/boot.ipxe"
wait_mark os-up 180
marks_print
