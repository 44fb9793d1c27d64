/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_devices.h"

#include "hyperv/hyperv_names.h"
#include "hyperv/hyperv_rasd.h"

HypervAddition *hyperv_addition_new(void)
{
    HypervAddition *addition = g_new0(HypervAddition, 1);

    addition->drives = g_ptr_array_new();
    addition->media = g_ptr_array_new();
    addition->nics = g_ptr_array_new();
    addition->connections = g_ptr_array_new();
    return addition;
}

void hyperv_addition_free(HypervAddition *addition)
{
    if (!addition)
        return;
    g_ptr_array_unref(addition->drives);
    g_ptr_array_unref(addition->media);
    g_ptr_array_unref(addition->nics);
    g_ptr_array_unref(addition->connections);
    g_free(addition);
}

gboolean hyperv_addition_is_empty(const HypervAddition *addition)
{
    return addition->n_scsi == 0 && addition->drives->len == 0 && addition->media->len == 0 &&
           addition->nics->len == 0 && addition->connections->len == 0;
}

/* One AddResourceSettings. */
static gboolean add_batch(HypervCall *call, const char *guid, GPtrArray *batch, const char *what,
                          WsmanInstance **out, GError **error)
{
    g_autoptr(WsmanEpr) service = hyperv_service_epr("Msvm_VirtualSystemManagementService");
    g_autoptr(WsmanEpr) settings = hyperv_settings_epr(guid);
    g_autoptr(WsmanArgs) args = wsman_args_new();

    wsman_args_add_epr(args, "AffectedConfiguration", settings);
    for (guint i = 0; i < batch->len; i++)
        wsman_args_add_embedded(args, "ResourceSettings", g_ptr_array_index(batch, i));
    *out = hyperv_invoke(call, service, "AddResourceSettings", args, what, error);
    return *out != NULL;
}

/*
 * The ids of new settings of some class, in the order in which they were
 * asked for (ASSUMED: the documents do not say that results keep the order;
 * every caller that was seen relies on it). NULL when the host did not name
 * exactly as many, as when it gave a job in their place.
 */
static GPtrArray *take_results(const WsmanInstance *out, gboolean (*is_class)(const char *name), guint count)
{
    const GPtrArray *results = wsman_instance_get_eprs(out, "ResultingResourceSettings");
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < results->len; i++) {
        const WsmanEpr *epr = g_ptr_array_index(results, i);
        const char *id = wsman_epr_get_selector(epr, "InstanceID");

        if (id && is_class(wsman_epr_get_class(epr)))
            g_ptr_array_add(ids, g_strdup(id));
    }
    return ids->len == count ? g_steal_pointer(&ids) : NULL;
}

static gboolean is_rasd(const char *name)
{
    return g_ascii_strcasecmp(name, HYPERV_RASD_CLASS) == 0;
}

static gboolean is_port(const char *name)
{
    return g_ascii_strcasecmp(name, HYPERV_SYNTHETIC_PORT_CLASS) == 0 ||
           g_ascii_strcasecmp(name, HYPERV_EMULATED_PORT_CLASS) == 0;
}

/* --- the roundabout way: look at what is there now --------------------------- */

static gboolean was_known(const HypervSlots *slots, const char *port_id)
{
    for (guint i = 0; i < slots->ports->len; i++) {
        if (hyperv_id_equal(g_ptr_array_index(slots->ports, i), port_id))
            return TRUE;
    }
    return FALSE;
}

static gboolean is_match(const HypervNic *wanted, const HypervNic *seen)
{
    if (wanted->legacy != seen->legacy)
        return FALSE;
    return !wanted->mac || (seen->mac && g_ascii_strcasecmp(wanted->mac, seen->mac) == 0);
}

static gboolean recognize_port(HypervNic *nic, HypervMachine *seen, const HypervSlots *known, GHashTable *taken)
{
    for (guint i = 0; i < seen->nics->len; i++) {
        HypervNic *candidate = g_ptr_array_index(seen->nics, i);

        if (!candidate->port_id || was_known(known, candidate->port_id) ||
            g_hash_table_contains(taken, candidate->port_id) || !is_match(nic, candidate))
            continue;
        g_hash_table_add(taken, candidate->port_id);
        g_free(nic->port_id);
        nic->port_id = g_strdup(candidate->port_id);
        return TRUE;
    }
    return FALSE;
}

