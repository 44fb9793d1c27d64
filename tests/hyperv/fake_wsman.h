/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Stands in for the WS-Management client at link time: wsman_client_* and
 * wsman_args_* are answered by handlers of the test, and every call is logged
 * as text. Instances, references and errors are the real ones.
 */
#pragma once

#include "wsman/wsman_client.h"

typedef struct FakeWsman FakeWsman;

/* How a call that is to fail does so. */
typedef enum {
    FAKE_FAIL_REFUSED, /* a fault, and nothing was done */
    FAKE_FAIL_LOST,    /* done, but the answer was lost */
    FAKE_FAIL_RETURN,  /* ReturnValue 32768 and nothing done; a fault unless it is a method */
    FAKE_FAIL_JOB,     /* a job that ends in an exception and did nothing; likewise */
    FAKE_FAIL_CANCEL,  /* cancelled: the caller's cancellable fires, nothing done */
} FakeFailure;

typedef struct {
    WsmanInstance *(*get)(gpointer opaque, const WsmanEpr *epr, GError **error);
    GPtrArray *(*query)(gpointer opaque, const char *ns, const char *query, GError **error);
    WsmanInstance *(*invoke)(gpointer opaque, const WsmanEpr *target, const char *method, const WsmanArgs *args,
                             GError **error);
    gpointer opaque;
} FakeHandlers;

FakeWsman *fake_wsman_new(const FakeHandlers *handlers);
void fake_wsman_free(FakeWsman *fake);
/* Borrowed. */
WsmanClient *fake_wsman_client(FakeWsman *fake);

/* "OS: major.minor.build" of Identify. */
void fake_wsman_set_version(FakeWsman *fake, guint major, guint minor, guint build);
/* The nth call from now on fails, 1 is the next; 0: none. */
void fake_wsman_fail(FakeWsman *fake, guint nth, FakeFailure failure, GCancellable *cancellable);
/* The nth call and all that follow are refused. */
void fake_wsman_fail_from(FakeWsman *fake, guint nth);
gboolean fake_wsman_has_failed(const FakeWsman *fake);

guint fake_wsman_n_calls(const FakeWsman *fake);
/* One line or more for each call, then it starts anew. */
char *fake_wsman_take_log(FakeWsman *fake);
gboolean fake_wsman_log_has(FakeWsman *fake, const char *text);

/* --- what handlers use ------------------------------------------------------ */

/* Arguments as added; borrowed, NULL or 0 when there are none. */
WsmanInstance *fake_args_embedded(const WsmanArgs *args, const char *name, guint index);
const WsmanEpr *fake_args_epr(const WsmanArgs *args, const char *name, guint index);
const char *fake_args_text(const WsmanArgs *args, const char *name);
GBytes *fake_args_bytes(const WsmanArgs *args, const char *name);

/* Out parameters with a ReturnValue. */
WsmanInstance *fake_out(guint return_value);
void fake_set_epr(WsmanInstance *instance, const char *name, const WsmanEpr *epr);
void fake_set_instance(WsmanInstance *instance, const char *name, WsmanInstance *value);
void fake_set_bytes(WsmanInstance *instance, const char *name, gconstpointer data, gsize size);
/* Gives every property of from to into. */
void fake_merge(WsmanInstance *into, const WsmanInstance *from);
GPtrArray *fake_rows(void);
void fake_set_fault(GError **error, WsmanError code, const char *text);
