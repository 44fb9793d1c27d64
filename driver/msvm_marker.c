/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_marker.h"

#include "driver/msvm_lookup.h"
#include "driver/msvm_work.h"
#include "hyperv/hyperv_define.h"
#include "hyperv/hyperv_load.h"
#include "hyperv/hyperv_settings.h"
#include "xml/msvm_domain.h"
#include "xml/msvm_metadata.h"
#include "xml/msvm_plan.h"

#include "virerror.h"
#include "virlog.h"
#include "virxml.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

VIR_LOG_INIT("msvm.marker");

#define MARKER_MIN_PAUSE_US (50 * 1000)
#define MARKER_MAX_PAUSE_US (5 * G_USEC_PER_SEC)

/* --- the mark ----------------------------------------------------------------------- */

static xmlNodePtr
parse_metadata(const char *text)
{
    g_autoptr(xmlXPathContext) context = NULL;
    g_autoptr(xmlDoc) doc = virXMLParseStringCtxt(text, _("metadata"), &context);

    return doc ? xmlCopyNode(xmlDocGetRootElement(doc), 1) : NULL;
}

/* What libvirt has no words for, as the host has it, and nothing else. */
static xmlNodePtr
format_protection(const HypervMachine *machine)
{
    const HypervSecurity *security = &machine->security;
    g_autofree char *text = msvmMetadataMerge(NULL, machine->generation == 2 ? machine->secure_boot_template : NULL,
                                              security->tpm_enabled && security->shielding_requested,
                                              security->tpm_enabled && security->encrypt_traffic);

    return text ? parse_metadata(text) : NULL;
}

/* The domain that a machine is. What the record says anyhow is left out. */
static char *
format_domain(MsvmPrivate *priv, const HypervMachine *machine, GError **error)
{
    g_autoptr(virDomainDef) def = msvmDomainDefNew(machine, -1, priv->xmlopt);
    char *text = NULL;

    if (def) {
        g_clear_pointer(&def->title, g_free);
        g_clear_pointer(&def->description, g_free);
        g_clear_pointer(&def->metadata, xmlFreeNode);
        def->metadata = format_protection(machine);
        text = virDomainDefFormat(def, priv->xmlopt, VIR_DOMAIN_DEF_FORMAT_INACTIVE | VIR_DOMAIN_DEF_FORMAT_SECURE);
    }
    if (!text) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "%s", virGetLastErrorMessage());
        virResetLastError();
    }
    return text;
}

/* Notes with the mark of a change that leads to this machine. */
static char *
format_mark(MsvmPrivate *priv, MsvmRecord *record, const HypervMachine *machine, GError **error)
{
    if (!(record->before = format_domain(priv, machine, error)))
        return NULL;
    msvmRecordSetCreator(record);
    return msvmRecordFormat(record);
}

/* A machine that was made elsewhere has no record, and its VM id as UUID. */
static void
adopt(MsvmRecord *record, const char *guid)
{
    if (!record->uuid)
        record->uuid = g_ascii_strdown(guid, -1);
}

