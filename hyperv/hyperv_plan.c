/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_plan.h"

#include "hyperv/hyperv_boot.h"
#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_rasd.h"

static HypervPlan *plan_alloc(void)
{
    HypervPlan *plan = g_new0(HypervPlan, 1);

    for (guint i = 0; i < HYPERV_N_REMOVE_ROUNDS; i++)
        plan->removals[i] = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_epr_free);
    plan->changed_media = g_ptr_array_new();
    plan->changed_ports = g_ptr_array_new();
    plan->changed_connections = g_ptr_array_new();
    plan->addition = hyperv_addition_new();
    return plan;
}

void hyperv_plan_free(HypervPlan *plan)
{
    if (!plan)
        return;
    for (guint i = 0; i < HYPERV_N_REMOVE_ROUNDS; i++)
        g_ptr_array_unref(plan->removals[i]);
    g_ptr_array_unref(plan->changed_media);
    g_ptr_array_unref(plan->changed_ports);
    g_ptr_array_unref(plan->changed_connections);
    hyperv_addition_free(plan->addition);
    g_free(plan);
}

static void plan_removal(HypervPlan *plan, HypervRemoveRound round, const char *class_name, const char *id)
{
    if (id)
        g_ptr_array_add(plan->removals[round], hyperv_setting_epr(class_name, id));
}

/* --- drives ------------------------------------------------------------------- */

static void remove_drive(HypervPlan *plan, const HypervDrive *drive)
{
    plan_removal(plan, HYPERV_REMOVE_LEAVES, HYPERV_SASD_CLASS, drive->medium_id);
    /* The floppy drive is part of the machine: only its disk can go. */
    if (drive->bus != HYPERV_BUS_FLOPPY)
        plan_removal(plan, HYPERV_REMOVE_DEVICES, HYPERV_RASD_CLASS, drive->drive_id);
}

static void keep_drive(HypervPlan *plan, const HypervDrive *current, HypervDrive *wanted)
{
    g_free(wanted->drive_id);
    wanted->drive_id = g_strdup(current->drive_id);
    g_free(wanted->medium_id);
    wanted->medium_id = g_strdup(current->medium_id);
    if (current->is_physical || g_strcmp0(current->path, wanted->path) == 0)
        return;
    if (!wanted->path)
        plan_removal(plan, HYPERV_REMOVE_LEAVES, HYPERV_SASD_CLASS, current->medium_id);
    else if (current->medium_id)
        g_ptr_array_add(plan->changed_media, wanted);
    else
        g_ptr_array_add(plan->addition->media, wanted);
}

static HypervDrive *find_same_drive(const HypervMachine *machine, const HypervDrive *drive)
{
    HypervDrive *other = hyperv_machine_find_drive(machine, drive->bus, drive->controller, drive->unit);

    return other && other->kind == drive->kind ? other : NULL;
}

static gboolean refuse_physical(GError **error)
{
    hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                     "a disk of the host that is passed through can neither be added nor be taken away");
    return FALSE;
}

static gboolean compare_drives(HypervPlan *plan, const HypervMachine *current, HypervMachine *wanted,
                               GError **error)
{
    for (guint i = 0; i < current->drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(current->drives, i);
        HypervDrive *same = find_same_drive(wanted, drive);

        if (drive->is_physical && !(same && same->is_physical))
            return refuse_physical(error);
        if (same)
            keep_drive(plan, drive, same);
        else
            remove_drive(plan, drive);
    }
    for (guint i = 0; i < wanted->drives->len; i++) {
        HypervDrive *drive = g_ptr_array_index(wanted->drives, i);
        const HypervDrive *same = find_same_drive(current, drive);

        if (drive->is_physical && !(same && same->is_physical))
            return refuse_physical(error);
        if (drive->bus == HYPERV_BUS_SCSI)
            wanted->n_scsi_controllers = MAX(wanted->n_scsi_controllers, drive->controller + 1);
        if (!same)
            g_ptr_array_add(plan->addition->drives, drive);
    }
    return TRUE;
}

