/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the client has to know of a query. wsman_wql_quote() is in
 * wsman_client.h.
 */
#pragma once

#include <glib.h>

/* The class after "from", or that of the object in "associators of {...}"
 * and "references of {...}"; "?" when it cannot be told. Caller frees. */
char *wsman_wql_class(const char *query);
