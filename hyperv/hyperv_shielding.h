/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shielding data (PDK): a key protector, a security policy, and what else a
 * tenant gives along for the first start. The host alone can read them
 * (root/msps, Msps_ProvisioningFileProcessor).
 */
#pragma once

#include "hyperv/hyperv_host.h"

typedef struct {
    GBytes *protector;       /* framed; wiped when it is freed */
    GBytes *policy;          /* or NULL: none in it */
    WsmanInstance *instance; /* Msps_PDK, as the host gave it */
} HypervShielding;

void hyperv_shielding_free(HypervShielding *shielding);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervShielding, hyperv_shielding_free)

/*
 * PopulateFromStream, one request; no file on the host. The protector in it is
 * not checked.
 * HYPERV_ERROR_NO_FEATURE: the host lacks root/msps. HYPERV_ERROR_INVALID_PROTECTOR:
 * the host cannot read it, or finds specialization data.
 */
HypervShielding *hyperv_shielding_read(HypervHost *host, const guint8 *data, gsize size, GCancellable *cancellable,
                                       GError **error);

/* Whether a host can read any; one request. HYPERV_ERROR_NO_FEATURE, or the
 * error of asking. */
gboolean hyperv_shielding_require(HypervHost *host, GCancellable *cancellable, GError **error);

/* A copy that is wiped when it is freed. */
GBytes *hyperv_secret_bytes(gconstpointer data, gsize size);
