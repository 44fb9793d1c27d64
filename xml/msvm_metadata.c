/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include "virerror.h"

#include "xml/msvm_metadata.h"
#include "xml/msvm_metadata_nova.h"
#include "xml/msvm_policy.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

typedef struct {
    const char *name;
    const char *id;
} MsvmTemplate;

static const MsvmTemplate msvmTemplates[] = {
    { "MicrosoftWindows", MSVM_TEMPLATE_WINDOWS },
    { "MicrosoftUEFICertificateAuthority", MSVM_TEMPLATE_UEFI_CA },
    { "OpenSourceShieldedVM", MSVM_TEMPLATE_OPEN_SOURCE },
};


char *
msvmMetadataTemplateID(const char *name)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(msvmTemplates); i++) {
        if (g_str_equal(name, msvmTemplates[i].name))
            return g_strdup(msvmTemplates[i].id);
    }
    return g_uuid_string_is_valid(name) ? g_ascii_strdown(name, -1) : NULL;
}


const char *
msvmMetadataTemplateName(const char *id)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(msvmTemplates); i++) {
        if (g_ascii_strcasecmp(id, msvmTemplates[i].id) == 0)
            return msvmTemplates[i].name;
    }
    return NULL;
}


void
msvmMetadataFree(MsvmMetadata *metadata)
{
    if (!metadata)
        return;
    g_hash_table_unref(metadata->image);
    g_hash_table_unref(metadata->flavor);
    g_hash_table_unref(metadata->instance);
    g_ptr_array_unref(metadata->keys);
    g_free(metadata->template_id);
    g_free(metadata->owner);
    g_clear_pointer(&metadata->guardians, g_ptr_array_unref);
    g_free(metadata);
}


bool
msvmMetadataIsOurs(xmlNodePtr node)
{
    return node->type == XML_ELEMENT_NODE && node->ns &&
           xmlStrEqual(node->ns->href, BAD_CAST MSVM_NAMESPACE_URI);
}


/* --- grammar ------------------------------------------------------------- */

/* One child element of ours: what it is called, how it is read, and whether
 * there may be several. */
typedef struct {
    const char *name;
    int (*read)(MsvmMetadata *metadata, xmlNodePtr node);
    bool repeated;
} MsvmElement;

static int
msvmMetadataUnexpected(xmlNodePtr node, xmlNodePtr parent)
{
    if (node->type == XML_ELEMENT_NODE)
        virReportError(VIR_ERR_XML_ERROR, "unexpected element <%s> in <msvm:%s>", node->name, parent->name);
    else
        virReportError(VIR_ERR_XML_ERROR, "unexpected text in <msvm:%s>", parent->name);
    return -1;
}


static bool
msvmMetadataIsInsignificant(xmlNodePtr node)
{
    return node->type == XML_COMMENT_NODE || node->type == XML_PI_NODE || xmlIsBlankNode(node);
}


/* Makes a problem of what is wrong with a node, so that its siblings are read
 * all the same. */
static void
msvmMetadataCatch(MsvmMetadata *metadata, int rc, xmlNodePtr node)
{
    xmlChar *path = rc < 0 ? xmlGetNodePath(node) : NULL;
    g_autofree char *where = path ? g_strconcat("/domain", path, NULL) : NULL;

    msvmProblemsCatch(metadata->problems, rc, where);
    xmlFree(path);
}


static int
msvmMetadataReadChild(MsvmMetadata *metadata, xmlNodePtr child, const MsvmElement *elements, guint *seen)
{
    guint i;

    if (!msvmMetadataIsOurs(child))
        return msvmMetadataUnexpected(child, child->parent);
    for (i = 0; elements[i].name; i++) {
        if (xmlStrEqual(child->name, BAD_CAST elements[i].name))
            break;
    }
    if (!elements[i].name)
        return msvmMetadataUnexpected(child, child->parent);
    if (!elements[i].repeated && (*seen & (1u << i))) {
        virReportError(VIR_ERR_XML_ERROR, "<msvm:%s> is given more than once", child->name);
        return -1;
    }
    *seen |= 1u << i;
    return elements[i].read(metadata, child);
}


