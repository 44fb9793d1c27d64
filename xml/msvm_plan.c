/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include "domain_validate.h"
#include "virerror.h"
#include "viruuid.h"
#include "virxml.h"

#include "xml/msvm_compare.h"
#include "xml/msvm_domain.h"
#include "xml/msvm_metadata.h"
#include "xml/msvm_parts.h"
#include "xml/msvm_plan.h"
#include "xml/msvm_validate.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

#define PLAN_MIN_MEMORY_KIB (32 * 1024)
#define PLAN_DEFAULT_MIN_MEMORY_KIB (512 * 1024) /* Hyper-V's own default of dynamic memory */
#define PLAN_MEMORY_STEP_KIB 2048
#define PLAN_TPM_HOST_MAJOR 10
/* ASSUMED: TurnOffOnGuestRestart is not documented; class listings of 2025
 * have it, those of 2024 and before have not. */
#define PLAN_TURN_OFF_ON_RESTART_BUILD 26100

void
msvmPlanFree(MsvmPlan *plan)
{
    if (!plan)
        return;
    hyperv_machine_free(plan->machine);
    g_free(plan->pending_notes);
    msvmPolicyFree(plan->policy);
    g_free(plan);
}


/* --- the host ------------------------------------------------------------ */

static int
msvmPlanCheckVersion(const MsvmPolicy *policy, const MsvmPlanHost *host)
{
    g_autofree char *version = g_strdup_printf("%u.%u.%u", host->major, host->minor, host->build);
    int ok;

    if (!policy->version_requires)
        return 0;
    ok = msvmPolicyVersionSatisfies(version, policy->version_requires);
    if (ok == 0)
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "image property 'hypervisor_version_requires' is '%s' but '%s' is "
                       "of version %s", policy->version_requires, host->name, version);
    return ok > 0 ? 0 : -1;
}


static void
msvmPlanCheckHost(const MsvmPolicy *policy, const MsvmPlanHost *host, MsvmProblems *problems)
{
    if (!host->name)
        return;
    if (policy->tpm && host->major < PLAN_TPM_HOST_MAJOR)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, "/domain/devices/tpm",
                        "a TPM needs a host of version 10.0 (Windows Server 2016) or newer; "
                        "'%s' is of version %u.%u.%u", host->name, host->major, host->minor, host->build);
    msvmProblemsCatch(problems, msvmPlanCheckVersion(policy, host),
                      "/domain/metadata/msvm:security/msvm:image/"
                      "msvm:property[@name='hypervisor_version_requires']");
}


static int
msvmPlanRestart(HypervMachine *machine, const virDomainDef *def, const MsvmPlanHost *host,
                const HypervMachine *current)
{
    machine->turn_off_on_guest_restart = def->onReboot == VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY;
    if (!machine->turn_off_on_guest_restart || !host->name || host->build >= PLAN_TURN_OFF_ON_RESTART_BUILD ||
        (current && current->turn_off_on_guest_restart))
        return 0;
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "<on_reboot> 'destroy' needs a host of version 10.0.%d (Windows Server "
                   "2025) or newer; '%s' is of version %u.%u.%u", PLAN_TURN_OFF_ON_RESTART_BUILD, host->name,
                   host->major, host->minor, host->build);
    return -1;
}


/* --- memory and processors ----------------------------------------------- */

/*
 * <memory> is the most that the guest can have, <currentMemory> what it
 * starts with: where they differ, or where there is a guaranteed minimum, the
 * memory is dynamic. What was left open is written into the definition.
 */
static int
msvmPlanMemory(HypervMachine *machine, virDomainDef *def)
{
    unsigned long long total = virDomainDefGetMemoryTotal(def);
    unsigned long long start = def->mem.cur_balloon;
    unsigned long long minimum = def->mem.min_guarantee;
    bool dynamic = start != total || minimum != 0;

    if (start < PLAN_MIN_MEMORY_KIB) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%llu KiB of memory are not supported by Hyper-V: at least %d",
                       start, PLAN_MIN_MEMORY_KIB);
        return -1;
    }
    machine->memory_mib = start / 1024;
    machine->dynamic_memory = dynamic;
    machine->min_memory_mib = machine->max_memory_mib = machine->memory_mib;
    if (!dynamic)
        return 0;

    if (minimum == 0)
        minimum = MIN(start, PLAN_DEFAULT_MIN_MEMORY_KIB);
    minimum = VIR_ROUND_UP(minimum, PLAN_MEMORY_STEP_KIB);
    if (minimum < PLAN_MIN_MEMORY_KIB || minimum > start) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "<min_guarantee> of %llu KiB is not supported by Hyper-V: it must "
                       "be between %d KiB and <currentMemory>", minimum, PLAN_MIN_MEMORY_KIB);
        return -1;
    }
    def->mem.min_guarantee = minimum;
    machine->min_memory_mib = minimum / 1024;
    machine->max_memory_mib = total / 1024;
    return 0;
}


