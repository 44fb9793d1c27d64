/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_lookup.h"

#include "driver/msvm_marker.h"
#include "driver/msvm_target.h"
#include "driver/msvm_work.h"
#include "hyperv/hyperv_define.h"
#include "xml/msvm_domain.h"

#include "viraccessapicheck.h"
#include "virerror.h"
#include "virlog.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.lookup");

bool
msvmLookupIdentify(const HypervFound *found, unsigned char *uuid, MsvmRecord **record)
{
    g_autoptr(MsvmRecord) parsed = msvmRecordParse(found->notes);
    bool is_domain = !parsed->pending && msvmDomainUUID(parsed, found->guid, uuid) == 0;

    if (record)
        *record = g_steal_pointer(&parsed);
    return is_domain;
}

void
msvmLookupReportNoDomain(const MsvmPrivate *priv, const unsigned char *uuid, const char *name)
{
    char text[VIR_UUID_STRING_BUFLEN];

    virUUIDFormat(uuid, text);
    if (name)
        virReportError(VIR_ERR_NO_DOMAIN, _("no domain with matching uuid '%s' (%s) on host '%s'"), text, name,
                       priv->name);
    else
        virReportError(VIR_ERR_NO_DOMAIN, _("no domain with matching uuid '%s' on host '%s'"), text, priv->name);
}

/* --- abandoned machines ------------------------------------------------------- */

/* Who can write notes can name a folder, but no other files there than two that
 * are called after the machine. */
void
msvmLookupRemoveFiles(MsvmPrivate *priv, const HypervFound *found, const MsvmRecord *record)
{
    g_autoptr(GError) error = NULL;

    if (record->provisioning && !hyperv_provision_clean(priv->host, found->guid, record->provisioning, &error))
        VIR_WARN("Of the provisioning of machine %s ('%s') on host '%s', %s", found->guid, found->name, priv->name,
                 error->message);
}

/* Whether it is still the half-made machine that was seen. Its maker may have
 * completed it and ended since: asked after he was found to be gone, so that
 * nobody is left who could complete it now. */
static bool
is_unchanged(MsvmPrivate *priv, const HypervFound *found)
{
    g_autoptr(HypervFound) now = hyperv_find_by_guid(priv->host, found->guid, NULL, NULL);

    return now && g_strcmp0(now->notes, found->notes) == 0;
}

/* The files first: only the machine says where they are. */
static void
remove_machine(MsvmPrivate *priv, const HypervFound *found, const MsvmRecord *record)
{
    g_autoptr(GError) error = NULL;

    if (!is_unchanged(priv, found))
        return;
    msvmLookupRemoveFiles(priv, found, record);
    if (hyperv_undefine(priv->host, found->guid, NULL, &error))
        VIR_WARN("Removed machine %s ('%s') from host '%s': the process that was making it is gone", found->guid,
                 found->name, priv->name);
    else
        VIR_WARN("Cannot remove the half-made machine %s ('%s') from host '%s': %s", found->guid, found->name,
                 priv->name, error->message);
}

void
msvmLookupRemoveAbandoned(MsvmPrivate *priv, GPtrArray *found)
{
    unsigned int removed = 0;
    guint i = 0;

    if (priv->readonly)
        return;
    while (i < found->len && removed < MSVM_LOOKUP_MAX_REMOVALS) {
        const HypervFound *machine = g_ptr_array_index(found, i);
        g_autoptr(MsvmRecord) record = msvmRecordParse(machine->notes);

        if (!record->pending || !msvmWorkIsAbandoned(priv->host, machine->guid, record)) {
            i++;
            continue;
        }
        remove_machine(priv, machine, record);
        g_ptr_array_remove_index(found, i);
        removed++;
    }
}

/* --- picking one ---------------------------------------------------------------- */

typedef struct {
    const unsigned char *uuid; /* or NULL: any */
    const char *name;          /* or NULL: any */
} Wanted;

static bool
matches(const HypervFound *found, const Wanted *wanted)
{
    unsigned char uuid[VIR_UUID_BUFLEN];

    /* The query that found it does not tell upper from lower case. */
    return msvmLookupIdentify(found, uuid, NULL) &&
           (!wanted->uuid || memcmp(uuid, wanted->uuid, VIR_UUID_BUFLEN) == 0) &&
           (!wanted->name || STREQ(found->name, wanted->name));
}

static void
keep_matches(GPtrArray *found, const Wanted *wanted)
{
    guint i = 0;

    while (i < found->len) {
        if (matches(g_ptr_array_index(found, i), wanted))
            i++;
        else
            g_ptr_array_remove_index(found, i);
    }
}

static void
report_several(const MsvmPrivate *priv, GPtrArray *found, const char *what)
{
    g_autoptr(GString) list = g_string_new(NULL);
    guint i;

    for (i = 0; i < found->len; i++) {
        const HypervFound *machine = g_ptr_array_index(found, i);

        g_string_append_printf(list, "%s%s ('%s')", i ? ", " : "", machine->guid, machine->name);
    }
    virReportError(VIR_ERR_OPERATION_FAILED, _("%u machines on host '%s' have the %s: VM ids %s"), found->len,
                   priv->name, what, list->str);
}

