/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_list.h"

#include "driver/msvm_lookup.h"
#include "driver/msvm_marker.h"
#include "driver/msvm_target.h"
#include "xml/msvm_domain.h"

#include "viraccessapicheck.h"
#include "virdomainobjlist.h"
#include "virerror.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

typedef bool (*CheckACL)(virConnectPtr conn, virDomainDef *def);

/* One domain of a listing. */
typedef struct {
    unsigned char uuid[VIR_UUID_BUFLEN];
    char *name;
    int id;
} Listed;

static void
listed_free(gpointer data)
{
    Listed *listed = data;

    g_free(listed->name);
    g_free(listed);
}

/* A group of flags filters only where one of the group is given. */
static bool
group_matches(unsigned int flags, unsigned int yes, unsigned int no, bool is)
{
    return !(flags & (yes | no)) || (flags & (is ? yes : no));
}

static unsigned int
state_flag(HypervState state)
{
    int reason;

    switch (msvmDomainState(state, &reason)) {
    case VIR_DOMAIN_RUNNING:
        return VIR_CONNECT_LIST_DOMAINS_RUNNING;
    case VIR_DOMAIN_PAUSED:
        return VIR_CONNECT_LIST_DOMAINS_PAUSED;
    case VIR_DOMAIN_SHUTOFF:
        return VIR_CONNECT_LIST_DOMAINS_SHUTOFF;
    default:
        return VIR_CONNECT_LIST_DOMAINS_OTHER;
    }
}

bool
msvmListMatches(HypervState state, unsigned int flags)
{
    unsigned int states = flags & VIR_CONNECT_LIST_DOMAINS_FILTERS_STATE;

    return group_matches(flags, VIR_CONNECT_LIST_DOMAINS_ACTIVE, VIR_CONNECT_LIST_DOMAINS_INACTIVE,
                         hyperv_state_is_active(state)) &&
           /* Every machine is kept in the host's configuration. */
           group_matches(flags, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, VIR_CONNECT_LIST_DOMAINS_TRANSIENT, true) &&
           (!states || (states & state_flag(state))) &&
           group_matches(flags, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, VIR_CONNECT_LIST_DOMAINS_NO_MANAGEDSAVE,
                         state == HYPERV_STATE_SAVED) &&
           /* The driver has neither snapshots nor checkpoints in libvirt's sense. */
           group_matches(flags, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT, VIR_CONNECT_LIST_DOMAINS_NO_SNAPSHOT,
                         false) &&
           group_matches(flags, VIR_CONNECT_LIST_DOMAINS_HAS_CHECKPOINT, VIR_CONNECT_LIST_DOMAINS_NO_CHECKPOINT,
                         false);
}

/* 1: yes, 0: no, -1 with an error reported. Only this filter asks for each
 * machine: a listing does not bring settings. A machine that is gone by now
 * does not match. */
static int
autostart_matches(MsvmPrivate *priv, const HypervFound *found, unsigned int flags)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(HypervFound) details = NULL;

    if (!(flags & VIR_CONNECT_LIST_DOMAINS_FILTERS_AUTOSTART))
        return 1;
    details = hyperv_find_by_guid(priv->host, found->guid, NULL, &error);
    if (g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE))
        return 0;
    if (!details) {
        msvmReportHostError(priv, error, _("cannot get the settings of domain '%s'"), found->name);
        return -1;
    }
    return group_matches(flags, VIR_CONNECT_LIST_DOMAINS_AUTOSTART, VIR_CONNECT_LIST_DOMAINS_NO_AUTOSTART,
                         details->startup_action == HYPERV_STARTUP_ALWAYS);
}

/* What the connection remembers from a listing, whose machines it takes. A
 * UUID that two machines have is left out: calls on it have to look again. */
static void
remember(MsvmPrivate *priv, guint64 ticket, GPtrArray *all)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    unsigned char uuid[VIR_UUID_BUFLEN];
    char text[VIR_UUID_STRING_BUFLEN];
    guint i;

    msvmCacheClear(priv->cache);
    g_ptr_array_set_free_func(all, NULL);
    for (i = 0; i < all->len; i++) {
        g_autoptr(HypervFound) found = g_ptr_array_index(all, i);

        if (!msvmLookupIdentify(found, uuid, NULL))
            continue;
        virUUIDFormat(uuid, text);
        if (g_hash_table_add(seen, g_strdup(text)))
            msvmCachePut(priv->cache, ticket, text, g_steal_pointer(&found));
        else
            msvmCacheForget(priv->cache, text);
    }
    g_ptr_array_set_size(all, 0);
}