static gboolean set_missing(const char *thing, GError **error)
{
    hyperv_error_set(error, HYPERV_ERROR_NOT_APPLIED, 0, "the host took a new %s, but does not show it", thing);
    return FALSE;
}

/* Adapters with a MAC first, so that those without take what is left. */
static gboolean recognize_ports(const HypervAddition *addition, HypervMachine *seen, const HypervSlots *known,
                                GError **error)
{
    g_autoptr(GHashTable) taken = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < addition->nics->len; i++) {
            HypervNic *nic = g_ptr_array_index(addition->nics, i);

            if ((pass == 0) != (nic->mac != NULL))
                continue;
            if (!recognize_port(nic, seen, known, taken))
                return set_missing("network adapter", error);
        }
    }
    return TRUE;
}

static void replace_ids(GPtrArray **to, GPtrArray **from)
{
    GPtrArray *old = *to;

    *to = *from;
    *from = old;
}

static gboolean look_at_first_round(HypervCall *call, const char *guid, HypervSlots *slots,
                                    const HypervAddition *addition, GError **error)
{
    g_autoptr(HypervMachine) seen = hyperv_machine_new();
    g_autoptr(HypervSlots) now = hyperv_slots_fetch(call, guid, seen, error);

    if (!now)
        return FALSE;
    if (now->scsi->len != slots->scsi->len + addition->n_scsi)
        return set_missing("SCSI controller", error);
    if (!recognize_ports(addition, seen, slots, error))
        return FALSE;
    replace_ids(&slots->scsi, &now->scsi);
    replace_ids(&slots->ports, &now->ports);
    return TRUE;
}

static gboolean look_at_second_round(HypervCall *call, const char *guid, const HypervAddition *addition,
                                     GError **error)
{
    g_autoptr(HypervMachine) seen = hyperv_machine_new();
    g_autoptr(HypervSlots) now = hyperv_slots_fetch(call, guid, seen, error);

    if (!now)
        return FALSE;
    for (guint i = 0; i < addition->drives->len; i++) {
        HypervDrive *drive = g_ptr_array_index(addition->drives, i);
        const HypervDrive *there = hyperv_machine_find_drive(seen, drive->bus, drive->controller, drive->unit);

        if (!there)
            return set_missing("drive", error);
        g_free(drive->drive_id);
        drive->drive_id = g_strdup(there->drive_id);
    }
    return TRUE;
}

/* --- the three rounds --------------------------------------------------------- */

static gboolean add_first_round(HypervCall *call, const char *guid, const char *what, HypervSlots *slots,
                                const HypervAddition *addition, GError **error)
{
    g_autoptr(GPtrArray) batch = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);
    g_autoptr(GPtrArray) controllers = NULL;
    g_autoptr(GPtrArray) ports = NULL;
    g_autoptr(WsmanInstance) out = NULL;

    for (guint i = 0; i < addition->n_scsi; i++)
        g_ptr_array_add(batch, hyperv_rasd_new_scsi_controller());
    for (guint i = 0; i < addition->nics->len; i++)
        g_ptr_array_add(batch, hyperv_rasd_new_port(g_ptr_array_index(addition->nics, i)));
    if (batch->len == 0)
        return TRUE;
    if (!add_batch(call, guid, batch, what, &out, error))
        return FALSE;
    controllers = take_results(out, is_rasd, addition->n_scsi);
    ports = take_results(out, is_port, addition->nics->len);
    if (!controllers || !ports)
        return look_at_first_round(call, guid, slots, addition, error);
    for (guint i = 0; i < controllers->len; i++)
        g_ptr_array_add(slots->scsi, g_strdup(g_ptr_array_index(controllers, i)));
    for (guint i = 0; i < ports->len; i++) {
        HypervNic *nic = g_ptr_array_index(addition->nics, i);

        g_free(nic->port_id);
        nic->port_id = g_strdup(g_ptr_array_index(ports, i));
        g_ptr_array_add(slots->ports, g_strdup(nic->port_id));
    }
    return TRUE;
}

