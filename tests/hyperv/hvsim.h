/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the hvsim of the build tree for a test, with a client of its own.
 */
#pragma once

#include "hyperv/hyperv_host.h"

typedef struct Hvsim Hvsim;

/* extra: more arguments, NULL-terminated, or NULL. NULL with the reason
 * printed when it does not start. */
Hvsim *hvsim_start(gboolean tls, const char *const *extra);
/* Ends it and removes its folder. */
void hvsim_stop(Hvsim *sim);

/* Borrowed: opened on the first call. */
HypervHost *hvsim_host(Hvsim *sim);
WsmanClient *hvsim_client(Hvsim *sim);

/* The control socket: "GET", "/state". Caller frees the body. */
char *hvsim_control(Hvsim *sim, const char *method, const char *path, const char *body);
/* when=...,nth=...,do=... */
void hvsim_inject(Hvsim *sim, const char *spec);
void hvsim_clear_faults(Hvsim *sim);
