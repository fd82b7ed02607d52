/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of batond have in common: its children, its hands, and when they may start. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "warden/site.h"
#include "warden/sockets.h"

enum { EDGE, FILES, BROKER, CHILDREN };
enum { HANDS_MAX = 256, DEADLINE_MAX_MS = 3600000 };

struct warden;

/* One of the three programs that always run. */
struct child {
	struct warden *warden;
	const char *program;
	pid_t pid; /* 0: not running */
	uint64_t begun_ms;
	unsigned deaths;  /* one soon after the other */
	unsigned wait_ms; /* before the next start */
	bool due;         /* its back-off is over, it waits for hands to end */
	uv_timer_t timer;
};

struct hand {
	struct warden *warden;
	struct hand *next;
	uint64_t id;
	pid_t pid;
	bool late; /* its deadline has passed and it was killed */
	uv_timer_t timer;
	int tgt; /* it asks for connections to tgtd there; -1: it may have none */
	uv_poll_t *tgt_poll;
};

struct warden {
	uv_loop_t *loop;
	struct site site;
	struct sockets sockets;
	int table, boot, packs, alive;       /* folders; the lock */
	int crashes, box[FILES + 1];         /* folder; host/box.h, of edge and of files */
	int leases[2];                       /* both -1: could not be opened */
	int edge_events[2], files_events[2]; /* [0] the child's end, [1] the broker's */
	int control;                         /* our end, while a broker runs; else -1 */
	uv_poll_t *control_poll;
	struct child child[CHILDREN];
	struct hand *hands;
	unsigned hand_count;
	bool stopping;
};

/* warden/children.c */
void children_init(struct warden *w);
/* Starts all three. False, with a sentence on stderr, when one cannot be. */
bool children_start(struct warden *w);
/* True when pid was one of them; it is started again after its back-off, unless stopping. */
bool child_ended(struct warden *w, pid_t pid, int status);
/* The last hand has gone: a broker that waited for that may start. */
void children_hands_gone(struct warden *w);
void children_signal(struct warden *w, int number);
unsigned children_running(const struct warden *w);
void children_fini(struct warden *w);

/* warden/crash.c */
/* A box for each jailed child, and the folder where what was in one is kept. */
int crash_open(struct warden *w, struct err *e);
/* A child has ended, by this signal or by itself (0): its box is emptied, and where the fault was
 * its own, what was in it becomes a file and the broker is told. */
void crash_note(struct child *c, int number);

/* warden/hands.c */
/* Serves the broker's requests on a new control channel; *theirs is the broker's end. */
int hands_open(struct warden *w, int *theirs, struct err *e);
/* The broker has gone: its channel is closed, what it asked for is forgotten, every hand killed. */
void hands_close(struct warden *w);
bool hand_ended(struct warden *w, pid_t pid, int status);
/* One line to the broker; dropped when there is none. */
void control_say(struct warden *w, const char *line);

/* warden/target.c */
/* Lets the hand ask for connections to tgtd (setting tgt_control); *theirs is its end. */
int target_open(struct hand *h, int *theirs, struct err *e);
void target_close(struct hand *h);
