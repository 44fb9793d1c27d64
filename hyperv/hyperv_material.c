/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_material.h"

#include "hyperv/hyperv_metadata.h"

const char *hyperv_material_name(HypervMaterial kind)
{
    switch (kind) {
    case HYPERV_MATERIAL_PROTECTOR:
        return "a key protector";
    case HYPERV_MATERIAL_GUARDIAN_METADATA:
        return "guardian metadata";
    case HYPERV_MATERIAL_SHIELDING_DATA:
        return "shielding data";
    case HYPERV_MATERIAL_UNKNOWN:
        break;
    }
    return "a part of something";
}

/* What a piece is by itself; UNKNOWN: a part. Detection takes what begins like
 * a protector for one, so that its check can say what is wrong; here only what
 * passes the check counts. */
static HypervMaterial kind_of_piece(const HypervPiece *piece)
{
    HypervMaterial kind;

    if (hyperv_metadata_is_certificate(piece->data, piece->size))
        return HYPERV_MATERIAL_GUARDIAN_METADATA;
    kind = hyperv_material_detect(piece->data, piece->size);
    if (kind == HYPERV_MATERIAL_GUARDIAN_METADATA)
        return kind;
    if (kind == HYPERV_MATERIAL_PROTECTOR && hyperv_protector_check(piece->data, piece->size, NULL))
        return kind;
    return HYPERV_MATERIAL_UNKNOWN;
}

gboolean hyperv_material_sort(const HypervPiece *pieces, guint n_pieces, gboolean *whole, GError **error)
{
    HypervMaterial first = n_pieces > 0 ? kind_of_piece(&pieces[0]) : HYPERV_MATERIAL_UNKNOWN;

    for (guint i = 1; i < n_pieces; i++) {
        HypervMaterial kind = kind_of_piece(&pieces[i]);

        if (kind != first) {
            hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                             "key 1 is %s, but key %u is %s: kinds of key material cannot be mixed",
                             hyperv_material_name(first), i + 1, hyperv_material_name(kind));
            return FALSE;
        }
        if (kind == HYPERV_MATERIAL_PROTECTOR) {
            hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                             "keys 1 and %u are each a whole key protector: a machine has one", i + 1);
            return FALSE;
        }
    }
    *whole = n_pieces > 1 && first == HYPERV_MATERIAL_GUARDIAN_METADATA;
    return TRUE;
}

gboolean hyperv_material_kind(const guint8 *data, gsize size, HypervMaterial *kind, GError **error)
{
    *kind = hyperv_metadata_is_certificate(data, size) ? HYPERV_MATERIAL_GUARDIAN_METADATA
                                                       : hyperv_material_detect(data, size);
    if (*kind == HYPERV_MATERIAL_UNKNOWN && size > 0)
        *kind = HYPERV_MATERIAL_SHIELDING_DATA;
    if (*kind != HYPERV_MATERIAL_SHIELDING_DATA || size <= HYPERV_SHIELDING_MAX_SIZE)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_INVALID_PROTECTOR, 0,
                     "neither a key protector nor guardian metadata, and with %" G_GSIZE_FORMAT
                     " bytes too large for shielding data, of which a request takes %d",
                     size, HYPERV_SHIELDING_MAX_SIZE);
    return FALSE;
}
