/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_domain_xml.h"

#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_security.h"
#include "xml/msvm_domain.h"
#include "xml/msvm_status.h"

#include "viraccessapicheck.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* What a look-up has read of it already, or NULL; and what comes out. */
typedef struct {
    HypervFound *found;
    HypervMachine *machine;
} Load;

static gboolean
load(MsvmTarget *target, gpointer opaque, GError **error)
{
    Load *it = opaque;

    /* The action may run again, for another machine. */
    if (it->found && STRNEQ(it->found->guid, target->guid))
        g_clear_pointer(&it->found, hyperv_found_free);
    if (!it->found && !(it->found = hyperv_find_by_guid(target->priv->host, target->guid, NULL, error)))
        return FALSE;
    it->machine = hyperv_load_found(target->priv->host, it->found, NULL, error);
    return it->machine != NULL;
}

/* 0, or -1 with an error reported. id: may be NULL. */
static int
load_target(MsvmTarget *target, MsvmQuestion question, HypervMachine **machine, int *id)
{
    Load it = { msvmCacheAsk(target->priv->cache, target->uuid, question), NULL };
    int rc;

    if (it.found && !it.found->has_settings)
        g_clear_pointer(&it.found, hyperv_found_free);
    rc = msvmTargetRun(target, _("cannot get the configuration of"), load, &it);
    if (rc == 0) {
        *machine = it.machine;
        if (id)
            *id = msvmMachineId(it.found->state, it.found->process_id);
    }
    g_clear_pointer(&it.found, hyperv_found_free);
    return rc;
}

HypervMachine *
msvmTargetLoad(MsvmTarget *target)
{
    HypervMachine *machine = NULL;

    return load_target(target, MSVM_ASK_MACHINE, &machine, NULL) < 0 ? NULL : machine;
}

static gboolean
read_status(MsvmPrivate *priv, const char *guid, MsvmStatus *status, GError **error)
{
    HypervCall call = { .host = priv->host };
    g_autoptr(GBytes) protector = NULL;
    gsize size;
    const guint8 *data;

    if (!hyperv_security_query_running(&call, guid, &status->shielded, &status->encrypted, error) ||
        !hyperv_read_protector(priv->host, guid, &protector, NULL, error))
        return FALSE;
    if (!protector)
        return TRUE;
    data = g_bytes_get_data(protector, &size);
    status->protector = hyperv_authorise(priv->host, data, size, NULL, error);
    return status->protector != NULL;
}

/* What of it cannot be read is no reason to show nothing of a domain. */
static void
add_status(MsvmTarget *target, virDomainDef *def)
{
    g_autoptr(GError) error = NULL;
    MsvmStatus status = { 0 };

    if (!read_status(target->priv, target->guid, &status, &error))
        status.problem = error->message;
    msvmStatusAdd(def, &status);
    g_clear_pointer(&status.protector, hyperv_authorisation_free);
}

char *
msvmDomainGetXMLDesc(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(HypervMachine) machine = NULL;
    g_autoptr(virDomainDef) def = NULL;
    int id;

    virCheckFlags(VIR_DOMAIN_XML_COMMON_FLAGS | VIR_DOMAIN_XML_UPDATE_CPU, NULL);

    if (!(target = msvmTargetNew(dom)) || virDomainGetXMLDescEnsureACL(dom->conn, target->def, flags) < 0 ||
        load_target(target, MSVM_ASK_XML, &machine, &id) < 0 ||
        !(def = msvmDomainDefNew(machine, id, target->priv->xmlopt)))
        return NULL;
    if (id >= 0 && machine->security.tpm_enabled && !(flags & VIR_DOMAIN_XML_INACTIVE))
        add_status(target, def);
    return virDomainDefFormat(def, target->priv->xmlopt, virDomainDefFormatConvertXMLFlags(flags));
}
