/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_target.h"

#include "driver/msvm_lookup.h"

#include "virerror.h"
#include "viruuid.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

void
msvmTargetFree(MsvmTarget *target)
{
    if (!target)
        return;
    virDomainDefFree(target->def);
    g_free(target->guid);
    g_free(target);
}

int
msvmMachineId(HypervState state, guint32 process_id)
{
    return hyperv_state_is_active(state) && process_id > 0 && process_id <= INT_MAX ? (int)process_id : -1;
}

/* Asks the host which machine it is. */
static int
resolve(MsvmTarget *target, const char *name)
{
    guint64 ticket = msvmCacheTicket(target->priv->cache);
    g_autoptr(HypervFound) found = msvmLookupFindByUUID(target->priv, target->def->uuid, name);

    if (!found)
        return -1;
    g_free(target->guid);
    target->guid = g_strdup(found->guid);
    g_free(target->def->name);
    target->def->name = g_strdup(found->name);
    target->remembered = false;
    msvmCachePut(target->priv->cache, ticket, target->uuid, g_steal_pointer(&found));
    return 0;
}

MsvmTarget *
msvmTargetNew(virDomainPtr dom)
{
    g_autoptr(MsvmTarget) target = g_new0(MsvmTarget, 1);

    target->conn = dom->conn;
    target->priv = msvmPrivateOf(dom->conn);
    if (!(target->def = virDomainDefNew(target->priv->xmlopt)))
        return NULL;
    memcpy(target->def->uuid, dom->uuid, VIR_UUID_BUFLEN);
    virUUIDFormat(dom->uuid, target->uuid);
    target->remembered = msvmCacheFind(target->priv->cache, target->uuid, &target->guid, &target->def->name);
    if (!target->remembered && resolve(target, dom->name) < 0)
        return NULL;
    return g_steal_pointer(&target);
}

int
msvmTargetRun(MsvmTarget *target, const char *what, MsvmAction action, gpointer opaque)
{
    g_autoptr(GError) error = NULL;

    if (action(target, opaque, &error))
        return 0;
    if (g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE) && target->remembered) {
        msvmCacheForget(target->priv->cache, target->uuid);
        if (resolve(target, target->def->name) < 0)
            return -1;
        g_clear_error(&error);
        if (action(target, opaque, &error))
            return 0;
    }
    if (g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE)) {
        msvmCacheForget(target->priv->cache, target->uuid);
        msvmLookupReportNoDomain(target->priv, target->def->uuid, target->def->name);
        return -1;
    }
    msvmReportHostError(target->priv, error, "%s domain '%s'", what, target->def->name);
    return -1;
}

int
msvmTargetChange(MsvmTarget *target, const char *what, MsvmAction action, gpointer opaque)
{
    int ret;

    /* Before, so that nothing that is fetched from here on counts as fresh
     * afterwards; and after, for what is fetched meanwhile. */
    msvmCacheChanged(target->priv->cache);
    ret = msvmTargetRun(target, what, action, opaque);
    msvmCacheChanged(target->priv->cache);
    return ret;
}

typedef struct {
    HypervState state;
    guint32 process_id;
} StateAnswer;

static gboolean
query_state(MsvmTarget *target, gpointer opaque, GError **error)
{
    StateAnswer *answer = opaque;

    return hyperv_query_state(target->priv->host, target->guid, &answer->state, &answer->process_id, NULL, error);
}

int
msvmTargetState(MsvmTarget *target, MsvmQuestion question, HypervState *state, int *id)
{
    g_autoptr(HypervFound) found = msvmCacheAsk(target->priv->cache, target->uuid, question);
    StateAnswer answer = { 0 };

    if (found) {
        answer.state = found->state;
        answer.process_id = found->process_id;
    } else if (msvmTargetRun(target, _("cannot get the state of"), query_state, &answer) < 0) {
        return -1;
    }
    *state = answer.state;
    if (id)
        *id = msvmMachineId(answer.state, answer.process_id);
    return 0;
}

static gboolean
query_details(MsvmTarget *target, gpointer opaque, GError **error)
{
    HypervFound **found = opaque;

    *found = hyperv_find_by_guid(target->priv->host, target->guid, NULL, error);
    return *found != NULL;
}

HypervFound *
msvmTargetDetails(MsvmTarget *target, MsvmQuestion question)
{
    HypervFound *found = msvmCacheAsk(target->priv->cache, target->uuid, question);

    if (found && found->has_settings)
        return found;
    g_clear_pointer(&found, hyperv_found_free);
    if (msvmTargetRun(target, _("cannot get the settings of"), query_details, &found) < 0)
        return NULL;
    return found;
}

int
msvmTargetRequireActive(MsvmTarget *target)
{
    HypervState state;

    if (msvmTargetState(target, MSVM_ASK_POWER, &state, NULL) < 0)
        return -1;
    if (hyperv_state_is_active(state))
        return 0;
    virReportError(VIR_ERR_OPERATION_INVALID, _("domain '%s' is not running"), target->def->name);
    return -1;
}
