/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names that things have on the wire: MAC, UUID, IPv4 address, IQN, and Baton's own names.
 * Each has one parser and one printer; nothing else in Baton takes them apart. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NAME_LEN = 63,   /* of machines, personas, networks, pools */
	IQN_LEN = 223,   /* RFC 7143, 4.2.7.1 */
	SECRET_LEN = 64, /* CHAP user and secret */
	MAC_TEXT = 18,   /* "52:54:00:00:00:01" and its NUL */
	MAC_HEX = 13,    /* "525400000001" and its NUL */
	UUID_TEXT = 37,
	IP4_TEXT = 16,
	PCI_TEXT = 16,     /* "0000:00:03.0" */
	WWN_TEXT = 24,     /* "20:00:52:54:00:00:00:01" and its NUL */
	PIN_TEXT = 72,     /* "sha256:", 64 digits and a NUL: a certificate's fingerprint */
	RELAY_ID_LEN = 64, /* of a longer one nothing is known */
	RELAY_ID_TEXT = 2 + 2 * RELAY_ID_LEN + 1, /* "0x", its digits, NUL */
};

struct mac {
	uint8_t b[6];
};

/* A port's or a node's name on Fibre Channel. */
struct wwn {
	uint8_t b[8];
};

struct uuid {
	uint8_t b[16]; /* in the order of its text form */
};

/* Six pairs of hex digits with ':' or '-' between, or twelve digits; either case.
 * False leaves *ret alone. */
bool mac_parse(struct mac *ret, const char *text);
const char *mac_text(char to[MAC_TEXT], const struct mac *m); /* lower case, with ':' */
const char *mac_hex(char to[MAC_HEX], const struct mac *m);   /* twelve lower-case digits */
/* Two lower-case digits a byte, and a NUL: 2 * len + 1 characters. */
char *hex_text(char *to, const uint8_t *bytes, size_t len);
bool mac_equal(const struct mac *a, const struct mac *b);
bool mac_is_zero(const struct mac *m);
/* A unicast address that one host may hold: not zero, not a group address. */
bool mac_is_unicast(const struct mac *m);

/* Eight pairs of hex digits with ':' or '-' between, or sixteen digits, or those behind "0x";
 * either case. False leaves *ret alone. */
bool wwn_parse(struct wwn *ret, const char *text);
const char *wwn_text(char to[WWN_TEXT], const struct wwn *w); /* lower case, with ':' */
bool wwn_equal(const struct wwn *a, const struct wwn *b);
bool wwn_is_zero(const struct wwn *w);
/* One that a port or a node may have. Its first digit says what the rest is (NAA): 1 and 2 hold a
 * MAC, 5 a maker's number, 3 is anybody's to assign, c to f come of an EUI-64; 6 is only the half
 * of a longer name. Not a group's, by the bit that a MAC has for it. */
bool wwn_is_good(const struct wwn *w);
/* Good, and no maker's: 3, or a MAC or number in it that is locally administered. */
bool wwn_is_local(const struct wwn *w);

bool uuid_parse(struct uuid *ret, const char *text); /* the 36 characters, either case */
const char *uuid_text(char to[UUID_TEXT], const struct uuid *u);
bool uuid_is_zero(const struct uuid *u);
/* Equal in either byte order: SMBIOS stores the first three fields little-endian, and firmware
 * differs in whether it swaps them for option 97 (SMBIOS 2.6, 7.2.1). */
bool uuid_same_body(const struct uuid *a, const struct uuid *b);
/* The same for both byte orders of one UUID: what a hash is made of. */
struct uuid uuid_folded(const struct uuid *u);
/* False for what boards ship with whose maker has set none: zeros, ones, and counting bytes. */
bool uuid_names_one(const struct uuid *u);

/* A circuit-id or a remote-id: what a relay calls the port that a question came in by, or itself
 * (RFC 3046, 3.1 and 3.2). Any bytes. */
struct relay_id {
	uint8_t len; /* 0: none */
	uint8_t b[RELAY_ID_LEN];
};

/* Where a relay heard a question. */
struct relay_port {
	struct relay_id circuit, remote;
};

/* "Gi1/0/7", where all of it is printable ASCII but blank, comma, '%' and '=', and it does not
 * begin with "0x" or "0X"; else "0x" and two hex digits a byte. The parser takes both forms for 1
 * to 64 bytes, and false leaves *ret alone; of none the text is "". */
bool relay_id_parse(struct relay_id *ret, const char *text);
const char *relay_id_text(char to[RELAY_ID_TEXT], const struct relay_id *id);
bool relay_id_equal(const struct relay_id *a, const struct relay_id *b);
/* Whether what was seen is the port on record: a remote-id counts where it is on record. */
bool relay_port_is(const struct relay_port *seen, const struct relay_port *record);
/* Both are on record, and no question is of both. */
bool relay_ports_differ(const struct relay_port *a, const struct relay_port *b);

bool ip4_parse(uint32_t *ret, const char *text); /* host byte order */
const char *ip4_text(char to[IP4_TEXT], uint32_t addr);
/* "10.77.0.0/24": an address and a prefix length of 1 to 32. */
bool net4_parse(uint32_t *addr, unsigned *prefix, const char *text);
uint32_t net4_mask(unsigned prefix); /* host byte order */

/* 1 to 63 of a-z, 0-9 and '-', a letter or digit first: safe in a path, a URL, a host name. */
bool name_ok(const char *name);
/* "iqn.2026-01.org.example:web-01": RFC 7143's letters, digits, '.', '-' and ':', lower case. */
bool iqn_ok(const char *iqn);
/* A CHAP user or secret: 1 to 64 of letters, digits and . _ : + / = - so that it stands in an
 * iPXE script and in an iBFT unchanged. */
bool chap_word_ok(const char *word);
/* "0000:00:03.0", lower-case hex. */
bool pci_ok(const char *pci);
/* "sha256:" and 64 hex digits of either case, with or without ':' between the pairs; what is kept
 * is in lower case and without. False leaves to alone. */
bool pin_parse(char to[PIN_TEXT], const char *text);
