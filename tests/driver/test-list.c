/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_list.h"
#include "driver/msvm_target.h"

#define ACTIVE VIR_CONNECT_LIST_DOMAINS_ACTIVE
#define INACTIVE VIR_CONNECT_LIST_DOMAINS_INACTIVE
#define PERSISTENT VIR_CONNECT_LIST_DOMAINS_PERSISTENT
#define TRANSIENT VIR_CONNECT_LIST_DOMAINS_TRANSIENT
#define RUNNING VIR_CONNECT_LIST_DOMAINS_RUNNING
#define PAUSED VIR_CONNECT_LIST_DOMAINS_PAUSED
#define SHUTOFF VIR_CONNECT_LIST_DOMAINS_SHUTOFF
#define OTHER VIR_CONNECT_LIST_DOMAINS_OTHER
#define SAVED VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE
#define NOT_SAVED VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE
#define SNAPSHOT VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT
#define NO_SNAPSHOT VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT
#define CHECKPOINT VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT
#define NO_CHECKPOINT VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT

static const struct {
    unsigned int flags;
    bool running, off, saved, paused;
} rows[] = {
    { 0, true, true, true, true },
    { ACTIVE, true, false, false, true },
    { INACTIVE, false, true, true, false },
    { ACTIVE | INACTIVE, true, true, true, true },
    { PERSISTENT, true, true, true, true },
    { TRANSIENT, false, false, false, false },
    { PERSISTENT | TRANSIENT, true, true, true, true },
    { RUNNING, true, false, false, false },
    { PAUSED, false, false, false, true },
    { SHUTOFF, false, true, true, false },
    { RUNNING | PAUSED, true, false, false, true },
    { OTHER, false, false, false, false },
    { SAVED, false, false, true, false },
    { NOT_SAVED, true, true, false, true },
    { SNAPSHOT, false, false, false, false },
    { NO_SNAPSHOT, true, true, true, true },
    { SNAPSHOT | NO_SNAPSHOT, true, true, true, true },
    { CHECKPOINT, false, false, false, false },
    { NO_CHECKPOINT, true, true, true, true },
    { INACTIVE | NOT_SAVED, false, true, false, false },
    { ACTIVE | SHUTOFF, false, false, false, false },
    { ACTIVE | PERSISTENT | PAUSED | NO_SNAPSHOT, false, false, false, true },
};

static void
test_every_filter_lets_the_right_states_pass(void **state)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        unsigned int flags = rows[i].flags;

        if (msvmListMatches(HYPERV_STATE_RUNNING, flags) != rows[i].running ||
            msvmListMatches(HYPERV_STATE_OFF, flags) != rows[i].off ||
            msvmListMatches(HYPERV_STATE_SAVED, flags) != rows[i].saved ||
            msvmListMatches(HYPERV_STATE_PAUSED, flags) != rows[i].paused)
            fail_msg("flags 0x%x", flags);
    }
}

static void
test_only_active_machines_have_an_id(void **state)
{
    assert_int_equal(msvmMachineId(HYPERV_STATE_RUNNING, 4711), 4711);
    assert_int_equal(msvmMachineId(HYPERV_STATE_PAUSED, 4711), 4711);
    assert_int_equal(msvmMachineId(HYPERV_STATE_OFF, 4711), -1);
    assert_int_equal(msvmMachineId(HYPERV_STATE_SAVED, 4711), -1);
    assert_int_equal(msvmMachineId(HYPERV_STATE_STARTING, 0), -1);
    assert_int_equal(msvmMachineId(HYPERV_STATE_RUNNING, 0x80000000u), -1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_filter_lets_the_right_states_pass),
        cmocka_unit_test(test_only_active_machines_have_an_id),
    };

    return cmocka_run_group_tests_name("driver/list", tests, test_setup_libvirt, NULL);
}
