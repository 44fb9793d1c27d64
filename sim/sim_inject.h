/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Faults on demand. A specification says when and what:
 *
 *   when=WHAT,nth=N[,count=K],do=ACTION
 *
 * WHAT: an operation (Identify Get Enumerate Pull Release Invoke ...), the name
 * of a method or of a class, or "any". nth: the first call that it hits, 1 being
 * the next one; count: how many in a row, "all" for no end. do= comes last:
 *
 *   http:STATUS[:empty]        an HTTP error, the operation is not performed
 *   unauthorized               401
 *   fault:HRESULT[:SUBCODE]    a SOAP fault, e.g. fault:0x80041003:w:AccessDenied
 *   return:CODE                the method returns CODE and does nothing
 *   job:ERRORCODE:TEXT         the method returns 4096 and its job fails
 *   reset  stall:SECONDS       no answer; the operation is not performed
 *   reset-after  stall-after:SECONDS  http-after:STATUS[:empty]
 *                              the operation is performed, its answer is lost
 *   reset-mid  stall-mid:SECONDS  truncate:BYTES
 *                              the answer breaks off, or stops, in the middle
 *   garbage  huge              an answer that is not XML; one that never ends
 *   delay:MS                   the operation takes longer, up to OperationTimeout
 */
#pragma once

#include <glib.h>

typedef enum {
    SIM_INJECT_NONE,
    SIM_INJECT_HTTP,
    SIM_INJECT_HTTP_AFTER,
    SIM_INJECT_UNAUTHORIZED,
    SIM_INJECT_FAULT,
    SIM_INJECT_RETURN,
    SIM_INJECT_JOB,
    SIM_INJECT_RESET,
    SIM_INJECT_RESET_AFTER,
    SIM_INJECT_RESET_MID,
    SIM_INJECT_STALL,
    SIM_INJECT_STALL_AFTER,
    SIM_INJECT_STALL_MID,
    SIM_INJECT_TRUNCATE,
    SIM_INJECT_GARBAGE,
    SIM_INJECT_HUGE,
    SIM_INJECT_DELAY,
} SimInjectKind;

typedef struct {
    SimInjectKind kind;
    guint64 number; /* status, HRESULT, code, seconds, bytes or milliseconds */
    gboolean empty; /* http: without a body */
    char *text;     /* subcode, or the job's description; may be NULL */
} SimInjectAction;

void sim_inject_action_clear(SimInjectAction *action);
const char *sim_inject_kind_name(SimInjectKind kind);

typedef struct SimInject SimInject;

SimInject *sim_inject_new(void);
void sim_inject_free(SimInject *inject);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimInject, sim_inject_free)
/* FALSE with the error set: which part of the text is wrong. */
gboolean sim_inject_add(SimInject *inject, const char *spec, GError **error);
void sim_inject_clear(SimInject *inject);
/* Counts the call in every specification that is about it, and gives the action
 * of the first that hits. names: what the call is called (operation, class,
 * method), NULL-terminated. FALSE: none. */
gboolean sim_inject_match(SimInject *inject, const char *const *names, SimInjectAction *action);
