/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guardians: those that a host knows (MSFT_HgsGuardian), and those that a key
 * protector is wrapped for (MS-KPS, Wrapping).
 */
#pragma once

#include "hyperv/hyperv_certificate.h"
#include "hyperv/hyperv_host.h"

/* A guardian that a host knows. */
typedef struct {
    char *name;
    gboolean has_private_key;      /* HasPrivateSigningKey: the only hint that there is of its keys */
    HypervCertificate *signing;    /* NULL when the host gave none that can be read */
    HypervCertificate *encryption; /* likewise */
    WsmanInstance *instance;       /* as read, for methods that take a guardian */
} HypervGuardian;

void hyperv_guardian_free(HypervGuardian *guardian);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HypervGuardian, hyperv_guardian_free)

/* From what the host gave. */
HypervGuardian *hyperv_guardian_new(WsmanInstance *instance);

/* Array of HypervGuardian, one query. Empty where the host has no such class;
 * NULL with the error set. */
GPtrArray *hyperv_list_guardians(HypervHost *host, GCancellable *cancellable, GError **error);

/* By name, without regard to case. Borrowed; NULL when there is none. */
const HypervGuardian *hyperv_guardian_find(const GPtrArray *guardians, const char *name);

/* A guardian that a key protector is wrapped for. */
typedef struct {
    gboolean is_owner;
    gboolean is_local; /* of a machine that migrates: a guardian of its source, which has the private keys */
    HypervCertificate *signing;
    HypervCertificate *encryption;
} HypervWrapping;

void hyperv_wrapping_free(HypervWrapping *wrapping);

/* Array of HypervWrapping, the owner first. The protector is checked as
 * hyperv_protector_check() does; the same errors. Nothing of its keys is kept. */
GPtrArray *hyperv_protector_wrappings(const guint8 *data, gsize size, GError **error);

/* Whether a protector, framed or bare, and the one that a host gave back,
 * framed, are for the same guardians. They are when their bytes are the same;
 * a host may write the document in a form of its own. */
gboolean hyperv_protector_is_for_same(const guint8 *data, gsize size, GBytes *other);

/* The guardian of the list whose certificates a wrapping has. Borrowed, or NULL. */
const HypervGuardian *hyperv_wrapping_guardian(const HypervWrapping *wrapping, const GPtrArray *guardians);