static int
add_listed(virConnectPtr conn, GPtrArray *listed, const HypervFound *found, virDomainDef *def, CheckACL check,
           unsigned int flags)
{
    Listed *entry;
    int rc;

    if (!msvmLookupIdentify(found, def->uuid, NULL) || !msvmListMatches(found->state, flags))
        return 0;
    def->name = found->name;
    rc = check(conn, def) ? autostart_matches(msvmPrivateOf(conn), found, flags) : 0;
    def->name = NULL;
    if (rc <= 0)
        return rc;
    entry = g_new0(Listed, 1);
    memcpy(entry->uuid, def->uuid, VIR_UUID_BUFLEN);
    entry->name = g_strdup(found->name);
    entry->id = msvmMachineId(found->state, found->process_id);
    g_ptr_array_add(listed, entry);
    return 0;
}

/* Array of Listed, or NULL with an error reported. */
static GPtrArray *
collect(virConnectPtr conn, CheckACL check, unsigned int flags)
{
    MsvmPrivate *priv = msvmPrivateOf(conn);
    guint64 ticket = msvmCacheTicket(priv->cache);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = hyperv_find_all(priv->host, NULL, &error);
    g_autoptr(GPtrArray) listed = g_ptr_array_new_with_free_func(listed_free);
    g_autoptr(virDomainDef) def = virDomainDefNew(priv->xmlopt);
    guint i;

    if (!all) {
        msvmReportHostError(priv, error, "%s", _("cannot list the domains"));
        return NULL;
    }
    if (!def)
        return NULL;
    msvmLookupRemoveAbandoned(priv, all);
    msvmMarkerRepair(priv, all); /* what a listing shows does not change by it */
    for (i = 0; i < all->len; i++) {
        if (add_listed(conn, listed, g_ptr_array_index(all, i), def, check, flags) < 0)
            return NULL;
    }
    remember(priv, ticket, all);
    return g_steal_pointer(&listed);
}

static void
free_domains(virDomainPtr *domains, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        virObjectUnref(domains[i]);
    g_free(domains);
}

int
msvmConnectListAllDomains(virConnectPtr conn, virDomainPtr **domains, unsigned int flags)
{
    g_autoptr(GPtrArray) listed = NULL;
    virDomainPtr *array;
    guint i;

    virCheckFlags(VIR_CONNECT_LIST_DOMAINS_FILTERS_ALL, -1);

    if (virConnectListAllDomainsEnsureACL(conn) < 0 ||
        !(listed = collect(conn, virConnectListAllDomainsCheckACL, flags)))
        return -1;
    if (!domains)
        return listed->len;
    array = g_new0(virDomainPtr, listed->len + 1);
    for (i = 0; i < listed->len; i++) {
        const Listed *entry = g_ptr_array_index(listed, i);

        if (!(array[i] = virGetDomain(conn, entry->name, entry->uuid, entry->id))) {
            free_domains(array, i);
            return -1;
        }
    }
    *domains = array;
    return listed->len;
}

int
msvmConnectListDomains(virConnectPtr conn, int *ids, int maxids)
{
    g_autoptr(GPtrArray) listed = NULL;
    int count = 0;
    guint i;

    if (virConnectListDomainsEnsureACL(conn) < 0 ||
        !(listed = collect(conn, virConnectListDomainsCheckACL, VIR_CONNECT_LIST_DOMAINS_ACTIVE)))
        return -1;
    for (i = 0; i < listed->len && count < maxids; i++) {
        const Listed *entry = g_ptr_array_index(listed, i);

        if (entry->id >= 0)
            ids[count++] = entry->id;
    }
    return count;
}

int
msvmConnectNumOfDomains(virConnectPtr conn)
{
    g_autoptr(GPtrArray) listed = NULL;

    if (virConnectNumOfDomainsEnsureACL(conn) < 0 ||
        !(listed = collect(conn, virConnectNumOfDomainsCheckACL, VIR_CONNECT_LIST_DOMAINS_ACTIVE)))
        return -1;
    return listed->len;
}

int
msvmConnectListDefinedDomains(virConnectPtr conn, char **const names, int maxnames)
{
    g_autoptr(GPtrArray) listed = NULL;
    int count = 0;
    guint i;

    if (virConnectListDefinedDomainsEnsureACL(conn) < 0 ||
        !(listed = collect(conn, virConnectListDefinedDomainsCheckACL, VIR_CONNECT_LIST_DOMAINS_INACTIVE)))
        return -1;
    for (i = 0; i < listed->len && count < maxnames; i++)
        names[count++] = g_strdup(((const Listed *)g_ptr_array_index(listed, i))->name);
    return count;
}

int
msvmConnectNumOfDefinedDomains(virConnectPtr conn)
{
    g_autoptr(GPtrArray) listed = NULL;

    if (virConnectNumOfDefinedDomainsEnsureACL(conn) < 0 ||
        !(listed = collect(conn, virConnectNumOfDefinedDomainsCheckACL, VIR_CONNECT_LIST_DOMAINS_INACTIVE)))
        return -1;
    return listed->len;
}
