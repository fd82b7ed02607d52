/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets for whole Ethernet frames on one interface. Each hears, by a filter in the kernel, what
 * it is for and nothing else; all can send. */
#pragma once
#include "base/err.h"

/* Hears nothing: for answers to machines that have no address yet. */
int frames_open_raw(const char *interface, struct err *e);
/* IPv6 router solicitations and what DHCPv6 clients say; needs no IPv6 of ours. */
int frames_open_v6(const char *interface, struct err *e);
/* What DHCP servers say to clients, ourselves left out. */
int frames_open_heard(const char *interface, struct err *e);
