/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the files of the store share, and nobody else includes: a question to SQLite with its
 * arguments and columns, a transaction with a scope, and who holds which address. */
#pragma once
#include <sqlite3.h>
#include <stdbool.h>

#include "base/list.h"
#include "base/own.h"
#include "store/schema.h"
#include "store/seal.h"
#include "store/store.h"

struct store {
	sqlite3 *db;
	unsigned depth; /* of nested transactions */
	char path[256]; /* for sentences */
	uint8_t key[SEAL_KEY];
};

static inline void store_drop(struct store **s)
{
	store_close(*s);
}

/* A value for one `?` of a statement. Text is borrowed until the statement has ended. */
struct arg {
	enum { ARG_NULL, ARG_TEXT, ARG_INT, ARG_REAL, ARG_BLOB } kind;
	int64_t i;
	double d;
	const void *bytes;
	int len;
	char mac[WWN_TEXT]; /* a MAC or a WWN */
};
struct arg in_text(const char *text);
struct arg in_name(const char *text); /* "" becomes NULL: a reference to nothing */
struct arg in_int(int64_t i);
struct arg in_addr(uint32_t addr); /* 0 becomes NULL */
struct arg in_real(double d);
struct arg in_blob(const void *bytes, size_t len);
struct arg in_mac(const struct mac *m); /* as text; zero becomes NULL */
struct arg in_wwn(const struct wwn *w); /* likewise */

/* One question and its answer. Columns are read in order; the first that does not fit sticks in
 * ->bad, and query_next() turns it into an error. */
struct query {
	struct store *s;
	sqlite3_stmt *stmt;
	int rc; /* SQLite's, of preparing */
	int col;
	bool bad;
	char shut[NAME_LEN + 32]; /* what could not be unsealed: "chap_secret of web-01" */
};
struct query query_of(struct store *s, const char *sql, const struct arg *arg, size_t n);
#define QUERY(s, sql, ...)                                                                         \
	query_of(s, sql, (const struct arg[]){ __VA_ARGS__ },                                      \
		COUNT(((const struct arg[]){ __VA_ARGS__ })))
/* 1: a row stands, 0: no more, or -errno. */
int query_next(struct query *q, struct err *e);
void query_drop(struct query *q);

void col_text(struct query *q, char *to, size_t size); /* NULL gives "" */
int64_t col_int(struct query *q, int64_t min, int64_t max);
uint32_t col_u32(struct query *q); /* NULL gives 0 */
uint64_t col_u64(struct query *q);
double col_real(struct query *q);
bool col_bool(struct query *q);
void col_blob(struct query *q, void *to, size_t len);
void col_mac(struct query *q, struct mac *to); /* NULL gives zero */
void col_wwn(struct query *q, struct wwn *to);

/* A secret of at most SECRET_LEN bytes as it lies in a column; nothing stays nothing. */
struct sealed {
	uint8_t bytes[SEAL_MORE + SECRET_LEN];
	size_t len;
};
int sealed_make(struct sealed *ret, struct store *s, const struct seal_at *at, const void *clear,
	size_t len, struct err *e);
struct arg in_sealed(const struct sealed *sealed);
void col_sealed(struct query *q, const struct seal_at *at, char *to, size_t size);

/* 1: the file's check value opens, 0: it has none, -EKEYREJECTED: it was made with another key. */
int key_prove(struct store *s, struct err *e);
/* Version 3: seals what older files have in clear, and makes the check value. */
int clear_text_seal(struct store *s, struct err *e);
/* Then nothing of it may be left in the file's free space, after a crash in between neither. */
int clear_text_forget(struct store *s, struct err *e);

/* A statement without an answer. */
int run_of(struct store *s, struct err *e, const char *sql, const struct arg *arg, size_t n);
#define RUN(s, e, sql, ...)                                                                        \
	run_of(s, e, sql, (const struct arg[]){ __VA_ARGS__ },                                     \
		COUNT(((const struct arg[]){ __VA_ARGS__ })))
/* Turns what SQLite says into -errno and a sentence. */
int db_err(struct store *s, int rc, struct err *e);

/* Every row of q as an array of `size`-byte structs, each filled by row() over zeroes. *ret_list is
 * a pointer to such a struct, malloc'ed and the caller's; NULL when there is no row. */
int list_of(struct query *q, size_t size, void (*row)(struct query *q, void *to), void *ret_list,
	size_t *ret_n, struct err *e);
/* The first row of q in *ret: 1, 0 when there is none, or -errno. */
int one_of(struct query *q, void (*row)(struct query *q, void *to), void *ret, struct err *e);

static inline void list_drop(void *list)
{
	free(*(void **)list);
}

/* A transaction that is rolled back when its scope ends, unless tx_commit() took it:
 *	OWN(tx) struct store *tx = NULL; */
int tx_begin(struct store **tx, struct store *s, struct err *e);
int tx_commit(struct store **tx, struct err *e);
static inline void tx_drop(struct store **tx)
{
	if (*tx)
		store_rollback(*tx);
}

/* What every name must be; `what` is the kind: "machine". */
int name_check(const char *what, const char *name, struct err *e);
/* Printable ASCII without blanks, or "". */
bool word_ok(const char *word);

