/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key material in pieces: which kind it is, told from its content.
 *
 *   one piece             a key protector, guardian metadata, or shielding data
 *   several, each whole   guardian metadata: one guardian a piece
 *   several, none whole   the parts of one protector, document or PDK, in order
 *   anything else         mixed, and refused
 *
 * What shielding data are is not published: whatever is none of the others is
 * taken for them, and the host says whether it is.
 */
#pragma once

#include "hyperv/hyperv_protector.h"

/* What is sent to a host in one request has to fit into its envelope, which
 * has 500 KiB by default; this much has 342 KiB there. PopulateFromStream is
 * documented as possibly unfit for large files, too. */
#define HYPERV_SHIELDING_MAX_SIZE (256 * 1024)

typedef struct {
    const guint8 *data; /* borrowed */
    gsize size;
} HypervPiece;

/* FALSE with HYPERV_ERROR_INVALID_PROTECTOR where the pieces are of several
 * kinds. *whole: each piece stands for itself; else they are to be joined, and
 * *kind is not known before that (HYPERV_MATERIAL_UNKNOWN). */
gboolean hyperv_material_sort(const HypervPiece *pieces, guint n_pieces, gboolean *whole, GError **error);

/* The kind of joined pieces, certificates included, as hyperv_material_detect()
 * tells it. Shielding data are bounded here: HYPERV_ERROR_INVALID_PROTECTOR. */
gboolean hyperv_material_kind(const guint8 *data, gsize size, HypervMaterial *kind, GError **error);

/* "a key protector" ...: for messages. */
const char *hyperv_material_name(HypervMaterial kind);