HypervFound *
msvmLookupFindByUUID(MsvmPrivate *priv, const unsigned char *uuid, const char *name)
{
    char text[VIR_UUID_STRING_BUFLEN];
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = NULL;
    g_autofree char *what = NULL;

    virUUIDFormat(uuid, text);
    found = hyperv_find_by_uuid(priv->host, text, NULL, &error);
    if (found && msvmMarkerRepair(priv, found)) {
        g_ptr_array_unref(found);
        found = hyperv_find_by_uuid(priv->host, text, NULL, &error);
    }
    if (!found) {
        msvmReportHostError(priv, error, _("cannot look up the domain with uuid '%s'"), text);
        return NULL;
    }
    keep_matches(found, &(Wanted){ uuid, NULL });
    if (found->len > 1 && name) {
        what = g_strdup_printf(_("uuid '%s' and the name '%s'"), text, name);
        keep_matches(found, &(Wanted){ uuid, name });
    } else {
        what = g_strdup_printf(_("uuid '%s'"), text);
    }
    if (found->len == 1)
        return g_ptr_array_steal_index(found, 0);
    if (found->len > 1)
        report_several(priv, found, what);
    else
        msvmLookupReportNoDomain(priv, uuid, name);
    return NULL;
}

static HypervFound *
find_by_name(MsvmPrivate *priv, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = hyperv_find_by_name(priv->host, name, NULL, &error);
    g_autofree char *what = g_strdup_printf(_("name '%s'"), name);

    if (found && msvmMarkerRepair(priv, found)) {
        g_ptr_array_unref(found);
        found = hyperv_find_by_name(priv->host, name, NULL, &error);
    }
    if (!found) {
        msvmReportHostError(priv, error, _("cannot look up domain '%s'"), name);
        return NULL;
    }
    keep_matches(found, &(Wanted){ NULL, name });
    if (found->len == 1)
        return g_ptr_array_steal_index(found, 0);
    if (found->len > 1)
        report_several(priv, found, what);
    else
        virReportError(VIR_ERR_NO_DOMAIN, _("no domain with matching name '%s' on host '%s'"), name, priv->name);
    return NULL;
}

static HypervFound *
find_by_id(MsvmPrivate *priv, int id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HypervFound) found = NULL;

    if (id > 0)
        found = hyperv_find_by_process_id(priv->host, id, NULL, &error);
    if (found && matches(found, &(Wanted){ NULL, NULL }) && msvmMachineId(found->state, found->process_id) == id)
        return g_steal_pointer(&found);
    if (error && !g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE))
        msvmReportHostError(priv, error, _("cannot look up the domain with id %d"), id);
    else
        virReportError(VIR_ERR_NO_DOMAIN, _("no domain with matching id %d on host '%s'"), id, priv->name);
    return NULL;
}

/* --- entries -------------------------------------------------------------------- */

/* Takes found, which may be NULL. */
static virDomainPtr
make_domain(virConnectPtr conn, guint64 ticket, HypervFound *machine,
            int (*ensure_acl)(virConnectPtr, virDomainDef *))
{
    MsvmPrivate *priv = msvmPrivateOf(conn);
    g_autoptr(HypervFound) found = machine;
    g_autoptr(virDomainDef) def = NULL;
    char text[VIR_UUID_STRING_BUFLEN];
    int id;

    if (!found || !(def = virDomainDefNew(priv->xmlopt)))
        return NULL;
    if (!msvmLookupIdentify(found, def->uuid, NULL))
        return NULL;
    def->name = g_strdup(found->name);
    if (ensure_acl(conn, def) < 0)
        return NULL;
    id = msvmMachineId(found->state, found->process_id);
    virUUIDFormat(def->uuid, text);
    msvmCachePut(priv->cache, ticket, text, g_steal_pointer(&found));
    return virGetDomain(conn, def->name, def->uuid, id);
}

virDomainPtr
msvmDomainLookupByID(virConnectPtr conn, int id)
{
    MsvmPrivate *priv = msvmPrivateOf(conn);
    guint64 ticket = msvmCacheTicket(priv->cache);

    return make_domain(conn, ticket, find_by_id(priv, id), virDomainLookupByIDEnsureACL);
}

virDomainPtr
msvmDomainLookupByUUID(virConnectPtr conn, const unsigned char *uuid)
{
    MsvmPrivate *priv = msvmPrivateOf(conn);
    guint64 ticket = msvmCacheTicket(priv->cache);

    return make_domain(conn, ticket, msvmLookupFindByUUID(priv, uuid, NULL), virDomainLookupByUUIDEnsureACL);
}

virDomainPtr
msvmDomainLookupByName(virConnectPtr conn, const char *name)
{
    MsvmPrivate *priv = msvmPrivateOf(conn);
    guint64 ticket = msvmCacheTicket(priv->cache);

    return make_domain(conn, ticket, find_by_name(priv, name), virDomainLookupByNameEnsureACL);
}