static int
report_changer(const MsvmPrivate *priv, const MsvmRecord *record, const char *name)
{
    g_autoptr(GDateTime) since = g_date_time_new_from_unix_utc(record->creator.created);
    g_autofree char *time = since ? g_date_time_format(since, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("?");

    if (msvmRecordIsHere(record))
        virReportError(VIR_ERR_RESOURCE_BUSY,
                       _("another client is changing domain '%s' on host '%s' since %s (process %lld)"), name,
                       priv->name, time, (long long)record->creator.pid);
    else
        virReportError(VIR_ERR_RESOURCE_BUSY,
                       _("another client is changing domain '%s' on host '%s' since %s, from another Linux host or "
                         "container: if it is known to be gone, 'virsh domjobabort' brings the domain back to what "
                         "it was"), name, priv->name, time);
    return -1;
}

int
msvmMarkerRefuse(const MsvmPrivate *priv, const char *name, const char *notes)
{
    g_autoptr(MsvmRecord) record = msvmRecordParse(notes);

    return record->before ? report_changer(priv, record, name) : 0;
}

/* Whether its notes are these on the host now. */
static gboolean
has_notes(HypervHost *host, const HypervMachine *current, const char *notes, GError **error)
{
    g_autoptr(HypervFound) found = hyperv_find_by_guid(host, current->guid, NULL, error);

    if (!found)
        return FALSE;
    /* Somebody may have started it before he could see the mark. */
    if (g_strcmp0(found->notes, notes) == 0 && found->state != HYPERV_STATE_OFF) {
        hyperv_error_set(error, HYPERV_ERROR_INVALID_STATE, 0, "'%s' must be off for this change", current->name);
        return FALSE;
    }
    if (g_strcmp0(found->notes, notes) == 0)
        return TRUE;
    hyperv_error_set(error, HYPERV_ERROR_IN_USE, 0,
                     "another client is changing '%s': nothing was changed, try again", current->name);
    return FALSE;
}

/* Whether the mark is ours, once everybody who had not seen it has written his. */
static gboolean
settle(HypervHost *host, const HypervMachine *current, const char *notes, gint64 since, GError **error)
{
    gint64 took = g_get_monotonic_time() - since;

    g_usleep(CLAMP(2 * took, MARKER_MIN_PAUSE_US, MARKER_MAX_PAUSE_US));
    return has_notes(host, current, notes, error);
}

static gboolean
write_mark(HypervHost *host, const HypervMachine *current, const char *notes, GError **error)
{
    gint64 since = g_get_monotonic_time();
    g_autoptr(GError) local_error = NULL;

    if (!has_notes(host, current, current->notes, error) ||
        !hyperv_set_notes(host, current->guid, notes, NULL, error))
        return FALSE;
    if (settle(host, current, notes, since, &local_error))
        return TRUE;
    if (g_error_matches(local_error, HYPERV_ERROR, HYPERV_ERROR_INVALID_STATE))
        hyperv_set_notes(host, current->guid, current->notes ? current->notes : "", NULL, NULL);
    g_propagate_error(error, g_steal_pointer(&local_error));
    return FALSE;
}

/* The notes at the end, and before the very last step. */
static gboolean
set_later_notes(MsvmPrivate *priv, HypervChange *change, gint64 revision, GError **error)
{
    g_autoptr(MsvmRecord) record = msvmRecordParse(change->wanted->notes);

    record->revision = revision;
    g_free(change->wanted->notes);
    change->wanted->notes = msvmRecordFormat(record);
    if (!change->drops_protector)
        return TRUE;
    record->no_protector = true;
    change->drop_notes = format_mark(priv, record, change->wanted, error);
    return change->drop_notes != NULL;
}

gboolean
msvmMarkerSet(HypervHost *host, HypervChange *change, gpointer opaque, GError **error)
{
    const HypervMachine *current = change->current;
    MsvmPrivate *priv = opaque;
    g_autoptr(MsvmRecord) record = msvmRecordParse(current->notes);
    g_autofree char *notes = NULL;
    guint i;

    adopt(record, current->guid);
    record->no_protector = change->brings_protector;
    record->provisioning = g_strdup(change->provisioning ? change->provisioning->directory : NULL);
    if (change->granted) {
        record->granted = g_new0(char *, change->granted->len + 1);
        for (i = 0; i < change->granted->len; i++)
            record->granted[i] = g_strdup(g_ptr_array_index(change->granted, i));
    }
    notes = format_mark(priv, record, current, error);
    return notes && set_later_notes(priv, change, record->revision + 1, error) &&
           write_mark(host, current, notes, error);
}

static char *
unmarked_notes(const char *notes, const char *guid)
{
    g_autoptr(MsvmRecord) record = msvmRecordParse(notes);

    g_clear_pointer(&record->before, g_free);
    if (g_ascii_strcasecmp(record->uuid, guid) == 0 && !record->title && !record->metadata && record->hints->len == 0)
        return g_strdup(record->description ? record->description : "");
    return msvmRecordFormat(record);
}

/* --- bringing back --------------------------------------------------------------------- */

/* The mark's definition, with the words of the record. protection: what it says
 * of it, which goes before those words. A template that a TPM has frozen
 * meanwhile stays. */
static virDomainDef *
parse_before(MsvmPrivate *priv, const MsvmRecord *record, const HypervMachine *machine, MsvmMetadata **protection)
{
    g_autoptr(virDomainDef) def = virDomainDefParseString(record->before, priv->xmlopt, NULL,
                                                          VIR_DOMAIN_DEF_PARSE_INACTIVE);
    g_autofree char *text = NULL;
    const char *template_id;

    if (!def || !(*protection = msvmMetadataNew(def->metadata)))
        return NULL;
    def->title = g_strdup(record->title);
    def->description = g_strdup(record->description);
    g_clear_pointer(&def->metadata, xmlFreeNode);
    template_id = (*protection)->template_id ? (*protection)->template_id : MSVM_TEMPLATE_WINDOWS;
    if (machine->security.tpm_enabled)
        template_id = machine->secure_boot_template;
    text = msvmMetadataMerge(record->metadata, machine->generation == 2 ? template_id : NULL,
                             (*protection)->shielded == VIR_TRISTATE_BOOL_YES,
                             (*protection)->encrypt_traffic == VIR_TRISTATE_BOOL_YES);
    if (text && !(def->metadata = parse_metadata(text)))
        return NULL;
    return g_steal_pointer(&def);
}

/* What became of protection and protector meanwhile is undone as the mark says,
 * whatever image, flavor and definition asked for. */
static void
plan_protection_back(HypervSecurity *security, const MsvmRecord *record, const MsvmMetadata *protection)
{
    char **name;

    security->shielding_requested = protection->shielded == VIR_TRISTATE_BOOL_YES;
    security->encrypt_traffic = security->shielding_requested || protection->encrypt_traffic == VIR_TRISTATE_BOOL_YES;
    security->discard_state = record->no_protector;
    g_clear_pointer(&security->owner, g_free);
    g_clear_pointer(&security->guardians, g_ptr_array_unref);
    if (!record->granted)
        return;
    security->guardians = g_ptr_array_new_with_free_func((GDestroyNotify)hyperv_grant_free);
    for (name = record->granted; *name; name++)
        g_ptr_array_add(security->guardians, hyperv_grant_new(*name, TRUE));
}

static MsvmPlan *
plan_back(MsvmPrivate *priv, const HypervMachine *machine, const MsvmRecord *record)
{
    MsvmPlanHost host = { .name = priv->name };
    g_autoptr(MsvmMetadata) protection = NULL;
    g_autoptr(virDomainDef) def = parse_before(priv, record, machine, &protection);
    bool had_tpm = def && def->ntpms > 0; /* the plan adds one where image or flavor ask for it */
    MsvmPlan *plan;

    hyperv_host_get_version(priv->host, &host.major, &host.minor, &host.build);
    if (!def || !(plan = msvmPlanNew(def, &host, machine)))
        return NULL;
    plan->machine->security.tpm_enabled = had_tpm;
    g_free(plan->machine->notes);
    plan->machine->notes = unmarked_notes(machine->notes, machine->guid);
    plan_protection_back(&plan->machine->security, record, protection);
    return plan;
}

/* The mark is ours first, so that of several who see it one does it. */
static bool
bring_back(MsvmPrivate *priv, const HypervFound *found, GError **error)
{
    g_autoptr(HypervMachine) machine = hyperv_load(priv->host, found->guid, NULL, error);
    g_autoptr(MsvmRecord) record = msvmRecordParse(found->notes);
    g_autoptr(MsvmPlan) plan = NULL;
    g_autofree char *notes = NULL;

    if (!machine)
        return false;
    if (g_strcmp0(machine->notes, found->notes) != 0)
        return true; /* somebody else was faster */
    msvmRecordSetCreator(record);
    notes = msvmRecordFormat(record);
    if (!write_mark(priv->host, machine, notes, error))
        return false;
    g_free(machine->notes);
    machine->notes = g_steal_pointer(&notes);
    if (!(plan = plan_back(priv, machine, record))) {
        hyperv_error_set(error, HYPERV_ERROR_FAILED, 0, "%s", virGetLastErrorMessage());
        virResetLastError();
        return false;
    }
    msvmLookupRemoveFiles(priv, found, record);
    return hyperv_redefine_back(priv->host, machine, plan->machine, error);
}

/* Alone in this process, too. */
static bool
bring_back_once(MsvmPrivate *priv, const HypervFound *found, GError **error)
{
    bool ok;

    if (!msvmWorkTryBegin(priv->host, found->guid)) {
        hyperv_error_set(error, HYPERV_ERROR_IN_USE, 0, "this process is at it already");
        return false;
    }
    ok = bring_back(priv, found, error);
    msvmWorkEnd(priv->host, found->guid);
    return ok;
}

static bool
repair_one(MsvmPrivate *priv, const HypervFound *found)
{
    g_autoptr(GError) error = NULL;
    bool ok = bring_back_once(priv, found, &error);

    if (ok)
        VIR_WARN("Brought machine %s ('%s') on host '%s' back to what it was: the process that was changing it is "
                 "gone", found->guid, found->name, priv->name);
    else
        VIR_WARN("Cannot bring the half-changed machine %s ('%s') on host '%s' back to what it was: %s", found->guid,
                 found->name, priv->name, error->message);
    return ok;
}

bool
msvmMarkerRepair(MsvmPrivate *priv, const GPtrArray *found)
{
    unsigned int repaired = 0;
    bool any = false;
    guint i;

    for (i = 0; !priv->readonly && i < found->len && repaired < MSVM_LOOKUP_MAX_REMOVALS; i++) {
        const HypervFound *machine = g_ptr_array_index(found, i);
        g_autoptr(MsvmRecord) record = msvmRecordParse(machine->notes);

        if (!record->before || !msvmWorkIsAbandoned(priv->host, machine->guid, record))
            continue;
        any = repair_one(priv, machine) || any;
        repaired++;
    }
    if (any)
        msvmCacheChanged(priv->cache);
    return any;
}

static bool
repair_guid(MsvmPrivate *priv, const char *guid)
{
    g_autoptr(HypervFound) found = hyperv_find_by_guid(priv->host, guid, NULL, NULL);
    g_autoptr(GPtrArray) one = g_ptr_array_new();

    if (!found)
        return false;
    g_ptr_array_add(one, found);
    return msvmMarkerRepair(priv, one);
}

/* --- who is not changing it ------------------------------------------------------------- */

int
msvmMarkerRequireNone(MsvmTarget *target)
{
    MsvmPrivate *priv = target->priv;
    HypervCall call = { .host = priv->host };
    bool repaired = false;

    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(WsmanInstance) settings = hyperv_settings_fetch(&call, target->guid, &error);
        g_autofree char *notes = settings ? hyperv_settings_get_notes(settings) : NULL;
        g_autoptr(MsvmRecord) record = msvmRecordParse(notes);

        /* A machine that is gone is for those to notice who look for it anew. */
        if (!settings && !g_error_matches(error, HYPERV_ERROR, HYPERV_ERROR_NO_MACHINE)) {
            msvmReportHostError(priv, error, _("cannot read the notes of domain '%s'"), target->def->name);
            return -1;
        }
        if (!record->before)
            return 0;
        if (repaired || !repair_guid(priv, target->guid))
            return report_changer(priv, record, target->def->name);
        repaired = true;
    }
}

