/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tools/domain_live.h"

#include "driver/msvm_driver.h"
#include "driver/msvm_guards.h"
#include "driver/msvm_lookup.h"
#include "hyperv/hyperv_capabilities.h"
#include "hyperv/hyperv_load.h"
#include "tools/domain_protection.h"

#include "virerror.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* --- the connection ----------------------------------------------------------------- */

/* The driver in this program, not the module that the same URI would load: it
 * is this program's view of the connection that is looked into. It is found
 * first because it is registered first. */
static int
register_driver(void)
{
    return virInitialize() < 0 || virEventRegisterDefaultImpl() < 0 || msvmRegister() < 0 ? -1 : 0;
}

virConnectPtr
live_open(const char *uri)
{
    virConnectPtr conn;

    if (register_driver() < 0 || !(conn = virConnectOpenAuth(uri, virConnectAuthPtrDefault, VIR_CONNECT_RO)))
        return NULL;
    if (msvmDriverIs(conn))
        return conn;
    virReportError(VIR_ERR_INVALID_ARG, "'%s' is not a connection of this driver: give a URI such as "
                   "msvm://HOST/embed?root=DIR", uri);
    virObjectUnref(conn);
    return NULL;
}

void
live_begin(Live *live, virConnectPtr conn)
{
    *live = (Live){ .conn = conn, .priv = msvmPrivateOf(conn) };
    live->host.name = live->priv->name;
    hyperv_host_get_version(live->priv->host, &live->host.major, &live->host.minor, &live->host.build);
}

void
live_clear(Live *live)
{
    g_clear_pointer(&live->found, hyperv_found_free);
    g_clear_pointer(&live->current, hyperv_machine_free);
    virObjectUnref(live->conn);
    live->conn = NULL;
}

/* --- what is there already ------------------------------------------------------------ */

G_GNUC_PRINTF(4, 5) static void
problem(Check *check, int code, const char *where, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    report_problem(check->report, code, check_line(check, where), where, text);
}

/* As define decides it: name and UUID are one domain's, or nobody's. */
static void
compare(Live *live, Check *check, GPtrArray *all, guint index)
{
    const HypervFound *found = g_ptr_array_index(all, index);
    g_autoptr(MsvmRecord) record = NULL;
    unsigned char uuid[VIR_UUID_BUFLEN];
    bool is_domain = msvmLookupIdentify(found, uuid, &record);
    bool same_name = STREQ(found->name, check->def->name);
    bool same_uuid = is_domain && memcmp(uuid, check->def->uuid, VIR_UUID_BUFLEN) == 0;

    if (same_uuid && !same_name)
        problem(check, VIR_ERR_OPERATION_FAILED, "/domain/uuid", "host '%s' has a domain with this UUID, '%s'",
                live->host.name, found->name);
    else if (same_name && is_domain && !same_uuid)
        problem(check, VIR_ERR_OPERATION_FAILED, "/domain/name", "host '%s' has a domain of this name with another "
                "UUID", live->host.name);
    else if (same_name && same_uuid && live->found)
        problem(check, VIR_ERR_OPERATION_FAILED, "/domain/uuid", "host '%s' has several machines with this name and "
                "UUID", live->host.name);
    else if (same_name && same_uuid)
        live->found = g_ptr_array_steal_index(all, index);
}

static gboolean
load_found(Live *live, GError **error)
{
    guint32 process_id;

    live->current = hyperv_load_found(live->priv->host, live->found, NULL, error);
    return live->current &&
           hyperv_query_state(live->priv->host, live->found->guid, &live->state, &process_id, NULL, error);
}

