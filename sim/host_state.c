/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RequestStateChange of a machine and the methods of its shutdown component.
 *
 *             2 start                9 pause
 *     off  ---------->  running  ---------->  paused
 *      ^  <----------   |  ^ ^   <----------
 *      |    3, 4        |  | |       2
 *      |             6  |  | | 2
 *      |                v  |
 *      +------------  saved        3 on a saved machine drops the saved state
 */
#include "sim/host_private.h"

typedef struct {
    guint requested;
    guint transition;
    guint next; /* settled state; 0: as it was */
    const char *caption;
    guint job_type;
} Change;

/* Names and numbers of job types: Msvm_ConcreteJob page. */
static const Change start = { 2, SIM_STATE_STARTING, SIM_STATE_RUNNING, "Starting Virtual Machine", 12 };
static const Change restore = { 2, SIM_STATE_STARTING, SIM_STATE_RUNNING, "Restoring Virtual Machine", 15 };
static const Change resume = { 2, SIM_STATE_RESUMING, SIM_STATE_RUNNING, "Resuming Virtual Machine", 27 };
static const Change turn_off = { 3, SIM_STATE_STOPPING, SIM_STATE_OFF, "Turning Off Virtual Machine", 13 };
static const Change drop_saved = { 3, SIM_STATE_SAVED, SIM_STATE_OFF, "Deleting Saved State", 13 };
static const Change shut_down = { 4, SIM_STATE_STOPPING, SIM_STATE_OFF, "Shutting Down Virtual Machine",
                                  16 };
static const Change save = { 6, SIM_STATE_SAVING, SIM_STATE_SAVED, "Saving Virtual Machine", 14 };
static const Change pause_it = { 9, SIM_STATE_PAUSING, SIM_STATE_PAUSED, "Pausing Virtual Machine", 26 };
static const Change reboot = { 10, SIM_STATE_RUNNING, SIM_STATE_RUNNING, "Rebooting Virtual Machine", 29 };
static const Change reset = { 11, SIM_STATE_RUNNING, SIM_STATE_RUNNING, "Resetting Virtual Machine", 28 };

/* Which change a request is in a state; NULL: none. */
static const Change *find_change(guint state, guint64 requested)
{
    static const struct {
        guint state;
        const Change *change;
    } rows[] = {
        { SIM_STATE_OFF, &start },         { SIM_STATE_SAVED, &restore },
        { SIM_STATE_PAUSED, &resume },     { SIM_STATE_RUNNING, &turn_off },
        { SIM_STATE_PAUSED, &turn_off },   { SIM_STATE_SAVED, &drop_saved },
        { SIM_STATE_RUNNING, &shut_down }, { SIM_STATE_RUNNING, &save },
        { SIM_STATE_PAUSED, &save },       { SIM_STATE_RUNNING, &pause_it },
        { SIM_STATE_RUNNING, &reboot },    { SIM_STATE_RUNNING, &reset },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].state == state && rows[i].change->requested == requested)
            return rows[i].change;
    }
    return NULL;
}

static gboolean is_request(guint64 requested)
{
    static const guint known[] = { 2, 3, 4, 6, 9, 10, 11 };

    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i] == requested)
            return TRUE;
    }
    return FALSE;
}

typedef struct {
    char *guid;
    const Change *change;
} Request;

static void request_free(gpointer data)
{
    Request *request = data;

    g_free(request->guid);
    g_free(request);
}

static guint32 begin_run(SimMachine *machine, SimFailure *failure)
{
    guint32 code = sim_start_check(machine, failure);

    if (code == SIM_RC_DONE)
        sim_machine_set_state(machine, SIM_STATE_RUNNING);
    return code;
}