/* Reads the children of node after a table that ends with an empty row. */
static int
msvmMetadataReadChildren(MsvmMetadata *metadata, xmlNodePtr node, const MsvmElement *elements)
{
    xmlNodePtr child;
    guint seen = 0;

    for (child = node->children; child; child = child->next) {
        if (!msvmMetadataIsInsignificant(child))
            msvmMetadataCatch(metadata, msvmMetadataReadChild(metadata, child, elements, &seen), child);
    }
    return 0;
}


static int
msvmMetadataCheckEmpty(xmlNodePtr node)
{
    xmlNodePtr child;

    for (child = node->children; child; child = child->next) {
        if (!msvmMetadataIsInsignificant(child))
            return msvmMetadataUnexpected(child, node);
    }
    return 0;
}



/* Refuses attributes other than those listed (NULL-terminated). Attributes of
 * other namespaces are not our business. */
static int
msvmMetadataCheckAttributes(xmlNodePtr node, const char *const *names)
{
    xmlAttrPtr attribute;

    for (attribute = node->properties; attribute; attribute = attribute->next) {
        bool ours = !attribute->ns || xmlStrEqual(attribute->ns->href, BAD_CAST MSVM_NAMESPACE_URI);

        if (ours && (attribute->ns || !g_strv_contains(names, (const char *)attribute->name))) {
            virReportError(VIR_ERR_XML_ERROR, "unexpected attribute '%s' of <msvm:%s>", attribute->name,
                           node->name);
            return -1;
        }
    }
    return 0;
}


static char *
msvmMetadataAttribute(xmlNodePtr node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, BAD_CAST name);
    char *result = g_strdup((const char *)value);

    xmlFree(value);
    return result;
}


static char *
msvmMetadataRequired(xmlNodePtr node, const char *name)
{
    char *value = msvmMetadataAttribute(node, name);

    if (!value)
        virReportError(VIR_ERR_XML_ERROR, "missing attribute '%s' of <msvm:%s>", name, node->name);
    return value;
}


static int
msvmMetadataYesNo(xmlNodePtr node, const char *name, virTristateBool *result)
{
    g_autofree char *value = msvmMetadataAttribute(node, name);

    if (!value)
        return 0;
    if (g_str_equal(value, "yes")) {
        *result = VIR_TRISTATE_BOOL_YES;
    } else if (g_str_equal(value, "no")) {
        *result = VIR_TRISTATE_BOOL_NO;
    } else {
        virReportError(VIR_ERR_XML_ERROR, "attribute '%s' of <msvm:%s> must be 'yes' or 'no', not '%s'",
                       name, node->name, value);
        return -1;
    }
    return 0;
}


/* --- the elements -------------------------------------------------------- */

static int
msvmMetadataReadPair(GHashTable *table, xmlNodePtr node, const char *what)
{
    static const char *const names[] = { "name", "value", NULL };
    g_autofree char *given = NULL;
    g_autofree char *name = NULL;
    g_autofree char *value = NULL;

    if (msvmMetadataCheckAttributes(node, names) < 0 ||
        msvmMetadataCheckEmpty(node) < 0 ||
        !(given = msvmMetadataRequired(node, "name")) || !(value = msvmMetadataRequired(node, "value")))
        return -1;
    name = g_strdup(msvmMetadataNovaName(given));
    if (!*name) {
        virReportError(VIR_ERR_XML_ERROR, "%s without a name", what);
        return -1;
    }
    if (g_hash_table_contains(table, name)) {
        virReportError(VIR_ERR_XML_ERROR, "%s '%s' is given more than once", what, name);
        return -1;
    }
    if (g_hash_table_size(table) >= MSVM_METADATA_MAX_PROPERTIES) {
        virReportError(VIR_ERR_XML_ERROR, "more than %d of <msvm:%s>", MSVM_METADATA_MAX_PROPERTIES,
                       node->name);
        return -1;
    }
    g_hash_table_insert(table, g_steal_pointer(&name), g_steal_pointer(&value));
    return 0;
}