static gboolean collect_drives(GPtrArray *batch, const HypervSlots *slots, const HypervAddition *addition,
                               guint *n_drives, GError **error)
{
    for (guint i = 0; i < addition->drives->len; i++) {
        HypervDrive *drive = g_ptr_array_index(addition->drives, i);
        const char *controller = hyperv_slots_get_controller(slots, drive->bus, drive->controller);

        if (!controller) {
            hyperv_error_set(error, HYPERV_ERROR_UNSUPPORTED, 0, "the machine has no %s controller %u",
                             drive->bus == HYPERV_BUS_SCSI  ? "SCSI"
                             : drive->bus == HYPERV_BUS_IDE ? "IDE"
                                                            : "floppy",
                             drive->controller);
            return FALSE;
        }
        if (drive->bus == HYPERV_BUS_FLOPPY) {
            /* The drive is there; it is the medium that is new. */
            g_free(drive->drive_id);
            drive->drive_id = g_strdup(controller);
            continue;
        }
        g_ptr_array_add(batch, hyperv_rasd_new_drive(drive, controller));
        (*n_drives)++;
    }
    return TRUE;
}

static void collect_connections(GPtrArray *batch, GPtrArray *nics)
{
    for (guint i = 0; i < nics->len; i++) {
        const HypervNic *nic = g_ptr_array_index(nics, i);

        if (nic->switch_path)
            g_ptr_array_add(batch, hyperv_rasd_new_connection(nic, nic->port_id));
    }
}

static gboolean add_second_round(HypervCall *call, const char *guid, const char *what, HypervSlots *slots,
                                 const HypervAddition *addition, GError **error)
{
    g_autoptr(GPtrArray) batch = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);
    g_autoptr(GPtrArray) ids = NULL;
    g_autoptr(WsmanInstance) out = NULL;
    guint n_drives = 0;

    if (!collect_drives(batch, slots, addition, &n_drives, error))
        return FALSE;
    collect_connections(batch, addition->nics);
    collect_connections(batch, addition->connections);
    if (batch->len == 0)
        return TRUE;
    if (!add_batch(call, guid, batch, what, &out, error))
        return FALSE;
    ids = take_results(out, is_rasd, n_drives);
    if (!ids)
        return look_at_second_round(call, guid, addition, error);
    for (guint i = 0, n = 0; i < addition->drives->len; i++) {
        HypervDrive *drive = g_ptr_array_index(addition->drives, i);

        if (drive->bus == HYPERV_BUS_FLOPPY)
            continue;
        g_free(drive->drive_id);
        drive->drive_id = g_strdup(g_ptr_array_index(ids, n++));
    }
    return TRUE;
}

static void collect_media(GPtrArray *batch, GPtrArray *drives)
{
    for (guint i = 0; i < drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(drives, i);

        if (drive->path)
            g_ptr_array_add(batch, hyperv_rasd_new_medium(drive, drive->drive_id));
    }
}

static gboolean add_third_round(HypervCall *call, const char *guid, const char *what,
                                const HypervAddition *addition, GError **error)
{
    g_autoptr(GPtrArray) batch = g_ptr_array_new_with_free_func((GDestroyNotify)wsman_instance_unref);
    g_autoptr(WsmanInstance) out = NULL;

    collect_media(batch, addition->drives);
    collect_media(batch, addition->media);
    return batch->len == 0 || add_batch(call, guid, batch, what, &out, error);
}

gboolean hyperv_devices_add(HypervCall *call, const char *guid, const char *name, HypervSlots *slots,
                            const HypervAddition *addition, GError **error)
{
    g_autofree char *first = g_strdup_printf("adding controllers and network adapters to '%s'", name);
    g_autofree char *second = g_strdup_printf("adding drives and network connections to '%s'", name);
    g_autofree char *third = g_strdup_printf("inserting media into the drives of '%s'", name);

    return add_first_round(call, guid, first, slots, addition, error) &&
           add_second_round(call, guid, second, slots, addition, error) &&
           add_third_round(call, guid, third, addition, error);
}
