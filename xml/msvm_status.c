/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "xml/msvm_metadata.h"
#include "xml/msvm_policy.h"
#include "xml/msvm_status.h"

static xmlNodePtr
msvmStatusSecurity(virDomainDef *def)
{
    xmlNodePtr child;

    if (!def->metadata)
        def->metadata = xmlNewNode(NULL, BAD_CAST "metadata");
    for (child = def->metadata->children; child; child = child->next) {
        if (msvmMetadataIsOurs(child) && xmlStrEqual(child->name, BAD_CAST "security"))
            return child;
    }
    child = xmlNewChild(def->metadata, NULL, BAD_CAST "security", NULL);
    xmlSetNs(child, xmlNewNs(child, BAD_CAST MSVM_NAMESPACE_URI, BAD_CAST "msvm"));
    return child;
}


static xmlNodePtr
msvmStatusChild(xmlNodePtr parent, const char *name)
{
    return xmlNewChild(parent, parent->ns, BAD_CAST name, NULL);
}


static void
msvmStatusText(xmlNodePtr node, const char *name, const char *value)
{
    xmlSetProp(node, BAD_CAST name, BAD_CAST value);
}


static void
msvmStatusYesNo(xmlNodePtr node, const char *name, bool value)
{
    msvmStatusText(node, name, value ? "yes" : "no");
}


static void
msvmStatusCertificate(xmlNodePtr parent, const char *use, const HypervCertificate *certificate)
{
    xmlNodePtr node = msvmStatusChild(parent, "certificate");
    g_autofree char *not_after = hyperv_certificate_time(certificate->not_after);

    msvmStatusText(node, "use", use);
    msvmStatusText(node, "thumbprint", certificate->thumbprint);
    msvmStatusText(node, "notAfter", not_after);
    if (hyperv_certificate_age(certificate, g_get_real_time() / G_USEC_PER_SEC) == HYPERV_CERTIFICATE_EXPIRED)
        msvmStatusYesNo(node, "expired", true);
}


/* A guardian that the host does not know goes by its certificate's subject. */
static void
msvmStatusGuardian(xmlNodePtr parent, const HypervWrapping *wrapping, const GPtrArray *guardians)
{
    const HypervGuardian *guardian = hyperv_wrapping_guardian(wrapping, guardians);
    xmlNodePtr node = msvmStatusChild(parent, "guardian");

    if (guardian)
        msvmStatusText(node, "name", guardian->name);
    else
        msvmStatusText(node, "subject", wrapping->signing->subject);
    msvmStatusYesNo(node, "owner", wrapping->is_owner);
    msvmStatusYesNo(node, "privateKey", guardian && guardian->has_private_key);
    msvmStatusCertificate(node, "signing", wrapping->signing);
    msvmStatusCertificate(node, "encryption", wrapping->encryption);
}


static void
msvmStatusProtector(xmlNodePtr parent, const HypervAuthorisation *protector)
{
    static const char *const answers[] = {
        [HYPERV_AUTHORISES_YES] = "yes", [HYPERV_AUTHORISES_NO] = "no", [HYPERV_AUTHORISES_UNKNOWN] = "unknown",
    };
    xmlNodePtr node = msvmStatusChild(parent, "guard");
    guint i;

    msvmStatusText(node, "mode", hyperv_guard_mode_name(protector->guard.mode));
    msvmStatusYesNo(node, "guarded", protector->guard.is_guarded);
    msvmStatusText(node, "attestation", hyperv_attestation_name(protector->guard.attestation_status));
    node = msvmStatusChild(parent, "protector");
    msvmStatusText(node, "authorisesHost", answers[protector->authorises]);
    if (protector->reason)
        msvmStatusText(node, "reason", protector->reason);
    for (i = 0; i < protector->wrappings->len; i++)
        msvmStatusGuardian(node, g_ptr_array_index(protector->wrappings, i), protector->guardians);
}


void
msvmStatusAdd(virDomainDef *def, const MsvmStatus *status)
{
    xmlNodePtr node = msvmStatusChild(msvmStatusSecurity(def), "status");
    xmlNodePtr running = msvmStatusChild(node, "running");

    msvmStatusYesNo(running, "shielded", status->shielded);
    msvmStatusYesNo(running, "encrypted", status->encrypted);
    if (status->protector)
        msvmStatusProtector(node, status->protector);
    if (status->problem)
        msvmStatusText(node, "problem", status->problem);
}