static guint32 work_change(SimHost *host, gpointer data, GPtrArray *created G_GNUC_UNUSED,
                           SimFailure *failure)
{
    Request *request = data;
    const Change *change = request->change;
    SimMachine *machine = sim_machine_find(host, request->guid);
    guint32 code = SIM_RC_DONE;

    if (!machine)
        return sim_failure(failure, SIM_RC_NOT_AVAILABLE, "The virtual machine is not there any more.");
    machine->transition = 0;
    if (change == &start || change == &restore) {
        code = begin_run(machine, failure);
    } else if (change == &reset || change == &reboot) {
        machine->started_us = 0; /* the uptime begins anew, the process stays */
        machine->on_time_us = 0;
        {
            guint32 process = machine->process;

            sim_machine_set_state(machine, SIM_STATE_RUNNING);
            machine->process = process;
        }
    } else {
        sim_machine_set_state(machine, change->next);
    }
    return code;
}

static Request *request_new(SimMachine *machine, const Change *change)
{
    Request *request = g_new0(Request, 1);

    request->guid = g_strdup(machine->guid);
    request->change = change;
    /* A reset shows no state in between. */
    machine->transition = change->transition == machine->state ? 0 : change->transition;
    g_clear_pointer(&machine->devices, g_ptr_array_unref);
    return request;
}

/* A machine that is on its way takes no second request but turning off. */
static guint32 change_state(SimCall *call, SimMachine *machine, guint64 requested)
{
    const Change *change = find_change(machine->state, requested);
    SimJobKind kind = { .always = TRUE, .machine = machine };

    if (!is_request(requested))
        return SIM_RC_INVALID_PARAMETER;
    if (!change || machine->transition || sim_machine_is_moving(machine) ||
        (change == &drop_saved && sim_jobs_running(call->host, machine)))
        return SIM_RC_INVALID_STATE;
    kind.caption = change->caption;
    kind.type = change->job_type;
    return sim_job_run(call, &kind, work_change, request_new(machine, change), request_free);
}

SimStatus sim_request_state_change(SimCall *call, guint32 *rv)
{
    const CimValue *requested = sim_in(call, "RequestedState");

    if (!call->machine) { /* the host's own row cannot be switched */
        *rv = SIM_RC_NOT_SUPPORTED;
        return SIM_OK;
    }
    *rv = requested ? change_state(call, call->machine, cim_value_uint(requested, 0))
                    : SIM_RC_INVALID_PARAMETER;
    return SIM_OK;
}

/* The guest does it in its own time: 0, and no job to wait for. The component
 * is only there while the machine is active; a paused guest cannot answer. */
static SimStatus ask_guest(SimCall *call, const Change *change, guint32 *rv)
{
    SimMachine *machine = call->machine;
    SimJobKind kind = { .caption = change->caption, .type = change->job_type, .machine = machine };

    *rv = SIM_RC_INVALID_STATE;
    if (!machine || machine->state != SIM_STATE_RUNNING || machine->transition)
        return SIM_OK;
    sim_job_start(call->host, &kind, work_change, request_new(machine, change), request_free);
    *rv = SIM_RC_DONE;
    return SIM_OK;
}

SimStatus sim_initiate_shutdown(SimCall *call, guint32 *rv)
{
    return ask_guest(call, &shut_down, rv);
}

SimStatus sim_initiate_reboot(SimCall *call, guint32 *rv)
{
    return ask_guest(call, &reboot, rv);
}

/* --- the power of the host ------------------------------------------------------------- */

/* Of AutomaticStartupAction: restart if it was active before, and always start. */
#define RESTART_IF_ACTIVE 3
#define ALWAYS_START 4

void sim_host_lose_power(SimHost *host)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->lock);

    (void) locker;
    for (guint i = 0; i < host->machines->len; i++) {
        SimMachine *machine = g_ptr_array_index(host->machines, i);
        gboolean was_active = sim_machine_is_active(machine);
        guint64 action = sim_uint(machine->settings, "AutomaticStartupAction");
        SimFailure failure = { 0 };

        machine->transition = 0;
        if (was_active)
            sim_machine_set_state(machine, SIM_STATE_OFF);
        if (action == ALWAYS_START || (action == RESTART_IF_ACTIVE && was_active))
            begin_run(machine, &failure);
        sim_failure_clear(&failure);
    }
}
