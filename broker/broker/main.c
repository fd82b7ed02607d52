/* SPDX-License-Identifier: GPL-3.0-or-later */
/* baton-broker -c FILE: knows what runs where and carries out what is wanted. Started by batond. */
#include <stdio.h>
#include <string.h>

#include "broker/server.h"
#include "host/log.h"

int main(int argc, char **argv)
{
	struct err e = { 0 };
	log_open("baton-broker");
	if (argc != 3 || strcmp(argv[1], "-c") != 0) {
		fprintf(stderr, "usage: baton-broker -c FILE (batond starts it)\n");
		return 2;
	}
	if (server_run(argv[2], &e) < 0) {
		fprintf(stderr, "<3>baton-broker: %s\n", e.text);
		return 1;
	}
	return 0;
}