static void compare_controllers(HypervPlan *plan, const HypervMachine *wanted, const HypervSlots *slots)
{
    if (wanted->n_scsi_controllers > slots->scsi->len)
        plan->addition->n_scsi = wanted->n_scsi_controllers - slots->scsi->len;
    /* The last ones go, so that the others keep their numbers. */
    for (guint i = wanted->n_scsi_controllers; i < slots->scsi->len; i++)
        plan_removal(plan, HYPERV_REMOVE_CONTROLLERS, HYPERV_RASD_CLASS, g_ptr_array_index(slots->scsi, i));
}

/* --- network adapters ------------------------------------------------------------ */

static const HypervNic *find_by_mac(const HypervMachine *current, const HypervNic *nic, const gboolean *taken,
                                    guint *index)
{
    for (guint i = 0; nic->mac && i < current->nics->len; i++) {
        const HypervNic *candidate = g_ptr_array_index(current->nics, i);

        if (!taken[i] && candidate->legacy == nic->legacy && candidate->mac &&
            g_ascii_strcasecmp(candidate->mac, nic->mac) == 0) {
            *index = i;
            return candidate;
        }
    }
    return NULL;
}

static void keep_switch(HypervNic *nic, const HypervNic *current)
{
    /* The same name needs no look-up, and stays good where the switch is gone. */
    if (g_strcmp0(nic->switch_name, current->switch_name) != 0)
        return;
    g_free(nic->switch_path);
    nic->switch_path = g_strdup(current->switch_path);
}

static void compare_connection(HypervPlan *plan, const HypervNic *current, HypervNic *wanted)
{
    if (!wanted->switch_name) {
        plan_removal(plan, HYPERV_REMOVE_LEAVES, HYPERV_CONNECTION_CLASS, current->connection_id);
        return;
    }
    if (!current->connection_id)
        g_ptr_array_add(plan->addition->connections, wanted);
    else if (g_strcmp0(wanted->switch_name, current->switch_name) != 0 || wanted->connected != current->connected)
        g_ptr_array_add(plan->changed_connections, wanted);
}

static void keep_nic(HypervPlan *plan, const HypervNic *current, HypervNic *wanted)
{
    g_free(wanted->port_id);
    wanted->port_id = g_strdup(current->port_id);
    g_free(wanted->connection_id);
    wanted->connection_id = g_strdup(current->connection_id);
    keep_switch(wanted, current);
    if ((wanted->mac && g_strcmp0(wanted->mac, current->mac) != 0) ||
        (wanted->name && g_strcmp0(wanted->name, current->name) != 0))
        g_ptr_array_add(plan->changed_ports, wanted);
    compare_connection(plan, current, wanted);
}

static void compare_nics(HypervPlan *plan, const HypervMachine *current, HypervMachine *wanted)
{
    g_autofree gboolean *taken = g_new0(gboolean, current->nics->len + 1);
    g_autofree gboolean *placed = g_new0(gboolean, wanted->nics->len + 1);

    for (guint i = 0; i < wanted->nics->len; i++) {
        HypervNic *nic = g_ptr_array_index(wanted->nics, i);
        guint index;
        const HypervNic *same = find_by_mac(current, nic, taken, &index);

        if (!same)
            continue;
        taken[index] = placed[i] = TRUE;
        keep_nic(plan, same, nic);
    }
    for (guint i = 0; i < wanted->nics->len; i++) {
        HypervNic *nic = g_ptr_array_index(wanted->nics, i);
        const HypervNic *there = i < current->nics->len ? g_ptr_array_index(current->nics, i) : NULL;

        if (placed[i])
            continue;
        if (there && !taken[i] && there->legacy == nic->legacy) {
            taken[i] = TRUE;
            keep_nic(plan, there, nic);
        } else {
            g_clear_pointer(&nic->switch_path, g_free);
            g_ptr_array_add(plan->addition->nics, nic);
        }
    }
    for (guint i = 0; i < current->nics->len; i++) {
        const HypervNic *nic = g_ptr_array_index(current->nics, i);

        if (taken[i])
            continue;
        plan_removal(plan, HYPERV_REMOVE_LEAVES, HYPERV_CONNECTION_CLASS, nic->connection_id);
        plan_removal(plan, HYPERV_REMOVE_DEVICES, hyperv_rasd_port_class(nic), nic->port_id);
    }
}

