/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An endpoint reference: the resource URI of a class and the selectors that
 * name one instance (DSP0226 5.1.2). WMI's object paths in another dress.
 */
#pragma once

#include <glib.h>

typedef struct WsmanEpr WsmanEpr;

/* ns: with slashes, "root/virtualization/v2". No selectors yet: a class. */
WsmanEpr *wsman_epr_new(const char *ns, const char *class_name);
/* From a full resource URI; NULL when it is not a WMI class URI. */
WsmanEpr *wsman_epr_new_from_uri(const char *resource_uri);
WsmanEpr *wsman_epr_copy(const WsmanEpr *epr);
void wsman_epr_free(WsmanEpr *epr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsmanEpr, wsman_epr_free)

void wsman_epr_add_selector(WsmanEpr *epr, const char *name, const char *value);
/* A reference-typed key; takes over the value. */
void wsman_epr_add_selector_epr(WsmanEpr *epr, const char *name, WsmanEpr *value);

const char *wsman_epr_get_resource_uri(const WsmanEpr *epr);
const char *wsman_epr_get_namespace(const WsmanEpr *epr);
const char *wsman_epr_get_class(const WsmanEpr *epr);
/* Without regard to case; NULL when there is none or it is a reference. */
const char *wsman_epr_get_selector(const WsmanEpr *epr, const char *name);
guint wsman_epr_n_selectors(const WsmanEpr *epr);

/* The object path as WMI writes it in strings: ns:Class.Key="value" with
 * quotes and backslashes escaped. Caller frees. */
char *wsman_epr_to_object_path(const WsmanEpr *epr);
/* Reads such a path, with or without \\HOST\ and namespace. NULL when malformed. */
WsmanEpr *wsman_epr_from_object_path(const char *path, const char *default_ns);