int
msvmMarkerTakeOver(MsvmTarget *target)
{
    MsvmPrivate *priv = target->priv;
    g_autoptr(GError) error = NULL;
    g_autoptr(HypervFound) found = hyperv_find_by_guid(priv->host, target->guid, NULL, &error);
    g_autoptr(MsvmRecord) record = msvmRecordParse(found ? found->notes : NULL);

    if (found && !record->before)
        return 0;
    if (found && msvmRecordIsHere(record) && !msvmWorkIsAbandoned(priv->host, found->guid, record))
        return report_changer(priv, record, target->def->name);
    msvmCacheChanged(priv->cache);
    if (found && bring_back_once(priv, found, &error)) {
        VIR_WARN("Brought domain '%s' on host '%s' back to what it was, as it was asked for", target->def->name,
                 priv->name);
        msvmCacheChanged(priv->cache);
        return 1;
    }
    msvmReportHostError(priv, error, _("cannot bring domain '%s' back to what it was"), target->def->name);
    return -1;
}

/* --- rivals ------------------------------------------------------------------------------- */

static const char *
creation_time(const HypervFound *found)
{
    const char *time = found->settings ? wsman_instance_get_string(found->settings, "CreationTime") : NULL;

    return time ? time : "";
}

/* By the host's own clock, so that both sides see one order. */
static bool
is_earlier(const HypervFound *a, const HypervFound *b)
{
    int order = strcmp(creation_time(a), creation_time(b));

    return order < 0 || (order == 0 && strcmp(a->guid, b->guid) < 0);
}

