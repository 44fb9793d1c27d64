/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A getaddrinfo() for a test's process that says nothing of one name until it
 * is let go: a name server that does not answer.
 */
#pragma once

#include <gio/gio.h>

#define SLOW_HOST "slow.invalid"

/* Begins a thread that cancels when SLOW_HOST is asked for. */
GThread *slow_resolver_cancel_when_asked(GCancellable *cancellable);

/* Whether SLOW_HOST was asked for, once, and nothing was said of it so far. Lets
 * go then, and waits until who asked has an answer. */
gboolean slow_resolver_was_silent(void);