static int
msvmMetadataReadProperty(MsvmMetadata *metadata, xmlNodePtr node)
{
    return msvmMetadataReadPair(metadata->image, node, "image property");
}


static int
msvmMetadataReadExtraSpec(MsvmMetadata *metadata, xmlNodePtr node)
{
    return msvmMetadataReadPair(metadata->flavor, node, "flavor extra spec");
}


static int
msvmMetadataReadKey(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const char *const names[] = { "secret", NULL };
    g_autofree char *secret = NULL;

    if (msvmMetadataCheckAttributes(node, names) < 0 ||
        msvmMetadataCheckEmpty(node) < 0 ||
        !(secret = msvmMetadataRequired(node, "secret")))
        return -1;
    if (!g_uuid_string_is_valid(secret)) {
        virReportError(VIR_ERR_XML_ERROR, "attribute 'secret' of <msvm:key> is not a UUID: '%s'", secret);
        return -1;
    }
    if (metadata->keys->len >= MSVM_POLICY_MAX_KEYS) {
        virReportError(VIR_ERR_XML_ERROR, "<msvm:keys> names more than %d keys", MSVM_POLICY_MAX_KEYS);
        return -1;
    }
    g_ptr_array_add(metadata->keys, g_ascii_strdown(secret, -1));
    return 0;
}


static const char *const msvmNoAttributes[] = { NULL };

static int
msvmMetadataReadImage(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const MsvmElement elements[] = {
        { "property", msvmMetadataReadProperty, true }, { NULL, NULL, false },
    };

    if (msvmMetadataCheckAttributes(node, msvmNoAttributes) < 0)
        return -1;
    return msvmMetadataReadChildren(metadata, node, elements);
}


static int
msvmMetadataReadFlavor(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const MsvmElement elements[] = {
        { "extraSpec", msvmMetadataReadExtraSpec, true }, { NULL, NULL, false },
    };

    if (msvmMetadataCheckAttributes(node, msvmNoAttributes) < 0)
        return -1;
    return msvmMetadataReadChildren(metadata, node, elements);
}


static int
msvmMetadataReadInstanceProperty(MsvmMetadata *metadata, xmlNodePtr node)
{
    return msvmMetadataReadPair(metadata->instance, node, "instance property");
}


static int
msvmMetadataReadInstance(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const MsvmElement elements[] = {
        { "property", msvmMetadataReadInstanceProperty, true }, { NULL, NULL, false },
    };

    if (msvmMetadataCheckAttributes(node, msvmNoAttributes) < 0)
        return -1;
    return msvmMetadataReadChildren(metadata, node, elements);
}


static int
msvmMetadataReadKeys(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const MsvmElement elements[] = {
        { "key", msvmMetadataReadKey, true }, { NULL, NULL, false },
    };

    if (msvmMetadataCheckAttributes(node, msvmNoAttributes) < 0 ||
        msvmMetadataReadChildren(metadata, node, elements) < 0)
        return -1;
    if (!xmlFirstElementChild(node)) {
        virReportError(VIR_ERR_XML_ERROR, "%s", "<msvm:keys> without <msvm:key>");
        return -1;
    }
    metadata->has_keys = true;
    return 0;
}


static int
msvmMetadataReadSecureBoot(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const char *const names[] = { "template", NULL };
    g_autofree char *name = NULL;

    if (msvmMetadataCheckAttributes(node, names) < 0 ||
        msvmMetadataCheckEmpty(node) < 0 ||
        !(name = msvmMetadataRequired(node, "template")))
        return -1;
    metadata->template_id = msvmMetadataTemplateID(name);
    if (!metadata->template_id) {
        virReportError(VIR_ERR_XML_ERROR, "unknown Secure Boot template '%s' in <msvm:secureBoot>; give "
                       "MicrosoftWindows, MicrosoftUEFICertificateAuthority, OpenSourceShieldedVM or a "
                       "template's UUID", name);
        return -1;
    }
    return 0;
}


