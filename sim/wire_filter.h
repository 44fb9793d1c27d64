/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an enumeration selects: a whole class, or a filter in the WQL, the
 * association (DSP0227 8.2) or the selector dialect (DSP0226 annex E).
 */
#pragma once

#include "sim/host.h"
#include "sim/wire_request.h"

typedef struct {
    GPtrArray *objects; /* of CimObject */
    char **names;       /* of a projection, else NULL */
} WireSelection;

void wire_selection_clear(WireSelection *selection);

/* filter: the w:Filter or n:Filter element, or NULL. *text: for the log, what
 * was asked (caller frees). FALSE with the fault set. */
gboolean wire_filter_run(SimHost *host, const WireRequest *request, const xmlNode *filter, WireSelection *selection,
                         char **text, WireFault **fault);