gboolean
live_find(Live *live, Check *check)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = NULL;
    char uuid[VIR_UUID_STRING_BUFLEN];
    guint i;

    virUUIDFormat(check->def->uuid, uuid);
    all = hyperv_find_by_name_or_uuid(live->priv->host, check->def->name, uuid, NULL, &error);
    for (i = all ? all->len : 0; i-- > 0;)
        compare(live, check, all, i);
    if (!all || (live->found && !load_found(live, &error))) {
        msvmReportHostError(live->priv, error, "cannot look for domain '%s'", check->def->name);
        return FALSE;
    }
    report_decide(check->report, "on the host", live->found ? "changed" : "new", "'%s' %s", live->host.name,
                  live->found ? "has a domain of this name and UUID" : "has no domain of this name or UUID");
    if (live->found && hyperv_state_is_active(live->state))
        report_note(check->report, 0, "the machine runs: only title, description, metadata and autostart may change");
    check->host = &live->host;
    check->current = live->current;
    return TRUE;
}

/* --- what define itself looks at ------------------------------------------------------- */

/* Before it changes anything. */
static void
check_guards(Live *live, Check *check)
{
    g_autoptr(MsvmChange) change = msvmChangeNew(live->priv);

    change->plan = g_steal_pointer(&check->plan);
    change->current = live->current;
    change->def = check->def;
    if (live->found)
        change->state = live->state;
    msvmGuardsCheck(change);
    check_take(check, change->problems);
    /* Lent, not given. */
    check->plan = g_steal_pointer(&change->plan);
    change->current = NULL;
    change->def = NULL;
}

/* --- devices ------------------------------------------------------------------------------- */

static gboolean
check_switches(Live *live, Check *check, GError **error)
{
    const GPtrArray *nics = check->plan->machine->nics;
    g_autoptr(GPtrArray) switches = nics->len > 0 ? hyperv_query_switches(live->priv->host, NULL, error) : NULL;
    guint i, j;

    if (nics->len > 0 && !switches)
        return FALSE;
    for (i = 0; i < nics->len; i++) {
        const HypervNic *nic = g_ptr_array_index(nics, i);
        g_autofree char *where = g_strdup_printf("/domain/devices/interface[%u]/source", i + 1);
        guint matches = 0;

        for (j = 0; nic->switch_name && j < switches->len; j++)
            matches += g_ascii_strcasecmp(g_ptr_array_index(switches, j), nic->switch_name) == 0;
        if (nic->switch_name && matches != 1)
            problem(check, VIR_ERR_NO_NETWORK, where, "host '%s' has %s virtual switch '%s'", live->host.name,
                    matches == 0 ? "no" : "more than one", nic->switch_name);
    }
    return TRUE;
}

static gboolean
is_hard_disk_image(const char *path)
{
    static const char *const endings[] = { ".vhdx", ".vhd", ".avhdx", ".avhd", ".vhds" };
    g_autofree char *lower = g_ascii_strdown(path, -1);
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (g_str_has_suffix(lower, endings[i]))
            return TRUE;
    }
    return FALSE;
}

static gboolean
check_disks(Live *live, Check *check, GError **error)
{
    const GPtrArray *drives = check->plan->machine->drives;
    guint i;

    for (i = 0; i < drives->len; i++) {
        const HypervDrive *drive = g_ptr_array_index(drives, i);
        gboolean present = TRUE;
        g_autofree char *where = NULL;

        if (!drive->path || !is_hard_disk_image(drive->path))
            continue;
        if (!hyperv_query_disk(live->priv->host, drive->path, &present, NULL, error))
            return FALSE;
        where = g_strdup_printf("/domain/devices/disk[source/@file='%s']/source", drive->path);
        if (!present)
            problem(check, VIR_ERR_NO_STORAGE_VOL, where, "host '%s' has no disk image '%s'", live->host.name,
                    drive->path);
    }
    return TRUE;
}

gboolean
live_check(Live *live, Check *check)
{
    g_autoptr(GError) error = NULL;

    if (!check->plan)
        return TRUE;
    check_guards(live, check);
    if (protection_check(live, check, &error) && check_switches(live, check, &error) &&
        check_disks(live, check, &error))
        return TRUE;
    if (error)
        msvmReportHostError(live->priv, error, "cannot check domain '%s'", check->def->name);
    return FALSE;
}
