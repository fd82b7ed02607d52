/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The broker as a whole: opens what it was given, resumes, serves, ends. */
#pragma once
#include "base/err.h"

/* Serves until SIGTERM or until the warden is gone: 0. -errno when it could not begin. */
int server_run(const char *conf_path, struct err *e);
