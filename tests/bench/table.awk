# SPDX-License-Identifier: GPL-3.0-or-later
# What dhcp.sh has measured, as the table of docs/bench.md: a row for each server and number of machines.
#   awk -f tests/bench/table.awk build/bench/dhcp
BEGIN {
	servers = split("baton echo kea_tuned kea kea_stock dnsmasq", server, " ")
	name["baton"] = "**baton-edge**"; name["echo"] = "bare echo"; name["kea_tuned"] = "Kea, tuned"
	name["kea"] = "Kea without its log"; name["kea_stock"] = "Kea"; name["dnsmasq"] = "dnsmasq"
	print "| machines | server | 1 at once, /s | 16, /s | 64, /s | p50 µs | p99 µs | CPU µs | MB |"
	print "|---|---|---|---|---|---|---|---|---|"
}

{
	if (!($1 in seen)) { seen[$1] = 1; size[++sizes] = $1 }
	rate[$1, $3, $2] = $4
	# Of 16 at once, or of one where that is all there is.
	if ($2 == 16 || !(($1, $3) in cpu)) { p50[$1, $3] = $5; p99[$1, $3] = $6; cpu[$1, $3] = $7; rss[$1, $3] = $9 }
}

# 20000 -> "20,000"; nothing for what was not measured
function grouped(v,   out) {
	if (v == "") return "–"
	v = sprintf("%d", v)
	while (length(v) > 3) { out = "," substr(v, length(v) - 2) out; v = substr(v, 1, length(v) - 3) }
	return v out
}

END {
	for (i = 1; i <= sizes; i++)
		for (j = 1; j <= servers; j++) {
			n = size[i]; s = server[j]
			if (!((n, s) in cpu)) continue
			printf "| %s | %s | %s | %s | %s | %s | %s | %s | %.1f |\n", grouped(n), name[s], grouped(rate[n, s, 1]),
				grouped(rate[n, s, 16]), grouped(rate[n, s, 64]), grouped(p50[n, s]), grouped(p99[n, s]),
				cpu[n, s] < 100 ? sprintf("%.1f", cpu[n, s]) : grouped(cpu[n, s]), rss[n, s]
		}
}
