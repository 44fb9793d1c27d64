/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parameters of a method, out of the XML of a request, by the schema's types.
 */
#pragma once

#include <libxml/tree.h>

#include "sim/wire_fault.h"
#include "sim/wire_write.h"

#define WIRE_MAX_ARRAY_ITEMS 65536

/* Reads the children of <Method_INPUT>, which are in the namespace uri. A new
 * table as sim_values_new makes it, with the names in the schema's spelling;
 * NULL with the fault set. Parameters left out are not in it. */
GHashTable *wire_read_input(const Schema *schema, const SchemaMethod *method, const char *uri, const xmlNode *input,
                            WireBytes bytes, WireFault **fault);
/* Checks a path's class and the names of its keys against the schema; the
 * fault is w:InvalidSelectors for a name that is not a key. */
gboolean wire_check_path(const Schema *schema, const CimPath *path, WireFault **fault);