/* --- names and notes ----------------------------------------------------- */

static char *
msvmPlanMetadataText(const virDomainDef *def)
{
    xmlBufferPtr buffer;
    char *text = NULL;

    if (!def->metadata)
        return NULL;
    buffer = xmlBufferCreate();
    if (xmlNodeDump(buffer, def->metadata->doc, def->metadata, 0, 1) >= 0)
        text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}


static void
msvmPlanTexts(MsvmRecord *record, const virDomainDef *def)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    g_free(record->uuid);
    g_free(record->title);
    g_free(record->description);
    g_free(record->metadata);
    record->uuid = g_strdup(virUUIDFormat(def->uuid, uuid));
    record->title = g_strdup(def->title);
    record->description = def->description && *def->description ? g_strdup(def->description) : NULL;
    record->metadata = msvmPlanMetadataText(def);
}


static char *
msvmPlanFormatNotes(const MsvmRecord *record, const virDomainDef *def)
{
    g_autofree char *notes = msvmRecordFormat(record);

    if (strlen(notes) > MSVM_RECORD_MAX_SIZE) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "title, description and metadata of '%s' are too large: at most "
                       "%d bytes fit into a machine's notes", def->name, MSVM_RECORD_MAX_SIZE);
        return NULL;
    }
    return g_steal_pointer(&notes);
}


char *
msvmPlanNotes(const virDomainDef *def, const char *current_notes)
{
    g_autoptr(MsvmRecord) record = msvmRecordParse(current_notes);

    msvmPlanTexts(record, def);
    return msvmPlanFormatNotes(record, def);
}


static gint64
msvmPlanRevision(const HypervMachine *current)
{
    g_autoptr(MsvmRecord) record = msvmRecordParse(current ? current->notes : NULL);

    return record->revision;
}


/* The pending notes are the larger ones, so both fit when they do. */
static int
msvmPlanRecord(MsvmPlan *plan, MsvmRecord *record, const virDomainDef *def)
{
    msvmPlanTexts(record, def);
    plan->machine->notes = msvmRecordFormat(record);
    msvmRecordSetPending(record);
    plan->pending_notes = msvmPlanFormatNotes(record, def);
    return plan->pending_notes ? 0 : -1;
}


/* --- the machine --------------------------------------------------------- */

/* What domain XML has no words for stays as it is. */
static void
msvmPlanKeep(HypervMachine *machine, const HypervMachine *current)
{
    machine->guid = g_strdup(current->guid);
    machine->version = g_strdup(current->version);
    machine->startup_action = current->startup_action;
    machine->shutdown_action = current->shutdown_action;
    /* A guest knows itself by it. */
    if (current->bios_guid) {
        g_free(machine->bios_guid);
        machine->bios_guid = g_strdup(current->bios_guid);
    }
}


/* Controllers that a machine has anyway, or that stand between others. */
static int
msvmPlanCompleteControllers(virDomainDef *def)
{
    int last = -1;
    size_t i;
    int index;

    if (msvmDomainGeneration(def) == 1 &&
        virDomainDefMaybeAddController(def, VIR_DOMAIN_CONTROLLER_TYPE_IDE, 0, -1) < 0)
        return -1;
    for (i = 0; i < def->ncontrollers; i++) {
        if (def->controllers[i]->type == VIR_DOMAIN_CONTROLLER_TYPE_SCSI)
            last = MAX(last, def->controllers[i]->idx);
    }
    for (index = 0; index < last; index++) {
        if (virDomainDefMaybeAddController(def, VIR_DOMAIN_CONTROLLER_TYPE_SCSI, index,
                                           VIR_DOMAIN_CONTROLLER_MODEL_SCSI_DEFAULT) < 0)
            return -1;
    }
    return 0;
}


static void
msvmPlanDevices(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def,
                const HypervMachine *current, MsvmProblems *problems)
{
    int disks = msvmPlanDisks(machine, record, def, current, problems);
    int nets = msvmPlanNets(machine, record, def, current, problems);

    if (disks == 0 && nets == 0)
        msvmProblemsCatch(problems, msvmPlanBoot(machine, record, def), "/domain/os");
}


/* Without devices, which must be valid, and the security, which depends on the
 * policy. False where it cannot become of the machine that is there. */
