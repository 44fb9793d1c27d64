/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_secret_xml.h"

#include "virerror.h"
#include "viruuid.h"
#include "virxml.h"

#define VIR_FROM_THIS VIR_FROM_SECRET

/* libvirt's parser makes a UUID up where there is none. */
static int
has_uuid(const char *xml, const char *path, bool *has)
{
    g_autoptr(xmlXPathContext) ctxt = NULL;
    g_autoptr(xmlDoc) doc = virXMLParse(path, xml, _("(definition_of_secret)"), "secret", &ctxt, NULL, false);

    if (!doc)
        return -1;
    *has = virXPathNode("./uuid", ctxt) != NULL;
    return 0;
}

KeymgrDefinition *
msvmSecretParse(const char *xml, const char *path, unsigned int flags)
{
    g_autoptr(virSecretDef) def = virSecretDefParse(xml, path, flags);
    KeymgrDefinition *definition;
    char uuid[VIR_UUID_STRING_BUFLEN];
    bool has;

    if (!def || has_uuid(xml, path, &has) < 0)
        return NULL;
    definition = g_new0(KeymgrDefinition, 1);
    if (has) {
        virUUIDFormat(def->uuid, uuid);
        definition->id = g_strdup(uuid);
    }
    definition->usage_type = def->usage_type;
    definition->usage_id = g_steal_pointer(&def->usage_id);
    definition->description = g_steal_pointer(&def->description);
    definition->is_private = def->isprivate;
    definition->is_ephemeral = def->isephemeral;
    return definition;
}

virSecretDef *
msvmSecretDefNew(const KeymgrDefinition *definition)
{
    g_autoptr(virSecretDef) def = g_new0(virSecretDef, 1);

    if (virUUIDParse(definition->id, def->uuid) < 0) {
        virReportError(VIR_ERR_NO_SECRET, _("secret '%s' has no UUID"), definition->id);
        return NULL;
    }
    def->usage_type = definition->usage_type;
    def->usage_id = g_strdup(definition->usage_id);
    def->description = g_strdup(definition->description);
    def->isprivate = definition->is_private;
    def->isephemeral = definition->is_ephemeral;
    return g_steal_pointer(&def);
}

char *
msvmSecretFormat(const KeymgrDefinition *definition)
{
    g_autoptr(virSecretDef) def = msvmSecretDefNew(definition);

    return def ? virSecretDefFormat(def) : NULL;
}