static int
msvmMetadataReadPolicy(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const char *const names[] = { "shielded", "encryptTraffic", NULL };

    if (msvmMetadataCheckAttributes(node, names) < 0 ||
        msvmMetadataCheckEmpty(node) < 0 ||
        msvmMetadataYesNo(node, "shielded", &metadata->shielded) < 0)
        return -1;
    return msvmMetadataYesNo(node, "encryptTraffic", &metadata->encrypt_traffic);
}


static int
msvmMetadataReadOwner(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const char *const names[] = { "guardian", "create", NULL };

    if (msvmMetadataCheckAttributes(node, names) < 0 ||
        msvmMetadataCheckEmpty(node) < 0 ||
        !(metadata->owner = msvmMetadataRequired(node, "guardian")))
        return -1;
    if (!*metadata->owner || g_utf8_strlen(metadata->owner, -1) > MSVM_METADATA_MAX_GUARDIAN) {
        virReportError(VIR_ERR_XML_ERROR, "attribute 'guardian' of <msvm:owner> must have 1 to %d characters",
                       MSVM_METADATA_MAX_GUARDIAN);
        return -1;
    }
    return msvmMetadataYesNo(node, "create", &metadata->create_owner);
}


static int
msvmMetadataReadProvisioning(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const char *const names[] = { "run", NULL };
    g_autofree char *run = NULL;

    if (msvmMetadataCheckAttributes(node, names) < 0 ||
        msvmMetadataCheckEmpty(node) < 0 || !(run = msvmMetadataRequired(node, "run")))
        return -1;
    return msvmMetadataYesNo(node, "run", &metadata->provision);
}


static int
msvmMetadataReadGuardian(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const char *const names[] = { "name", "allowExpired", NULL };
    virTristateBool allow_expired = VIR_TRISTATE_BOOL_ABSENT;
    g_autofree char *name = NULL;

    if (msvmMetadataCheckAttributes(node, names) < 0 || msvmMetadataCheckEmpty(node) < 0 ||
        !(name = msvmMetadataRequired(node, "name")) ||
        msvmMetadataYesNo(node, "allowExpired", &allow_expired) < 0)
        return -1;
    if (!*name || g_utf8_strlen(name, -1) > MSVM_METADATA_MAX_GUARDIAN) {
        virReportError(VIR_ERR_XML_ERROR, "attribute 'name' of <msvm:guardian> must have 1 to %d characters",
                       MSVM_METADATA_MAX_GUARDIAN);
        return -1;
    }
    if (metadata->guardians->len >= MSVM_METADATA_MAX_GUARDIANS) {
        virReportError(VIR_ERR_XML_ERROR, "<msvm:guardians> names more than %d guardians",
                       MSVM_METADATA_MAX_GUARDIANS);
        return -1;
    }
    if (hyperv_grant_find(metadata->guardians, name)) {
        virReportError(VIR_ERR_XML_ERROR, "guardian '%s' is given more than once", name);
        return -1;
    }
    g_ptr_array_add(metadata->guardians, hyperv_grant_new(name, allow_expired == VIR_TRISTATE_BOOL_YES));
    return 0;
}


static int
msvmMetadataReadGuardians(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const MsvmElement elements[] = {
        { "guardian", msvmMetadataReadGuardian, true }, { NULL, NULL, false },
    };

    metadata->guardians = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_grant_free);
    if (msvmMetadataCheckAttributes(node, msvmNoAttributes) < 0)
        return -1;
    return msvmMetadataReadChildren(metadata, node, elements);
}


static int
msvmMetadataReadTPM(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const char *const names[] = { "discardState", NULL };

    if (msvmMetadataCheckAttributes(node, names) < 0 || msvmMetadataCheckEmpty(node) < 0)
        return -1;
    return msvmMetadataYesNo(node, "discardState", &metadata->discard_tpm_state);
}


