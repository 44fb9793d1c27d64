/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_define.h"

#include "driver/msvm_change.h"
#include "driver/msvm_claim.h"
#include "driver/msvm_consumers.h"
#include "driver/msvm_lookup.h"
#include "driver/msvm_marker.h"
#include "driver/msvm_target.h"
#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_power.h"
#include "xml/msvm_domain.h"

#include "viraccessapicheck.h"
#include "virerror.h"
#include "virlog.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.define");

static MsvmChange *
define_new(virConnectPtr conn, const char *xml, bool validate)
{
    g_autoptr(MsvmChange) define = msvmChangeNew(msvmPrivateOf(conn));
    unsigned int flags = VIR_DOMAIN_DEF_PARSE_INACTIVE;
    virDomainDef *def;

    if (validate)
        flags |= VIR_DOMAIN_DEF_PARSE_VALIDATE_SCHEMA;
    def = virDomainDefParseString(xml, define->priv->xmlopt, define->problems, flags);
    if (!def) {
        msvmProblemsCatch(define->problems, -1, NULL);
        msvmProblemsReport(define->problems);
        return NULL;
    }
    msvmChangeSetDef(define, def);
    return g_steal_pointer(&define);
}

/* --- who has this name or UUID -------------------------------------------------- */

static int
report_pending(const MsvmChange *define, const HypervFound *found)
{
    virReportError(VIR_ERR_OPERATION_FAILED,
                   _("domain '%s' is being defined on host '%s' by another process (machine %s): if that is no "
                     "longer so, remove the machine on the host"),
                   define->def->name, define->priv->name, found->guid);
    return -1;
}

/* Whether an existing machine is the domain that is to be defined (1), has
 * nothing to do with it (0), or stands in its way (-1, reported). */
static int
compare_existing(const MsvmChange *define, const HypervFound *found)
{
    g_autoptr(MsvmRecord) record = NULL;
    unsigned char uuid[VIR_UUID_BUFLEN];
    char text[VIR_UUID_STRING_BUFLEN];
    bool is_domain = msvmLookupIdentify(found, uuid, &record);
    bool same_name = STREQ(found->name, define->def->name);
    bool same_uuid = is_domain && memcmp(uuid, define->def->uuid, VIR_UUID_BUFLEN) == 0;

    if (record->pending)
        return same_name || STREQ_NULLABLE(record->uuid, define->uuid) ? report_pending(define, found) : 0;
    if (same_name && same_uuid)
        return 1;
    if (same_uuid) {
        virReportError(VIR_ERR_OPERATION_FAILED, _("domain '%s' is already defined with uuid %s"), found->name,
                       define->uuid);
        return -1;
    }
    if (same_name && is_domain) {
        virUUIDFormat(uuid, text);
        virReportError(VIR_ERR_OPERATION_FAILED, _("domain '%s' already exists with uuid %s"), found->name, text);
        return -1;
    }
    return 0;
}

static int
search_existing(MsvmChange *define)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) found = NULL;
    guint i;

    found = hyperv_find_by_name_or_uuid(define->priv->host, define->def->name, define->uuid, NULL, &error);
    if (!found) {
        msvmReportHostError(define->priv, error, _("cannot look for domain '%s'"), define->def->name);
        return -1;
    }
    msvmLookupRemoveAbandoned(define->priv, found);
    if (msvmMarkerRepair(define->priv, found)) {
        g_ptr_array_unref(found);
        found = hyperv_find_by_name_or_uuid(define->priv->host, define->def->name, define->uuid, NULL, &error);
        if (!found) {
            msvmReportHostError(define->priv, error, _("cannot look for domain '%s'"), define->def->name);
            return -1;
        }
    }
    for (i = found->len; i-- > 0;) {
        const HypervFound *machine = g_ptr_array_index(found, i);
        int rc = compare_existing(define, machine);

        if (rc < 0)
            return -1;
        if (rc > 0 && define->found) {
            virReportError(VIR_ERR_OPERATION_FAILED,
                           _("two machines on host '%s' have uuid '%s' and the name '%s': VM ids %s, %s"),
                           define->priv->name, define->uuid, define->def->name, define->guid, machine->guid);
            return -1;
        }
        if (rc > 0) {
            msvmChangeSetFound(define, g_ptr_array_steal_index(found, i));
        }
    }
    return 0;
}

