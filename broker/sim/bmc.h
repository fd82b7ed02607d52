/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One simulated BMC: what a person wants of it, and the parts that run in one loop. */
#pragma once
#include <uv.h>

#include "host/http.h"
#include "sim/cert.h"
#include "sim/ipmi.h"
#include "sim/machine.h"
#include "sim/redfish.h"

enum { PATH_TEXT = 240, HELD_MAX = 64, STREAMS_MAX = 8 };

/* What was typed. */
struct bmc_wants {
	const char *dir, *user, *secret_file, *vendor, *name;
	const char *redfish, *ipmi; /* ADDRESS:PORT, or NULL */
	const char *machine, *blade;
	const char *uuid, *serial;
	const char *mac[NICS_MAX], *wwpn[HBAS_MAX];
	unsigned macs, wwpns; /* given */
	unsigned nics, hbas;
	bool plain;
};

struct sim {
	const struct bmc_wants *wants;
	uv_loop_t loop;
	char machine_path[PATH_TEXT], name[64], secret[64];
	struct machine machine;
	struct tree *tree;
	struct redfish *redfish;
	struct cert cert;
	struct http_server *http;
	int http_fd;
	struct http_request *held[HELD_MAX]; /* what hangs, or is slow */
	unsigned long long held_until[HELD_MAX];
	struct listener {
		struct http_stream *stream; /* NULL: nobody */
	} listener[STREAMS_MAX];
	uv_timer_t timer, alive;
	uv_fs_event_t watch;
	uv_signal_t term, intr;
	struct ipmi *ipmi;
	uv_udp_t udp;
	unsigned pushes; /* events under way */
};

/* bmc.c: `baton-sim bmc ...` as a whole; the exit code. */
int bmc_main(int argc, char **argv);

/* After each request and packet: writes down what has changed, and sets the timer. */
void sim_after(struct sim *s);
/* Before each: the time, and faults that happen by themselves. */
void sim_before(struct sim *s);

/* bmc_web.c */
int web_open(struct sim *s, const char *at, struct err *e);
void web_close(struct sim *s);
/* Answers what is held and may go. Returns the ms to the next one; -1: nothing is held. */
long web_turn(struct sim *s);

/* bmc_push.c: ctx is the sim */
void push_event(void *ctx, const char *url, const char *id, const char *body);

/* bmc_stream.c: who reads events as a stream. */
void stream_open(struct sim *s, struct http_request *r, const char *type);
void streams_event(struct sim *s, const char *id, const char *body);
void streams_drop(struct sim *s); /* as with the sessions that they are read in */
bool streams_any(const struct sim *s);

/* bmc_udp.c */
int udp_open(struct sim *s, const char *at, struct err *e);
void udp_close(struct sim *s);

/* What nobody can guess. */
void random_fill(void *to, size_t len);
/* "127.0.0.1:8443", port 0 for any; -EINVAL. */
int address_parse(struct sockaddr_in *ret, const char *text, struct err *e);
