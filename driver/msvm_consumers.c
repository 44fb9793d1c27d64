/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_consumers.h"

#include "keymgr/keymgr.h"
#include "xml/msvm_domain.h"

#include "virerror.h"
#include "virlog.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define SERVICE "libvirt-msvm"
#define RESOURCE_TYPE "domain"

VIR_LOG_INIT("msvm.consumers");

struct MsvmConsumers {
    Keymgr *keymgr; /* NULL: nothing to do */
    char *uuid;
    char *name;
    char **added;
    char **removed;
};

/* The keys of one list that are not in another; each once. */
static char **
difference(const char *const *keys, const char *const *without)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    size_t i;

    for (i = 0; keys && keys[i]; i++) {
        bool skip = without && g_strv_contains(without, keys[i]);
        size_t j;

        for (j = 0; j < i && !skip; j++)
            skip = STREQ(keys[j], keys[i]);
        if (!skip)
            g_strv_builder_add(builder, keys[i]);
    }
    return g_strv_builder_end(builder);
}

static void
consumers_free(MsvmConsumers *consumers)
{
    g_clear_pointer(&consumers->keymgr, keymgr_unref);
    g_free(consumers->uuid);
    g_free(consumers->name);
    g_strfreev(consumers->added);
    g_strfreev(consumers->removed);
    g_free(consumers);
}

/* NULL where no consumers are wanted, or the configuration is no good, which
 * is for those to report who need a key. */
static Keymgr *
wanting_keymgr(MsvmPrivate *priv)
{
    g_autoptr(Keymgr) keymgr = msvmKeysGetKeymgr(priv->keys);

    if (!keymgr)
        virResetLastError();
    return keymgr && keymgr_wants_consumers(keymgr) ? g_steal_pointer(&keymgr) : NULL;
}

bool
msvmConsumersWanted(MsvmPrivate *priv)
{
    g_autoptr(Keymgr) keymgr = wanting_keymgr(priv);

    return keymgr != NULL;
}

char **
msvmConsumersKeys(MsvmPrivate *priv, const HypervMachine *machine)
{
    g_autoptr(virDomainDef) def = machine ? msvmDomainDefNew(machine, -1, priv->xmlopt) : NULL;
    g_autoptr(MsvmPolicy) policy = def ? msvmPolicyNew(def) : NULL;

    if (policy)
        return g_steal_pointer(&policy->keys);
    if (machine)
        virResetLastError();
    return g_new0(char *, 1);
}

/* Consumers of a container have a name and a URL, and no type. The keys of a
 * domain are secrets, or one container. */
static KeymgrConsumer *
consumer_of(const MsvmConsumers *consumers, char **keys)
{
    KeymgrConsumer *consumer = g_new0(KeymgrConsumer, 1);
    bool is_container = g_str_has_prefix(keys[0], "/containers/");

    consumer->service = g_strdup(SERVICE);
    consumer->resource_type = is_container ? NULL : g_strdup(RESOURCE_TYPE);
    consumer->resource_id = g_strconcat(is_container ? "urn:uuid:" : "", consumers->uuid, NULL);
    return consumer;
}

static bool
add(MsvmConsumers *consumers)
{
    g_autoptr(KeymgrConsumer) consumer = NULL;
    g_autoptr(GError) error = NULL;

    if (!consumers->keymgr || !consumers->added[0])
        return true;
    consumer = consumer_of(consumers, consumers->added);
    if (keymgr_add_consumer(consumers->keymgr, (const char *const *)consumers->added, consumer, NULL, &error))
        return true;
    msvmReportError(error, NULL, _("cannot register domain '%s' with its secrets"), consumers->name);
    return false;
}

static void
take_away(MsvmConsumers *consumers, char **keys)
{
    g_autoptr(KeymgrConsumer) consumer = NULL;
    g_autoptr(GError) error = NULL;

    if (!consumers->keymgr || !keys[0])
        return;
    consumer = consumer_of(consumers, keys);
    if (keymgr_remove_consumer(consumers->keymgr, (const char *const *)keys, consumer, NULL, &error))
        return;
    /* Not registered, or the secret itself is gone: as it should be. */
    if (g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_NOT_FOUND))
        VIR_DEBUG("Domain '%s' (%s): %s", consumers->name, consumers->uuid, error->message);
    else
        VIR_WARN("Domain '%s' (%s) stays registered with secrets that it does not need: %s", consumers->name,
                 consumers->uuid, error->message);
}

/* An ephemeral secret is in no key manager, or is not the one there. */
static char **
without_ephemeral(MsvmPrivate *priv, char **keys)
{
    g_auto(GStrv) all = keys;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    size_t i;

    for (i = 0; all[i]; i++) {
        if (!msvmSecretStoreIsEphemeral(msvmKeysSecrets(priv->keys), all[i]))
            g_strv_builder_add(builder, all[i]);
    }
    return g_strv_builder_end(builder);
}

MsvmConsumers *
msvmConsumersBegin(MsvmPrivate *priv, const char *uuid, const char *name, const char *const *before,
                   const char *const *after)
{
    MsvmConsumers *consumers = g_new0(MsvmConsumers, 1);

    consumers->uuid = g_strdup(uuid);
    consumers->name = g_strdup(name);
    consumers->added = without_ephemeral(priv, difference(after, before));
    consumers->removed = difference(before, after);
    if (consumers->added[0] || consumers->removed[0])
        consumers->keymgr = wanting_keymgr(priv);
    if (add(consumers))
        return consumers;
    consumers_free(consumers);
    return NULL;
}

void
msvmConsumersEnd(MsvmConsumers *consumers, bool changed)
{
    take_away(consumers, changed ? consumers->removed : consumers->added);
    consumers_free(consumers);
}

void
msvmConsumersForget(MsvmPrivate *priv, const char *uuid, const char *name, const char *const *keys)
{
    MsvmConsumers *consumers = msvmConsumersBegin(priv, uuid, name, keys, NULL);

    if (consumers)
        msvmConsumersEnd(consumers, true);
}