/* What is wrong with the definition is said even where a name is taken, too. */
static int
find_existing(MsvmChange *define)
{
    int rc = search_existing(define);

    if (rc == 0 || msvmProblemsCount(define->problems) == 0)
        return rc;
    msvmProblemsCatch(define->problems, rc, "/domain/name");
    return msvmProblemsReport(define->problems);
}

/* --- entries --------------------------------------------------------------------------- */

static MsvmClaim *
claim(const MsvmChange *define)
{
    return msvmClaimTake(hyperv_host_get_name(define->priv->host), define->def->name, define->uuid);
}

static virDomainPtr
define_domain(virConnectPtr conn, MsvmChange *define)
{
    g_autoptr(MsvmClaim) held = claim(define);

    if (find_existing(define) < 0 || msvmChangeRun(define) < 0)
        return NULL;
    return virGetDomain(conn, define->def->name, define->def->uuid, define->id);
}

virDomainPtr
msvmDomainDefineXML(virConnectPtr conn, const char *xml)
{
    g_autoptr(MsvmChange) define = define_new(conn, xml, false);

    if (!define || virDomainDefineXMLEnsureACL(conn, define->def) < 0)
        return NULL;
    return define_domain(conn, define);
}

virDomainPtr
msvmDomainDefineXMLFlags(virConnectPtr conn, const char *xml, unsigned int flags)
{
    g_autoptr(MsvmChange) define = NULL;

    virCheckFlags(VIR_DOMAIN_DEFINE_VALIDATE, NULL);

    define = define_new(conn, xml, flags & VIR_DOMAIN_DEFINE_VALIDATE);
    if (!define || virDomainDefineXMLFlagsEnsureACL(conn, define->def) < 0)
        return NULL;
    return define_domain(conn, define);
}

/* Starts what was just made, or takes it away again. */
static int
start_or_undo(MsvmChange *define)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) undo_error = NULL;
    HypervState state;
    guint32 process_id = 0;
    bool ok = hyperv_start(define->priv->host, define->guid, NULL, &error);

    msvmCacheChanged(define->priv->cache);
    if (ok) {
        if (hyperv_query_state(define->priv->host, define->guid, &state, &process_id, NULL, NULL))
            define->id = msvmMachineId(state, process_id);
        return 0;
    }
    msvmReportHostError(define->priv, error, _("cannot start domain '%s'"), define->def->name);
    if (!hyperv_undefine(define->priv->host, define->guid, NULL, &undo_error))
        VIR_WARN("Domain '%s' did not start and stays defined on host '%s': %s", define->def->name,
                 define->priv->name, undo_error->message);
    else
        msvmConsumersForget(define->priv, define->uuid, define->def->name,
                            (const char *const *)define->plan->policy->keys);
    msvmCacheForget(define->priv->cache, define->uuid);
    return -1;
}

/* The machine could not be put back into what it was before when it is
 * destroyed: there is only one configuration. */
static int
require_new(const MsvmChange *define)
{
    if (!define->found)
        return 0;
    virReportError(VIR_ERR_OPERATION_FAILED,
                   _("domain '%s' is already defined with uuid %s on host '%s', where a machine has one "
                     "configuration only: define it anew and start it instead"),
                   define->def->name, define->uuid, define->priv->name);
    return -1;
}

virDomainPtr
msvmDomainCreateXML(virConnectPtr conn, const char *xml, unsigned int flags)
{
    g_autoptr(MsvmChange) define = NULL;
    g_autoptr(MsvmClaim) held = NULL;

    virCheckFlags(VIR_DOMAIN_START_VALIDATE, NULL);

    define = define_new(conn, xml, flags & VIR_DOMAIN_START_VALIDATE);
    if (!define || virDomainCreateXMLEnsureACL(conn, define->def) < 0)
        return NULL;
    held = claim(define);
    if (find_existing(define) < 0 || require_new(define) < 0 || msvmChangeRun(define) < 0 || start_or_undo(define) < 0)
        return NULL;
    return virGetDomain(conn, define->def->name, define->def->uuid, define->id);
}
