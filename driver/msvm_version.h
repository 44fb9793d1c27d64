/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A driver table has no version of its own: its layout differs from one
 * libvirt to the next, so a module may only serve the one it was built for.
 */
#pragma once

/* "9.0.0" as virGetVersion() counts: 9000000. 0 when it is no version. */
unsigned long msvmVersionParse(const char *text);

/* 0 when the running libvirt is of the version that the module was built for;
 * else -1 with an error that names both. */
int msvmVersionCheck(unsigned long running);