/* Ours to write: what a running domain shows may be defined again. */
static int
msvmMetadataReadStatus(MsvmMetadata *metadata G_GNUC_UNUSED, xmlNodePtr node G_GNUC_UNUSED)
{
    return 0;
}


static int
msvmMetadataReadSecurity(MsvmMetadata *metadata, xmlNodePtr node)
{
    static const MsvmElement elements[] = {
        { "image", msvmMetadataReadImage, false },
        { "flavor", msvmMetadataReadFlavor, false },
        { "instance", msvmMetadataReadInstance, false },
        { "keys", msvmMetadataReadKeys, false },
        { "secureBoot", msvmMetadataReadSecureBoot, false },
        { "policy", msvmMetadataReadPolicy, false },
        { "owner", msvmMetadataReadOwner, false },
        { "guardians", msvmMetadataReadGuardians, false },
        { "tpm", msvmMetadataReadTPM, false },
        { "status", msvmMetadataReadStatus, false },
        { "provisioning", msvmMetadataReadProvisioning, false },
        { NULL, NULL, false },
    };

    if (msvmMetadataCheckAttributes(node, msvmNoAttributes) < 0)
        return -1;
    return msvmMetadataReadChildren(metadata, node, elements);
}


static int
msvmMetadataReadRoot(MsvmMetadata *metadata, xmlNodePtr child, bool *seen)
{
    if (!xmlStrEqual(child->name, BAD_CAST "security")) {
        virReportError(VIR_ERR_XML_ERROR, "unexpected element <msvm:%s> in <metadata>", child->name);
        return -1;
    }
    if (*seen) {
        virReportError(VIR_ERR_XML_ERROR, "%s", "<msvm:security> is given more than once");
        return -1;
    }
    *seen = true;
    return msvmMetadataReadSecurity(metadata, child);
}


MsvmMetadata *
msvmMetadataCollect(xmlNodePtr node, MsvmProblems *problems)
{
    g_autoptr(MsvmMetadata) metadata = g_new0(MsvmMetadata, 1);
    bool seen = false;
    xmlNodePtr child;

    metadata->image = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    metadata->flavor = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    metadata->instance = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    metadata->keys = g_ptr_array_new_with_free_func(g_free);
    metadata->problems = problems;
    for (child = node ? node->children : NULL; child; child = child->next) {
        if (msvmMetadataIsOurs(child))
            msvmMetadataCatch(metadata, msvmMetadataReadRoot(metadata, child, &seen), child);
    }
    if (node)
        msvmMetadataCatch(metadata, msvmMetadataNovaRead(metadata, node), node);
    metadata->problems = NULL;
    return g_steal_pointer(&metadata);
}


MsvmMetadata *
msvmMetadataNew(xmlNodePtr node)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();
    g_autoptr(MsvmMetadata) metadata = msvmMetadataCollect(node, problems);

    return msvmProblemsReport(problems) < 0 ? NULL : g_steal_pointer(&metadata);
}


static bool
msvmMetadataStripSecurity(xmlNodePtr security)
{
    xmlNodePtr child, next;
    bool changed = false;

    for (child = security->children; child; child = next) {
        next = child->next;
        if (!msvmMetadataIsOurs(child) ||
            (!xmlStrEqual(child->name, BAD_CAST "tpm") && !xmlStrEqual(child->name, BAD_CAST "status")))
            continue;
        xmlUnlinkNode(child);
        xmlFreeNode(child);
        changed = true;
    }
    return changed;
}


xmlNodePtr
msvmMetadataStrip(xmlNodePtr metadata)
{
    xmlNodePtr child, next;
    bool emptied = false;

    for (child = metadata ? metadata->children : NULL; child; child = next) {
        next = child->next;
        if (!msvmMetadataIsOurs(child) || !msvmMetadataStripSecurity(child) || xmlFirstElementChild(child))
            continue;
        xmlUnlinkNode(child);
        xmlFreeNode(child);
        emptied = true;
    }
    if (!emptied || xmlFirstElementChild(metadata))
        return metadata;
    xmlFreeNode(metadata);
    return NULL;
}
