/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Instances for the readers and writers of their two wire forms.
 */
#pragma once

#include "wsman/wsman_instance.h"

/* An instance within an instance, and so on, down to here. */
#define WSMAN_MAX_EMBEDDING 8

typedef struct {
    char *name;
    WsmanCimType type;    /* as set; of what was read from a WS-Man answer only
                           * DATETIME and REFERENCE are known, else STRING */
    gboolean is_array;
    char **texts;         /* NULL-terminated, or NULL */
    guint n_texts;
    GPtrArray *eprs;      /* WsmanEpr, or NULL */
    GPtrArray *instances; /* WsmanInstance, or NULL */
} WsmanProperty;

guint wsman_instance_n_properties(const WsmanInstance *instance);
const WsmanProperty *wsman_instance_property(const WsmanInstance *instance, guint i);

/* The values are wiped with the instance; true for out parameters. */
void wsman_instance_mark_secret(WsmanInstance *instance);

/* The property of that name, made if there is none. Borrowed. */
WsmanProperty *wsman_instance_ensure(WsmanInstance *instance, const char *name, WsmanCimType type);
/* These take over the value. */
void wsman_property_take_text(WsmanProperty *property, char *text);
void wsman_property_take_epr(WsmanProperty *property, WsmanEpr *epr);
void wsman_property_take_instance(WsmanProperty *property, WsmanInstance *value);