/* --- the rest ------------------------------------------------------------------------ */

static gboolean is_other_memory(const HypervMachine *current, const HypervMachine *wanted)
{
    if (current->memory_mib != wanted->memory_mib || current->dynamic_memory != wanted->dynamic_memory)
        return TRUE;
    return wanted->dynamic_memory && (current->min_memory_mib != wanted->min_memory_mib ||
                                      current->max_memory_mib != wanted->max_memory_mib);
}

static gboolean is_other_template(const HypervMachine *current, const HypervMachine *wanted)
{
    return wanted->secure_boot_template &&
           !hyperv_id_equal(wanted->secure_boot_template, current->secure_boot_template);
}

static gboolean is_other_secure_boot(const HypervMachine *current, const HypervMachine *wanted)
{
    return current->secure_boot != wanted->secure_boot || is_other_template(current, wanted);
}

static gboolean is_other_security(const HypervSecurity *current, const HypervSecurity *wanted)
{
    return current->tpm_enabled != wanted->tpm_enabled || current->encrypt_traffic != wanted->encrypt_traffic ||
           current->shielding_requested != wanted->shielding_requested;
}

static void compare_settings(HypervPlan *plan, const HypervMachine *current, const HypervMachine *wanted)
{
    plan->settings = g_strcmp0(current->name, wanted->name) != 0 ||
                     (wanted->startup_action != 0 && wanted->startup_action != current->startup_action);
    plan->off_settings = (wanted->shutdown_action != 0 && wanted->shutdown_action != current->shutdown_action) ||
                         wanted->turn_off_on_guest_restart != current->turn_off_on_guest_restart ||
                         (wanted->bios_guid && !hyperv_id_equal(wanted->bios_guid, current->bios_guid));
    plan->notes = g_strcmp0(current->notes, wanted->notes) != 0;
    plan->memory = is_other_memory(current, wanted);
    plan->processors = current->processors != wanted->processors;
    plan->secure_boot = wanted->generation == 2 && is_other_secure_boot(current, wanted);
    plan->security = is_other_security(&current->security, &wanted->security);
}

HypervPlan *hyperv_plan_new(const HypervMachine *current, HypervMachine *wanted, const HypervSlots *slots,
                            GError **error)
{
    g_autoptr(HypervPlan) plan = plan_alloc();

    if (current->generation != wanted->generation) {
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0, "a machine's generation cannot change");
        return NULL;
    }
    compare_settings(plan, current, wanted);
    if (plan->secure_boot && current->security.tpm_enabled && is_other_template(current, wanted)) {
        hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0,
                         "the template of Secure Boot cannot change any more: the machine has a TPM");
        return NULL;
    }
    if (!compare_drives(plan, current, wanted, error))
        return NULL;
    compare_controllers(plan, wanted, slots);
    compare_nics(plan, current, wanted);
    plan->boot = hyperv_boot_is_ordered(wanted) &&
                 (hyperv_plan_changes_devices(plan) || !hyperv_boot_matches(current, wanted));
    return g_steal_pointer(&plan);
}

gboolean hyperv_plan_changes_devices(const HypervPlan *plan)
{
    for (guint i = 0; i < HYPERV_N_REMOVE_ROUNDS; i++) {
        if (plan->removals[i]->len > 0)
            return TRUE;
    }
    return plan->changed_media->len > 0 || plan->changed_ports->len > 0 || plan->changed_connections->len > 0 ||
           !hyperv_addition_is_empty(plan->addition);
}

gboolean hyperv_plan_needs_off(const HypervPlan *plan)
{
    return plan->off_settings || plan->secure_boot || plan->memory || plan->processors || plan->security ||
           plan->boot || hyperv_plan_changes_devices(plan);
}

gboolean hyperv_plan_is_empty(const HypervPlan *plan)
{
    return !plan->settings && !plan->notes && !hyperv_plan_needs_off(plan);
}