static bool
msvmPlanMachine(HypervMachine *machine, virDomainDef *def, const MsvmPlanHost *host, const HypervMachine *current,
                MsvmProblems *problems)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    machine->name = g_strdup(def->name);
    machine->generation = msvmDomainGeneration(def);
    if (current && current->generation != machine->generation) {
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, "/domain/os",
                        "the generation of machine '%s' is %u and cannot change: %s <os firmware='efi'>", def->name,
                        current->generation, current->generation == 2 ? "give" : "leave out");
        return false;
    }
    machine->bios_guid = g_ascii_strup(virUUIDFormat(def->uuid, uuid), -1);
    machine->processors = virDomainDefGetVcpusMax(def);
    if (current)
        msvmPlanKeep(machine, current);
    msvmProblemsCatch(problems, msvmPlanRestart(machine, def, host, current), "/domain/on_reboot");
    msvmProblemsCatch(problems, msvmPlanMemory(machine, def), "/domain/memory");
    return true;
}


/* Whether dumpxml would give back all that was asked for. */
static int
msvmPlanCheckNothingLost(const MsvmPlan *plan, virDomainDef *def, virDomainXMLOption *xmlopt)
{
    g_autoptr(virDomainDef) shown = msvmDomainDefNew(plan->machine, -1, xmlopt);

    if (!shown)
        return -1;
    return msvmCompareDefs(def, shown, xmlopt);
}


/* What is wrong with the policy is among the problems already; whether there
 * are others. */
static bool
msvmPlanIsSound(MsvmPlan *plan, const virDomainDef *def, const MsvmProblems *problems, bool *decided)
{
    g_autoptr(MsvmProblems) of_policy = msvmProblemsNew();

    plan->policy = msvmPolicyCollect(def, of_policy, decided);
    return msvmProblemsCount(problems) == msvmProblemsCount(of_policy);
}


/* Each part builds on those before it: libvirt's and our own rules; the policy
 * against the host; the machine, with its devices where those are valid; the
 * texts that go with it. */
static void
msvmPlanBuild(MsvmPlan *plan, virDomainDef *def, const MsvmPlanHost *host, const HypervMachine *current,
              virDomainXMLOption *xmlopt, MsvmProblems *problems)
{
    g_autoptr(MsvmRecord) record = msvmRecordNew();
    bool sound, same, decided;

    msvmProblemsCatch(problems, virDomainDefValidate(def, 0, xmlopt, problems), NULL);
    sound = msvmPlanIsSound(plan, def, problems, &decided);
    msvmPlanCheckHost(plan->policy, host, problems);
    if (decided)
        decided = msvmProblemsCatch(problems, msvmPlanCompleteSecurity(def, plan->policy), "/domain/os") == 0;
    plan->machine = hyperv_machine_new();
    same = msvmPlanMachine(plan->machine, def, host, current, problems);
    if (same && decided)
        msvmProblemsCatch(problems, msvmPlanCheckTemplate(def, plan->policy, current), "/domain/os");
    if (msvmProblemsCatch(problems, msvmPlanCompleteControllers(def), "/domain/devices/controller") < 0 || !sound)
        return;
    def->metadata = msvmMetadataStrip(def->metadata);
    record->revision = msvmPlanRevision(current);
    if (same) {
        msvmPlanDevices(plan->machine, record, def, current, problems);
        msvmPlanFixed(record, def);
    }
    if (decided)
        msvmPlanSecurity(plan->machine, record, def, plan->policy, current);
    if (msvmProblemsCount(problems) == 0)
        msvmProblemsCatch(problems, msvmPlanRecord(plan, record, def), "/domain/metadata");
    if (msvmProblemsCount(problems) == 0)
        msvmProblemsCatch(problems, msvmPlanCheckNothingLost(plan, def, xmlopt), NULL);
}


MsvmPlan *
msvmPlanCollect(virDomainDef *def, const MsvmPlanHost *host, const HypervMachine *current, MsvmProblems *problems)
{
    g_autoptr(MsvmPlan) plan = g_new0(MsvmPlan, 1);
    g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();
    g_autoptr(MsvmProblems) found = msvmProblemsNew(); /* problems may have the same already */

    if (msvmProblemsCatch(problems, xmlopt ? 0 : -1, NULL) < 0)
        return NULL;
    msvmPlanBuild(plan, def, host, current, xmlopt, found);
    msvmProblemsAddAll(problems, found);
    return msvmProblemsCount(found) > 0 ? NULL : g_steal_pointer(&plan);
}


MsvmPlan *
msvmPlanNew(virDomainDef *def, const MsvmPlanHost *host, const HypervMachine *current)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();
    g_autoptr(MsvmPlan) plan = msvmPlanCollect(def, host, current, problems);

    return msvmProblemsReport(problems) < 0 ? NULL : g_steal_pointer(&plan);
}
