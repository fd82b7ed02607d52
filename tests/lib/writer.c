/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A persona's body at its disk: logs in and writes a growing number, 8 bytes at the beginning of
 * block 8, until it is thrown out; then it tries to log in once more.
 *   writer PORTAL TARGET LUN INITIATOR USER SECRET LOG [reserve|knock]
 * USER "" shows no account. LOG gets a line at a time: "in", "lost after N: ...", and "refused:
 * ..." or "in again". reserve: it registers first and reserves the disk for itself. knock: it does
 * not write; it tries to log in until the file LOG.enough is there: "in" for each time that it
 * could, then "knocked N". */
#include <iscsi/iscsi.h>
#include <iscsi/scsi-lowlevel.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 512, AT = 8, ATTENTION = 6, TRIES = 8 };

static const char *log_path;
static bool quiet;

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	va_list ap;
	FILE *f = fopen(log_path, "ae");
	if (!f)
		exit(2);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	fputc('\n', f);
	fclose(f);
}

static struct iscsi_context *log_in(char **argv, int lun)
{
	struct iscsi_context *ctx = iscsi_create_context(argv[4]);
	iscsi_set_targetname(ctx, argv[2]);
	iscsi_set_session_type(ctx, ISCSI_SESSION_NORMAL);
	if (*argv[5])
		iscsi_set_initiator_username_pwd(ctx, argv[5], argv[6]);
	iscsi_set_noautoreconnect(ctx, 1);
	if (iscsi_full_connect_sync(ctx, argv[1], lun) == 0)
		return ctx;
	if (!quiet)
		say("refused: %s", iscsi_get_error(ctx));
	iscsi_destroy_context(ctx);
	return NULL;
}

static int knock(char **argv, int lun)
{
	char enough[512];
	unsigned long n = 0;
	snprintf(enough, sizeof enough, "%s.enough", log_path);
	for (; access(enough, F_OK) < 0; n++) {
		struct iscsi_context *ctx = log_in(argv, lun);
		if (!ctx)
			continue;
		say("in");
		iscsi_destroy_context(ctx);
	}
	say("knocked %lu", n);
	return 0;
}

/* Good, past what a target tells of other initiators. */
static int good(struct scsi_task *task)
{
	int r = !task || task->status == SCSI_STATUS_ERROR ? -1
		: task->status == SCSI_STATUS_GOOD         ? 1
		: task->status == SCSI_STATUS_CHECK_CONDITION &&
				task->sense.key == (enum scsi_sense_key)ATTENTION
			? 0
			: -1;
	if (task)
		scsi_free_scsi_task(task);
	return r;
}

static void reserve(struct iscsi_context *ctx, int lun)
{
	struct scsi_persistent_reserve_out_basic p = { .service_action_reservation_key = 0x77 };
	int r = 0;
	for (int i = 0; i < TRIES && r == 0; i++)
		r = good(iscsi_persistent_reserve_out_sync(ctx, lun,
			SCSI_PERSISTENT_RESERVE_REGISTER, SCSI_PERSISTENT_RESERVE_SCOPE_LU, 0, &p));
	p = (struct scsi_persistent_reserve_out_basic){ .reservation_key = 0x77 };
	for (int i = 0; i < TRIES && r >= 0; i++)
		if ((r = good(iscsi_persistent_reserve_out_sync(ctx, lun,
			     SCSI_PERSISTENT_RESERVE_RESERVE, SCSI_PERSISTENT_RESERVE_SCOPE_LU,
			     SCSI_PERSISTENT_RESERVE_TYPE_WRITE_EXCLUSIVE_REGISTRANTS_ONLY, &p))) >
			0)
			break;
	say(r > 0 ? "reserved" : "not reserved");
}

int main(int argc, char **argv)
{
	unsigned char block[BLOCK] = { 0 };
	unsigned long long n = 0;
	if (argc < 8) {
		fprintf(stderr, "usage: writer PORTAL TARGET LUN INITIATOR USER SECRET LOG "
				"[reserve|knock]\n");
		return 2;
	}
	log_path = argv[7];
	int lun = atoi(argv[3]);
	quiet = argc > 8 && strcmp(argv[8], "knock") == 0;
	if (quiet)
		return knock(argv, lun);
	struct iscsi_context *ctx = log_in(argv, lun);
	if (!ctx)
		return 1;
	if (argc > 8)
		reserve(ctx, lun);
	say("in");
	int r = 0;
	while (r >= 0) {
		memcpy(block, &n, sizeof n);
		r = good(iscsi_write10_sync(ctx, lun, AT, block, BLOCK, BLOCK, 0, 0, 0, 0, 0));
		n += r > 0;
	}
	say("lost after %llu: %s", n, iscsi_get_error(ctx));
	iscsi_destroy_context(ctx);
	if (log_in(argv, lun))
		say("in again");
	return 0;
}