static bool
is_rival(HypervHost *host, const HypervFound *found, const MsvmRival *wanted)
{
    unsigned char uuid[VIR_UUID_BUFLEN];
    char text[VIR_UUID_STRING_BUFLEN];
    g_autoptr(MsvmRecord) record = NULL;

    if (msvmLookupIdentify(found, uuid, &record)) {
        virUUIDFormat(uuid, text);
        return STREQ(found->name, wanted->name) || STREQ(text, wanted->uuid);
    }
    return !msvmWorkIsAbandoned(host, found->guid, record) &&
           (STREQ(found->name, wanted->name) || STREQ_NULLABLE(record->uuid, wanted->uuid));
}

static const HypervFound *
find_guid(const GPtrArray *all, const char *guid)
{
    guint i;

    for (i = 0; i < all->len; i++) {
        const HypervFound *found = g_ptr_array_index(all, i);

        if (g_ascii_strcasecmp(found->guid, guid) == 0)
            return found;
    }
    return NULL;
}

gboolean
msvmMarkerCheckRivals(HypervHost *host, const char *guid, WsmanInstance **settings, gpointer opaque,
                      GError **error)
{
    const MsvmRival *wanted = opaque;
    g_autoptr(GPtrArray) all = hyperv_find_by_name_or_uuid(host, wanted->name, wanted->uuid, NULL, error);
    const HypervFound *own = all ? find_guid(all, guid) : NULL;
    guint i;

    if (!all)
        return FALSE;
    for (i = 0; i < all->len; i++) {
        const HypervFound *found = g_ptr_array_index(all, i);

        if (found == own || !is_rival(host, found, wanted) || (own && is_earlier(own, found)))
            continue;
        hyperv_error_set(error, HYPERV_ERROR_IN_USE, 0,
                         "another client defines a domain of this name or UUID at the same time (machine %s), and "
                         "was first", found->guid);
        return FALSE;
    }
    if (own && own->settings)
        *settings = wsman_instance_ref(own->settings);
    return TRUE;
}
