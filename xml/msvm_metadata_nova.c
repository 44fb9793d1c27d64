/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "virerror.h"

#include "xml/msvm_metadata_nova.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* Nova's ImageMetaProps keeps what older releases called otherwise under the
 * first name; images in Glance still have the second. */
static const struct {
    const char *nova;
    const char *name;
} msvmNovaNames[] = {
    { "img_hv_type", "hypervisor_type" },
    { "img_hv_requested_version", "hypervisor_version_requires" },
};

/* A list of Nova's, and the table of ours that it belongs into. */
typedef struct {
    const char *what;   /* for messages */
    const char *ours;
    const char *path[3]; /* below <nova:instance>: the last is the entry */
} MsvmNovaList;

static const MsvmNovaList msvmNovaImage = {
    "image property", "msvm:image", { "image", "properties", "property" },
};
static const MsvmNovaList msvmNovaFlavor = {
    "flavor extra spec", "msvm:flavor", { "flavor", "extraSpecs", "extraSpec" },
};


const char *
msvmMetadataNovaName(const char *name)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(msvmNovaNames); i++) {
        if (g_str_equal(name, msvmNovaNames[i].nova))
            return msvmNovaNames[i].name;
    }
    return name;
}


static bool
msvmNovaIs(xmlNodePtr node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && node->ns &&
           xmlStrEqual(node->ns->href, BAD_CAST MSVM_NOVA_NAMESPACE_URI) && xmlStrEqual(node->name, BAD_CAST name);
}


static int
msvmNovaAdd(GHashTable *table, const MsvmNovaList *list, xmlNodePtr node)
{
    xmlChar *raw_name = xmlGetNoNsProp(node, BAD_CAST "name");
    xmlChar *raw_value = xmlNodeGetContent(node);
    g_autofree char *name = raw_name ? g_strdup(msvmMetadataNovaName((char *)raw_name)) : NULL;
    g_autofree char *value = g_strdup(raw_value ? (char *)raw_value : "");

    xmlFree(raw_name);
    xmlFree(raw_value);
    if (!name || !*name)
        return 0; /* nothing that we could know */
    if (g_hash_table_contains(table, name)) {
        virReportError(VIR_ERR_XML_ERROR, "%s '%s' is given more than once in <nova:instance>", list->what, name);
        return -1;
    }
    if (g_hash_table_size(table) >= MSVM_METADATA_MAX_PROPERTIES) {
        virReportError(VIR_ERR_XML_ERROR, "more than %d of <nova:%s>", MSVM_METADATA_MAX_PROPERTIES,
                       list->path[1]);
        return -1;
    }
    g_hash_table_insert(table, g_steal_pointer(&name), g_steal_pointer(&value));
    return 0;
}


/* Walks down the path of a list. depth: how far node is. */
static int
msvmNovaCollect(GHashTable *table, const MsvmNovaList *list, xmlNodePtr node, size_t depth)
{
    xmlNodePtr child;

    if (depth == G_N_ELEMENTS(list->path))
        return msvmNovaAdd(table, list, node);
    for (child = node->children; child; child = child->next) {
        if (msvmNovaIs(child, list->path[depth]) && msvmNovaCollect(table, list, child, depth + 1) < 0)
            return -1;
    }
    return 0;
}


/* Joins what Nova says to what ours say: nobody can tell which of two
 * different answers was meant. */
static int
msvmNovaJoin(GHashTable *ours, GHashTable *nova, const MsvmNovaList *list)
{
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, nova);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const char *said = g_hash_table_lookup(ours, name);

        if (said && !g_str_equal(said, value)) {
            virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                           "%s '%s' is '%s' in <%s> but '%s' in <nova:%s>", list->what, (const char *)name, said,
                           list->ours, (const char *)value, list->path[0]);
            return -1;
        }
        if (!said)
            g_hash_table_insert(ours, g_strdup(name), g_strdup(value));
    }
    return 0;
}


static int
msvmNovaReadList(GHashTable *ours, const MsvmNovaList *list, xmlNodePtr metadata)
{
    g_autoptr(GHashTable) nova = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    xmlNodePtr child;

    for (child = metadata->children; child; child = child->next) {
        if (msvmNovaIs(child, "instance") && msvmNovaCollect(nova, list, child, 0) < 0)
            return -1;
    }
    return msvmNovaJoin(ours, nova, list);
}


int
msvmMetadataNovaRead(MsvmMetadata *metadata, xmlNodePtr node)
{
    if (!node)
        return 0;
    if (msvmNovaReadList(metadata->image, &msvmNovaImage, node) < 0)
        return -1;
    return msvmNovaReadList(metadata->flavor, &msvmNovaFlavor, node);
}


static bool
msvmNovaSameTable(GHashTable *a, GHashTable *b)
{
    GHashTableIter iter;
    gpointer name, value;

    g_hash_table_iter_init(&iter, a);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        if (g_strcmp0(g_hash_table_lookup(b, name), value) != 0)
            return false;
    }
    return g_hash_table_size(a) == g_hash_table_size(b);
}


static bool
msvmNovaSameList(xmlNodePtr metadata, xmlNodePtr element, const MsvmNovaList *list)
{
    g_autoptr(GHashTable) before = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) after = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    int rc = metadata ? msvmNovaReadList(before, list, metadata) : 0;

    if (rc == 0 && element && msvmNovaIs(element, "instance"))
        rc = msvmNovaCollect(after, list, element, 0);
    if (rc < 0)
        virResetLastError();
    return rc == 0 && msvmNovaSameTable(before, after);
}


bool
msvmMetadataNovaSame(xmlNodePtr metadata, xmlNodePtr element)
{
    return msvmNovaSameList(metadata, element, &msvmNovaImage) &&
           msvmNovaSameList(metadata, element, &msvmNovaFlavor);
}
