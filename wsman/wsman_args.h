/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The in parameters of a method (MS-WSMV 3.1.4.1.32). The order does not
 * matter on the wire; a parameter that is not added is null.
 */
#pragma once

#include "wsman/wsman_instance.h"

typedef struct WsmanArgs WsmanArgs;

WsmanArgs *wsman_args_new(void);
/* Wipes what was added as secret bytes. */
void wsman_args_free(WsmanArgs *args);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WsmanArgs, wsman_args_free)

void wsman_args_add_string(WsmanArgs *args, const char *name, const char *value);
void wsman_args_add_boolean(WsmanArgs *args, const char *name, gboolean value);
void wsman_args_add_uint(WsmanArgs *args, const char *name, guint64 value);
void wsman_args_add_strv(WsmanArgs *args, const char *name, const char *const *values);
void wsman_args_add_uints(WsmanArgs *args, const char *name, const guint32 *values, gsize count);
/* Copies the reference. Repeated calls with one name make an array. */
void wsman_args_add_epr(WsmanArgs *args, const char *name, const WsmanEpr *epr);
/* A string parameter that holds an instance as CIM-XML text. Repeated calls
 * with one name make an array. */
void wsman_args_add_embedded(WsmanArgs *args, const char *name, const WsmanInstance *instance);
/* A parameter whose type is an embedded object: an XML tree of the instance.
 * It may hold key material, so the request is kept out of core dumps and wiped. */
void wsman_args_add_object(WsmanArgs *args, const char *name, const WsmanInstance *instance);
/* uint8[]. The bytes are taken for a secret: every buffer that holds them, up
 * to the request itself, is kept out of core dumps and wiped. How the array is
 * written is wsman_client_options.byte_arrays. */
void wsman_args_add_secret_bytes(WsmanArgs *args, const char *name, gconstpointer data, gsize size);
