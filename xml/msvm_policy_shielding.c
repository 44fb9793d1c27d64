/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shielding data and provisioning, as OpenStack's driver for Hyper-V reads
 * them: img_pdk_reference, and fsk:NAME for each @@NAME@@ of the guest's
 * answer file. What the instance says goes before what its image says.
 */
#include <config.h>

#include <string.h>

#include "virerror.h"

#include "xml/msvm_policy_shielding.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define MSVM_FABRIC_PREFIX "fsk:"
#define MSVM_FABRIC_COMPUTER_NAME "ComputerName"
#define MSVM_FABRIC_MAX_NAME 128
#define MSVM_FABRIC_MAX_VALUE 1024
#define MSVM_PDK "img_pdk_reference"


/* --- the reference ------------------------------------------------------- */

/* /containers/UUID, from a UUID or an href that ends like this. */
int
msvmPolicyPDKReference(const MsvmMetadata *metadata, char **reference, const char **source)
{
    const char *text = g_hash_table_lookup(metadata->instance, MSVM_PDK);
    g_autofree char *parent = NULL;
    g_autofree char *lower = NULL;
    const char *uuid;

    *reference = NULL;
    *source = text ? "instance property '" MSVM_PDK "'" : "image property '" MSVM_PDK "'";
    if (!text)
        text = g_hash_table_lookup(metadata->image, MSVM_PDK);
    if (!text)
        return 0;
    uuid = strrchr(text, '/') ? strrchr(text, '/') + 1 : text;
    parent = g_strndup(text, uuid - text);
    if (!g_uuid_string_is_valid(uuid) || (*parent && !g_str_has_suffix(parent, "/containers/"))) {
        virReportError(VIR_ERR_XML_ERROR, "%s: '%s' is not a reference of a Barbican container: a UUID or a URL "
                       "that ends in /containers/UUID is needed", *source, text);
        return -1;
    }
    lower = g_ascii_strdown(uuid, -1);
    *reference = g_strdup_printf("/containers/%s", lower);
    return 0;
}


/* --- fabric data ----------------------------------------------------------- */

static int
msvmPolicyCheckFabric(const char *name, const char *value)
{
    const char *bare = name + strlen(MSVM_FABRIC_PREFIX);

    if (!*bare || strlen(bare) > MSVM_FABRIC_MAX_NAME || strstr(bare, "@@")) {
        virReportError(VIR_ERR_XML_ERROR, "'%s' names no value of the specialization data: 1 to %d bytes without "
                       "@@ are needed after '" MSVM_FABRIC_PREFIX "'", name, MSVM_FABRIC_MAX_NAME);
        return -1;
    }
    if (strlen(value) > MSVM_FABRIC_MAX_VALUE) {
        virReportError(VIR_ERR_XML_ERROR, "the value of '%s' has more than %d bytes", name, MSVM_FABRIC_MAX_VALUE);
        return -1;
    }
    return 0;
}


static void
msvmPolicyCollectFabric(GHashTable *pairs, GHashTable *properties, MsvmProblems *problems)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(properties), (GCompareFunc)strcmp);
    GList *at;

    for (at = names; at; at = at->next) {
        const char *name = at->data;
        const char *value = g_hash_table_lookup(properties, name);

        if (g_str_has_prefix(name, MSVM_FABRIC_PREFIX) &&
            msvmProblemsCatch(problems, msvmPolicyCheckFabric(name, value), MSVM_SECURITY_PATH) == 0)
            g_hash_table_insert(pairs, g_strdup(name + strlen(MSVM_FABRIC_PREFIX)), g_strdup(value));
    }
}


/* The guest must come up under the name by which it is managed. */
static int
msvmPolicyComputerName(GHashTable *pairs, const virDomainDef *def)
{
    const char *name = g_hash_table_lookup(pairs, MSVM_FABRIC_COMPUTER_NAME);

    if (name && g_strcmp0(name, def->name) != 0) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "'" MSVM_FABRIC_PREFIX MSVM_FABRIC_COMPUTER_NAME "' is '%s', but "
                       "the domain is called '%s'", name, def->name);
        return -1;
    }
    if (!name)
        g_hash_table_insert(pairs, g_strdup(MSVM_FABRIC_COMPUTER_NAME), g_strdup(def->name));
    return 0;
}


static void
msvmPolicyStoreFabric(MsvmPolicy *policy, GHashTable *pairs)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(pairs), (GCompareFunc)strcmp);
    GPtrArray *keys = g_ptr_array_new();
    GPtrArray *values = g_ptr_array_new();
    GList *at;

    for (at = names; at; at = at->next) {
        g_ptr_array_add(keys, g_strdup_printf("@@%s@@", (const char *)at->data));
        g_ptr_array_add(values, g_strdup(g_hash_table_lookup(pairs, at->data)));
    }
    g_ptr_array_add(keys, NULL);
    g_ptr_array_add(values, NULL);
    policy->fabric_names = (char **)g_ptr_array_free(keys, FALSE);
    policy->fabric_values = (char **)g_ptr_array_free(values, FALSE);
}


void
msvmPolicyProvisioning(MsvmPolicy *policy, const MsvmMetadata *metadata, const virDomainDef *def,
                       MsvmProblems *problems)
{
    g_autoptr(GHashTable) pairs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    bool asked;

    msvmPolicyCollectFabric(pairs, metadata->image, problems);
    msvmPolicyCollectFabric(pairs, metadata->instance, problems);
    asked = policy->shielding_data || g_hash_table_size(pairs) > 0;
    policy->provision = metadata->provision == VIR_TRISTATE_BOOL_YES ||
                        (metadata->provision == VIR_TRISTATE_BOOL_ABSENT && asked);
    if ((policy->provision || g_hash_table_size(pairs) > 0) && !policy->keys[0])
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, MSVM_SECURITY_PATH,
                        "provisioning needs shielding data: '" MSVM_PDK "' or keys are missing");
    msvmProblemsCatch(problems, msvmPolicyComputerName(pairs, def), MSVM_SECURITY_PATH);
    if (g_hash_table_size(pairs) > MSVM_POLICY_MAX_FABRIC)
        msvmProblemsAdd(problems, VIR_ERR_XML_ERROR, MSVM_SECURITY_PATH,
                        "more than %d values of the specialization data", MSVM_POLICY_MAX_FABRIC);
    msvmPolicyStoreFabric(policy, pairs);
}