/* -EEXIST with the holder's name when some machine or persona has this MAC. */
int mac_free(struct store *s, const struct mac *m, struct err *e);
/* Writes down for ever that a MAC or an initiator name has been somebody's. */
int mac_note(struct store *s, const struct mac *m, const char *who, struct err *e);
int iqn_note(struct store *s, const char *iqn, const char *who, struct err *e);
/* The next one of the first pool that has one left; noted. -EDQUOT when there is none. */
int mac_draw(struct store *s, struct mac *ret, const char *who, struct err *e);
int iqn_draw(struct store *s, char ret[IQN_LEN + 1], const char *who, struct err *e);
int wwn_draw(struct store *s, struct wwn *ret, const char *who, struct err *e);
int wwn_note(struct store *s, const struct wwn *w, const char *who, struct err *e);
/* -EEXIST with the holder's name when a machine or persona but this one has it, as a WWPN or WWNN.
 */
int wwn_free(
	struct store *s, const struct wwn *w, const char *kind, const char *name, struct err *e);

/* HBAs of n machines or personas in order of name, those with from <= name <= to; the checks say
 * -EINVAL or -EEXIST, and what is written was checked. hbas_write() fills what a persona left to
 * the pools. */
int machine_hbas_read(struct store *s, const char *from, const char *to, struct machine *all,
	size_t n, struct err *e);
int machine_hbas_check(const struct machine *m, struct err *e);
int machine_hbas_write(struct store *s, const struct machine *m, struct err *e);
int persona_hbas_read(struct store *s, const char *from, const char *to, struct persona *all,
	size_t n, struct err *e);
int persona_hbas_check(const struct persona *p, struct err *e);
int persona_hbas_write(struct store *s, struct persona *p, struct err *e);

static inline bool network_has(const struct network *n, uint32_t addr)
{
	return ((addr ^ n->addr) & net4_mask(n->prefix)) == 0;
}

/* The place of one NIC in its network. */
struct seat {
	const char *network; /* "": on none, and *addr must be 0 */
	uint32_t *addr;      /* 0: draw one from the network's pool, where Baton gives addresses */
};
/* Checks the addresses that are written out, draws the others. seats <= NICS_MAX. */
int seats_fill(struct store *s, struct seat *seat, unsigned seats, struct err *e);

/* The name of a persona is part of its CHAP users: "web-01.4294967295.t". */
enum { FENCED_NAME_LEN = SECRET_LEN - 13 };
/* Makes and keeps the secrets of a generation, over those of the one before; *ret may be NULL. */
int chap_make(struct store *s, const struct persona *p, uint32_t generation, struct chap *ret,
	struct err *e);
/* Of the persona's newest secret; 0: it has none. */
int chap_generation(struct store *s, const char *persona, uint32_t *ret, struct err *e);

/* A number that no binding and no secret has had. */
int generation_next(struct store *s, uint32_t *ret, struct err *e);
/* -ESTALE, with what is so now, unless the persona's binding is b's machine and generation. */
int binding_is(struct store *s, const struct binding *b, struct err *e);
/* The same, after a statement that asked for them and may have found nothing. */
int swap_check(struct store *s, const struct binding *b, struct err *e);

/* -EBUSY when the machine is stale because of another persona; when some machine is because of the
 * persona. */
int stale_free(struct store *s, const char *machine, const char *persona, struct err *e);
int stale_none_of(struct store *s, const char *persona, struct err *e);

/* -EEXIST with the holder's name when another machine has this relay port, which then tells
 * neither; none is free. */
int relay_port_free(
	struct store *s, const char *machine, const struct relay_port *port, struct err *e);
/* -EEXIST with the holder's name when some NIC has this switch port; "" is free. */
int port_free(struct store *s, const char *port, struct err *e);
/* -EBUSY when a port of the machine is other than open by our doing. */
int ports_free_of(struct store *s, const char *machine, struct err *e);

/* What an OS is told of its persona: servers, domain, MTU, routes. Reads into n personas in order
 * of name, those with from <= name <= to; writes for one whose NICs are written. */
int told_read(struct store *s, const char *from, const char *to, struct persona *all, size_t n,
	struct err *e);
int told_check(const struct persona *p, struct err *e);
int told_write(struct store *s, const struct persona *p, struct err *e);

/* Arch, firmware, memory and CPUs, four columns; labels have a table of their own. */
void col_traits(struct query *q, struct traits *to);
/* The labels of n things of `size` bytes in order of name, those with from <= name <= to; each
 * begins with its name and has its traits at `at`. */
struct labelled {
	const char *table, *owner; /* "machine_label", "machine" */
	size_t size, at;
};
int labels_read(struct store *s, const struct labelled *of, const char *from, const char *to,
	void *all, size_t n, struct err *e);
int labels_write(struct store *s, const struct labelled *of, const char *name,
	const struct traits *t, struct err *e);
/* -EINVAL with a sentence that begins with `what` and the name. */
int traits_check(const char *what, const char *name, const struct traits *t, struct err *e);

/* -EBUSY when an order that is not done names this persona or machine; NULL where none is meant.
 * `but` is an order that does not count, or 0. */
int order_free(
	struct store *s, const char *persona, const char *machine, uint64_t but, struct err *e);
