/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_define.h"

#include "driver/msvm_claim.h"
#include "driver/msvm_consumers.h"
#include "driver/msvm_keys.h"
#include "driver/msvm_lookup.h"
#include "driver/msvm_target.h"
#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_power.h"
#include "xml/msvm_domain.h"
#include "xml/msvm_plan.h"

#include "viraccessapicheck.h"
#include "virerror.h"
#include "virlog.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.define");

/* A define on its way. */
typedef struct {
    MsvmPrivate *priv;
    virDomainDef *def;
    char uuid[VIR_UUID_STRING_BUFLEN];
    char *guid;             /* of the machine: there already, or made */
    HypervFound *found;     /* NULL: there is none yet */
    HypervMachine *current; /* the same, whole */
    MsvmPlan *plan;
    int id;
} Define;

static void
define_free(Define *define)
{
    if (!define)
        return;
    virDomainDefFree(define->def);
    g_free(define->guid);
    g_clear_pointer(&define->found, hyperv_found_free);
    g_clear_pointer(&define->current, hyperv_machine_free);
    g_clear_pointer(&define->plan, msvmPlanFree);
    g_free(define);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Define, define_free)

static Define *
define_new(virConnectPtr conn, const char *xml, bool validate)
{
    g_autoptr(Define) define = g_new0(Define, 1);
    unsigned int flags = VIR_DOMAIN_DEF_PARSE_INACTIVE;

    if (validate)
        flags |= VIR_DOMAIN_DEF_PARSE_VALIDATE_SCHEMA;
    define->priv = msvmPrivateOf(conn);
    define->id = -1;
    define->def = virDomainDefParseString(xml, define->priv->xmlopt, NULL, flags);
    if (!define->def)
        return NULL;
    virUUIDFormat(define->def->uuid, define->uuid);
    return g_steal_pointer(&define);
}

/* --- who has this name or UUID -------------------------------------------------- */

static int
report_pending(const Define *define, const HypervFound *found)
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
compare_existing(const Define *define, const HypervFound *found)
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
find_existing(Define *define)
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
            define->guid = g_strdup(machine->guid);
            define->found = g_ptr_array_steal_index(found, i);
        }
    }
    return 0;
}

static int
load_existing(Define *define)
{
    g_autoptr(GError) error = NULL;
    HypervState state;
    guint32 process_id;

    define->current = hyperv_load_found(define->priv->host, define->found, NULL, &error);
    if (!define->current ||
        !hyperv_query_state(define->priv->host, define->guid, &state, &process_id, NULL, &error)) {
        msvmReportHostError(define->priv, error, _("cannot get the configuration of domain '%s'"),
                        define->def->name);
        return -1;
    }
    define->id = msvmMachineId(state, process_id);
    return 0;
}

/* --- plan and keys ----------------------------------------------------------------- */

static int
make_plan(Define *define)
{
    MsvmPlanHost host = { .name = define->priv->name };

    hyperv_host_get_version(define->priv->host, &host.major, &host.minor, &host.build);
    define->plan = msvmPlanNew(define->def, &host, define->current);
    return define->plan ? 0 : -1;
}

/* Whether the machine is protected already by what the definition names: then
 * it keeps its protector, and no key has to be fetched to edit a domain. */
static bool
keeps_protector(const Define *define)
{
    g_autoptr(virDomainDef) def = NULL;
    g_autoptr(MsvmPolicy) policy = NULL;

    if (!define->current || !define->current->security.tpm_enabled)
        return false;
    def = msvmDomainDefNew(define->current, -1, define->priv->xmlopt);
    policy = def ? msvmPolicyNew(def) : NULL;
    if (!policy) {
        virResetLastError();
        return false;
    }
    return policy->tpm && g_strv_equal((const char *const *)policy->keys,
                                       (const char *const *)define->plan->policy->keys);
}

/* *protection: NULL where none is needed. */
static int
make_protection(Define *define, MsvmProtection **protection)
{
    if (!define->plan->policy->tpm || keeps_protector(define))
        return 0;
    *protection = msvmProtectionNew(define->priv->keys, define->plan->policy, define->def->name);
    return *protection ? 0 : -1;
}

