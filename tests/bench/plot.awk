# SPDX-License-Identifier: GPL-3.0-or-later
# Draws what dhcp.sh has measured: exchanges a second and the 99th percentile over the number of known
# machines, both axes logarithmic.  awk -f tests/bench/plot.awk build/bench/dhcp >docs/bench-dhcp.svg
# A server's rate is its best with any number of questions at once; its 99th percentile is the one with
# 16, or with one where 16 were not measured.
function log10(x) { return log(x) / log(10) }

BEGIN {
	servers = split("echo baton kea_tuned kea_stock dnsmasq", server, " ")
	colour["echo"] = "#8a94a3"; colour["baton"] = "#c2410c"; colour["dnsmasq"] = "#0f766e"
	colour["kea_tuned"] = "#1d4ed8"; colour["kea_stock"] = "#7c3aed"
	name["echo"] = "bare echo"; name["baton"] = "baton-edge"; name["dnsmasq"] = "dnsmasq"
	name["kea_tuned"] = "Kea, tuned"; name["kea_stock"] = "Kea"
	width = 1040; height = 400; top = 84; bottom = 344; wide = 350
}

/^#/ { next }

{
	n = $1; k = $2; s = $3
	if (!(n in seen)) { seen[n] = 1; size[++sizes] = n }
	if ($4 > rate[s, n]) rate[s, n] = $4
	if (k == 16 && ($4 > at16[s, n])) { at16[s, n] = $4; late[s, n] = $6 }
	if (k == 1 && !((s, n) in at16) && !((s, n) in late)) late[s, n] = $6
}

function x_of(n) { return left + 22 + (log10(n) - log10(size[1])) / (log10(size[sizes]) - log10(size[1])) * (wide - 44) }

function y_of(v) { return bottom - (log10(v) - low) / (high - low) * (bottom - top) }

function text(x, y, size_px, anchor, fill, weight, words) {
	printf "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%d\" text-anchor=\"%s\" fill=\"%s\" font-weight=\"%s\">%s</text>\n",
		x, y, size_px, anchor, fill, weight, words
}

# 20000 -> "20,000"
function grouped(v,   out) {
	v = sprintf("%d", v)
	while (length(v) > 3) { out = "," substr(v, length(v) - 2) out; v = substr(v, 1, length(v) - 3) }
	return v out
}

# The decades that hold all values.
function decades(v,   i, j, d) {
	low = 9; high = -9
	for (j = 1; j <= servers; j++)
		for (i = 1; i <= sizes; i++) {
			if (v[server[j], size[i]] <= 0) continue
			d = log10(v[server[j], size[i]])
			if (d < low) low = d
			if (d > high) high = d
		}
	low = int(low); high = int(high) + 1
}

# One panel: its title, its values by (server, size), and by what they are divided.
function panel(at, title, scale, v,   d, i, j, s, n, path, y, last) {
	left = at
	decades(v)
	text(left, top - 24, 15, "start", "#1f2937", "600", title)
	for (d = low; d <= high; d++) {
		y = y_of(10 ^ d)
		printf "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#e5e7eb\"/>\n", left, left + wide, y, y
		text(left - 8, y + 4, 11, "end", "#6b7280", "400", 10 ^ d >= scale ? grouped(10 ^ d / scale) : 10 ^ d / scale)
	}
	for (i = 1; i <= sizes; i++) {
		printf "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#9ca3af\"/>\n", x_of(size[i]), x_of(size[i]), bottom, bottom + 4
		text(x_of(size[i]), bottom + 19, 10, "middle", "#6b7280", "400", grouped(size[i]))
	}
	text(left + wide / 2, bottom + 40, 12, "middle", "#374151", "400", "known machines")
	for (j = 1; j <= servers; j++) {
		s = server[j]; path = ""; last = 0
		for (i = 1; i <= sizes; i++) {
			n = size[i]
			if (v[s, n] <= 0) continue
			path = path (path == "" ? "M" : "L") sprintf("%.1f %.1f", x_of(n), y_of(v[s, n]))
			last = n
		}
		if (!last) continue
		printf "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-linejoin=\"round\"%s/>\n", path, colour[s],
			s == "baton" ? 3 : 2, s == "echo" ? " stroke-dasharray=\"5 4\"" : ""
		for (i = 1; i <= sizes; i++)
			if (v[s, size[i]] > 0)
				printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" fill=\"%s\" stroke=\"#ffffff\" stroke-width=\"1.5\"/>\n",
					x_of(size[i]), y_of(v[s, size[i]]), s == "baton" ? 5 : 4, colour[s]
		end_y[s] = y_of(v[s, last]); end_x[s] = x_of(last)
	}
	labels()
}

# Each line's name stands at its end, moved apart where two would touch.
function labels(   i, j, s, t, order, n) {
	n = 0
	for (j = 1; j <= servers; j++)
		if (server[j] in end_y) order[++n] = server[j]
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && end_y[order[j]] < end_y[order[j - 1]]; j--) {
			t = order[j]; order[j] = order[j - 1]; order[j - 1] = t
		}
	for (i = 2; i <= n; i++)
		if (end_x[order[i]] == end_x[order[i - 1]] && end_y[order[i]] < end_y[order[i - 1]] + 15)
			end_y[order[i]] = end_y[order[i - 1]] + 15
	for (i = 1; i <= n; i++) {
		s = order[i]
		text(end_x[s] + 11, end_y[s] + 4, 12, "start", colour[s], s == "baton" ? "700" : "500", name[s])
	}
	delete end_y
	delete end_x
}

END {
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"DHCP exchanges a second and 99th percentile over the number of known machines\" font-family=\"system-ui, 'DejaVu Sans', sans-serif\">\n", width, height, width, height
	printf "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#ffffff\"/>\n", width, height
	text(64, 30, 17, "start", "#111827", "700", "DHCP: what a server that knows many machines can answer")
	panel(76, "exchanges a second", 1, rate)
	panel(588, "99th percentile of an exchange, ms", 1000, late)
	print "</svg>"
}
