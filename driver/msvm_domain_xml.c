/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_domain_xml.h"

#include "hyperv/hyperv_load.h"
#include "xml/msvm_domain.h"

#include "viraccessapicheck.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

static gboolean
load(MsvmTarget *target, gpointer opaque, GError **error)
{
    HypervMachine **machine = opaque;

    *machine = hyperv_load(target->priv->host, target->guid, NULL, error);
    return *machine != NULL;
}

HypervMachine *
msvmTargetLoad(MsvmTarget *target)
{
    HypervMachine *machine = NULL;

    if (msvmTargetRun(target, _("cannot get the configuration of"), load, &machine) < 0)
        return NULL;
    return machine;
}

char *
msvmDomainGetXMLDesc(virDomainPtr dom, unsigned int flags)
{
    g_autoptr(MsvmTarget) target = NULL;
    g_autoptr(HypervMachine) machine = NULL;
    g_autoptr(virDomainDef) def = NULL;
    HypervState state;
    int id;

    virCheckFlags(VIR_DOMAIN_XML_COMMON_FLAGS | VIR_DOMAIN_XML_UPDATE_CPU, NULL);

    if (!(target = msvmTargetNew(dom)) || virDomainGetXMLDescEnsureACL(dom->conn, target->def, flags) < 0 ||
        msvmTargetState(target, MSVM_ASK_XML, &state, &id) < 0 || !(machine = msvmTargetLoad(target)) ||
        !(def = msvmDomainDefNew(machine, id, target->priv->xmlopt)))
        return NULL;
    return virDomainDefFormat(def, target->priv->xmlopt, virDomainDefFormatConvertXMLFlags(flags));
}