/* --- the host ------------------------------------------------------------------------ */

static int
apply(Define *define, const MsvmProtection *keys)
{
    g_autoptr(GError) error = NULL;
    const HypervProtection *protection = keys ? &keys->protection : NULL;
    bool ok;

    msvmCacheChanged(define->priv->cache);
    if (define->current) {
        ok = hyperv_redefine(define->priv->host, define->current, define->plan->machine, protection, NULL, &error);
    } else {
        define->guid = hyperv_define(define->priv->host, define->plan->machine, define->plan->pending_notes,
                                     protection, NULL, &error);
        ok = define->guid != NULL;
    }
    msvmCacheChanged(define->priv->cache);
    if (!ok) {
        msvmReportHostError(define->priv, error, _("cannot define domain '%s'"), define->def->name);
        return -1;
    }
    msvmCacheName(define->priv->cache, define->uuid, define->guid, define->def->name);
    return 0;
}

static const char *const *
keys_of(const Define *define)
{
    return (const char *const *)define->plan->policy->keys;
}

static int
define_run(Define *define)
{
    g_autoptr(MsvmProtection) protection = NULL;
    g_auto(GStrv) before = NULL;
    MsvmConsumers *consumers;
    int rc;

    if ((define->found && load_existing(define) < 0) || make_plan(define) < 0 ||
        make_protection(define, &protection) < 0)
        return -1;
    before = msvmConsumersKeys(define->priv, define->current);
    consumers = msvmConsumersBegin(define->priv, define->uuid, define->def->name, (const char *const *)before,
                                   keys_of(define));
    if (!consumers)
        return -1;
    rc = apply(define, protection);
    msvmConsumersEnd(consumers, rc == 0);
    return rc;
}

/* --- entries --------------------------------------------------------------------------- */

static MsvmClaim *
claim(const Define *define)
{
    return msvmClaimTake(hyperv_host_get_name(define->priv->host), define->def->name, define->uuid);
}

static virDomainPtr
define_domain(virConnectPtr conn, Define *define)
{
    g_autoptr(MsvmClaim) held = claim(define);

    if (find_existing(define) < 0 || define_run(define) < 0)
        return NULL;
    return virGetDomain(conn, define->def->name, define->def->uuid, define->id);
}

virDomainPtr
msvmDomainDefineXML(virConnectPtr conn, const char *xml)
{
    g_autoptr(Define) define = define_new(conn, xml, false);

    if (!define || virDomainDefineXMLEnsureACL(conn, define->def) < 0)
        return NULL;
    return define_domain(conn, define);
}

virDomainPtr
msvmDomainDefineXMLFlags(virConnectPtr conn, const char *xml, unsigned int flags)
{
    g_autoptr(Define) define = NULL;

    virCheckFlags(VIR_DOMAIN_DEFINE_VALIDATE, NULL);

    define = define_new(conn, xml, flags & VIR_DOMAIN_DEFINE_VALIDATE);
    if (!define || virDomainDefineXMLFlagsEnsureACL(conn, define->def) < 0)
        return NULL;
    return define_domain(conn, define);
}

/* Starts what was just made, or takes it away again. */
static int
start_or_undo(Define *define)
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
        msvmConsumersForget(define->priv, define->uuid, define->def->name, keys_of(define));
    msvmCacheForget(define->priv->cache, define->uuid);
    return -1;
}

/* The machine could not be put back into what it was before when it is
 * destroyed: there is only one configuration. */
static int
require_new(const Define *define)
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
    g_autoptr(Define) define = NULL;
    g_autoptr(MsvmClaim) held = NULL;

    virCheckFlags(VIR_DOMAIN_START_VALIDATE, NULL);

    define = define_new(conn, xml, flags & VIR_DOMAIN_START_VALIDATE);
    if (!define || virDomainCreateXMLEnsureACL(conn, define->def) < 0)
        return NULL;
    held = claim(define);
    if (find_existing(define) < 0 || require_new(define) < 0 || define_run(define) < 0 || start_or_undo(define) < 0)
        return NULL;
    return virGetDomain(conn, define->def->name, define->def->uuid, define->id);
}
