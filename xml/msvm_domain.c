/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include <libxml/parser.h>

#include "virerror.h"
#include "viruuid.h"

#include "xml/msvm_boot.h"
#include "xml/msvm_domain.h"
#include "xml/msvm_hint.h"
#include "xml/msvm_metadata.h"
#include "xml/msvm_parts.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

int
msvmDomainUUID(const MsvmRecord *record, const char *guid, unsigned char *uuid)
{
    if (record && record->uuid && virUUIDParse(record->uuid, uuid) == 0)
        return 0;
    return guid && virUUIDParse(guid, uuid) == 0 ? 0 : -1;
}


typedef struct {
    HypervState state;
    virDomainState domain;
    int reason;
} MsvmState;

/* Hyper-V's transitions: a machine that is being saved or stopped is still
 * there, one that is coming back is there again. */
static const MsvmState msvmStates[] = {
    { HYPERV_STATE_RUNNING, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNKNOWN },
    { HYPERV_STATE_OFF, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_UNKNOWN },
    { HYPERV_STATE_SHUTTING_DOWN, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_USER },
    { HYPERV_STATE_SAVED, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SAVED },
    { HYPERV_STATE_PAUSED, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER },
    { HYPERV_STATE_STARTING, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED },
    { HYPERV_STATE_SAVING, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE },
    { HYPERV_STATE_STOPPING, VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_USER },
    { HYPERV_STATE_PAUSING, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNKNOWN },
    { HYPERV_STATE_RESUMING, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED },
};

int
msvmDomainState(HypervState state, int *reason)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(msvmStates); i++) {
        if (msvmStates[i].state == state) {
            if (reason)
                *reason = msvmStates[i].reason;
            return msvmStates[i].domain;
        }
    }
    if (reason)
        *reason = VIR_DOMAIN_NOSTATE_UNKNOWN;
    return VIR_DOMAIN_NOSTATE;
}


/* --- boot order ---------------------------------------------------------- */

static virDomainDeviceInfo *
msvmDomainBootInfo(const virDomainDef *def, const MsvmBootItem *item)
{
    if (item->drive) {
        virDomainDiskDef *disk = msvmDomainFindDisk(def, item->drive);

        return disk ? &disk->info : NULL;
    }
    if (item->nic) {
        virDomainNetDef *net = msvmDomainFindNet(def, item->nic);

        return net ? &net->info : NULL;
    }
    return NULL;
}


/* "os:hd,cdrom"; false when it is no longer true. */
static bool
msvmDomainBootKinds(virDomainDef *def, const HypervMachine *machine, const char *hint)
{
    g_auto(GStrv) names = g_strsplit(hint, ",", VIR_DOMAIN_BOOT_LAST + 1);
    virDomainBootOrder kinds[VIR_DOMAIN_BOOT_LAST];
    g_autoptr(GArray) order = NULL;
    size_t n;

    for (n = 0; names[n]; n++) {
        int kind = virDomainBootTypeFromString(names[n]);

        if (kind < 0 || n >= VIR_DOMAIN_BOOT_LAST)
            return false;
        kinds[n] = kind;
    }
    order = msvmBootOfKinds(machine, kinds, n);
    if (n == 0 || !msvmBootAgrees(machine, order))
        return false;
    memcpy(def->os.bootDevs, kinds, n * sizeof(kinds[0]));
    def->os.nBootDevs = n;
    return true;
}


/* "scsi:0:0=1 nic:00155D0A0B0C=2"; false when it is no longer true. */
static bool
msvmDomainBootDevices(virDomainDef *def, const HypervMachine *machine, const char *hint)
{
    g_auto(GStrv) words = g_strsplit(hint, " ", -1);
    g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(MsvmBootItem));
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(guint64));
    size_t i;

    for (i = 0; words[i]; i++) {
        char *number = strrchr(words[i], '=');
        MsvmBootItem item = { NULL, NULL };
        guint64 value = 0;

        if (!number || !g_ascii_string_to_unsigned(number + 1, 10, 1, G_MAXUINT, &value, NULL))
            return false;
        *number = '\0';
        if (!msvmBootFind(machine, words[i], &item))
            return false;
        g_array_append_val(order, item);
        g_array_append_val(numbers, value);
    }
    if (i == 0 || !msvmBootAgrees(machine, order))
        return false;
    for (i = 0; i < order->len; i++) {
        virDomainDeviceInfo *info = msvmDomainBootInfo(def, &g_array_index(order, MsvmBootItem, i));

        if (info)
            info->bootIndex = (unsigned int)g_array_index(numbers, guint64, i);
    }
    return true;
}


/* The order as the host has it, in the form that its generation has. */
static void
msvmDomainBootActual(virDomainDef *def, const HypervMachine *machine)
{
    g_autoptr(GArray) order = msvmBootOfMachine(machine);
    guint i;
    size_t j;

    for (i = 0; i < order->len; i++) {
        const MsvmBootItem *item = &g_array_index(order, MsvmBootItem, i);
        virDomainDeviceInfo *info = msvmDomainBootInfo(def, item);
        virDomainBootOrder kind = msvmBootKind(item);

        if (machine->generation == 2) {
            if (info)
                info->bootIndex = i + 1;
            continue;
        }
        for (j = 0; j < def->os.nBootDevs && def->os.bootDevs[j] != kind; j++)
            ;
        if (j == def->os.nBootDevs && j < VIR_DOMAIN_BOOT_LAST)
            def->os.bootDevs[def->os.nBootDevs++] = kind;
    }
    if (order->len == 0) {
        /* What libvirt's parser makes of no order at all. */
        def->os.bootDevs[0] = VIR_DOMAIN_BOOT_DISK;
        def->os.nBootDevs = 1;
    }
}


void
msvmDomainBoot(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record)
{
    const char *hint = msvmRecordGetHint(record, "boot");

    if (hint && g_str_has_prefix(hint, "os:") && msvmDomainBootKinds(def, machine, hint + strlen("os:")))
        return;
    if (hint && g_str_has_prefix(hint, "device:") &&
        msvmDomainBootDevices(def, machine, hint + strlen("device:")))
        return;
    msvmDomainBootActual(def, machine);
}


/* --- TPM and Secure Boot ------------------------------------------------- */

static void
msvmDomainTPM(virDomainDef *def, const MsvmRecord *record, virDomainXMLOption *xmlopt)
{
    const char *secret = msvmRecordGetHint(record, "tpm:secret");
    virDomainTPMDef *tpm = g_new0(virDomainTPMDef, 1);

    tpm->model = VIR_DOMAIN_TPM_MODEL_CRB;
    tpm->type = VIR_DOMAIN_TPM_TYPE_EMULATOR;
    tpm->data.emulator.source = virDomainChrSourceDefNew(xmlopt);
    tpm->data.emulator.version = VIR_DOMAIN_TPM_VERSION_2_0;
    tpm->data.emulator.hassecretuuid = secret && virUUIDParse(secret, tpm->data.emulator.secretuuid) == 0;
    tpm->data.emulator.persistent_state = msvmRecordGetHint(record, "tpm:persistent") != NULL;
    tpm->info.alias = g_strdup(msvmRecordGetHint(record, "tpm:alias"));
    def->tpms = g_new0(virDomainTPMDef *, 1);
    def->tpms[0] = tpm;
    def->ntpms = 1;
}


void
msvmDomainSecurity(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
                   virDomainXMLOption *xmlopt)
{
    virTristateBool secure = machine->secure_boot ? VIR_TRISTATE_BOOL_YES : VIR_TRISTATE_BOOL_NO;

    if (machine->generation != 2)
        return;
    def->os.firmware = VIR_DOMAIN_OS_DEF_FIRMWARE_EFI;
    def->os.firmwareFeatures = g_new0(int, VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_LAST);
    def->os.firmwareFeatures[VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_SECURE_BOOT] = secure;
    def->os.firmwareFeatures[VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_ENROLLED_KEYS] = secure;
    if (machine->secure_boot && msvmRecordGetHint(record, "os:loader-secure")) {
        def->os.loader = g_new0(virDomainLoaderDef, 1);
        def->os.loader->secure = VIR_TRISTATE_BOOL_YES;
    }
    if (machine->security.tpm_enabled)
        msvmDomainTPM(def, record, xmlopt);
}


/* --- the whole ----------------------------------------------------------- */

static void
msvmDomainMetadata(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record)
{
    g_autofree char *text = msvmMetadataMerge(record->metadata,
                                              machine->generation == 2 ? machine->secure_boot_template : NULL,
                                              machine->security.tpm_enabled &&
                                              machine->security.shielding_requested,
                                              machine->security.tpm_enabled &&
                                              machine->security.encrypt_traffic);
    xmlDocPtr doc = text ? xmlReadMemory(text, (int)strlen(text), "metadata.xml", "UTF-8",
                                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                         XML_PARSE_NOBLANKS) : NULL;

    if (doc && xmlDocGetRootElement(doc))
        def->metadata = xmlCopyNode(xmlDocGetRootElement(doc), 1);
    xmlFreeDoc(doc);
}


static void
msvmDomainMemory(virDomainDef *def, const HypervMachine *machine)
{
    if (!machine->dynamic_memory) {
        virDomainDefSetMemoryTotal(def, machine->memory_mib * 1024);
        def->mem.cur_balloon = machine->memory_mib * 1024;
        return;
    }
    virDomainDefSetMemoryTotal(def, machine->max_memory_mib * 1024);
    def->mem.cur_balloon = machine->memory_mib * 1024;
    def->mem.min_guarantee = machine->min_memory_mib * 1024;
}


virDomainDef *
msvmDomainDefNew(const HypervMachine *machine, int id, virDomainXMLOption *xmlopt)
{
    g_autoptr(MsvmRecord) record = msvmRecordParse(machine->notes);
    g_autoptr(virDomainDef) def = virDomainDefNew(xmlopt);

    if (!def)
        return NULL;
    def->virtType = VIR_DOMAIN_VIRT_HYPERV;
    def->id = id;
    def->name = g_strdup(machine->name ? machine->name : "");
    if (msvmDomainUUID(record, machine->guid, def->uuid) < 0) {
        virReportError(VIR_ERR_INTERNAL_ERROR, "machine '%s' has no UUID: '%s'", def->name,
                       NULLSTR(machine->guid));
        return NULL;
    }
    def->title = g_strdup(record->title);
    def->description = g_strdup(record->description);
    def->os.type = VIR_DOMAIN_OSTYPE_HVM;
    msvmDomainMemory(def, machine);
    if (virDomainDefSetVcpusMax(def, MAX(machine->processors, 1), xmlopt) < 0 ||
        virDomainDefSetVcpus(def, MAX(machine->processors, 1)) < 0)
        return NULL;
    def->placement_mode = VIR_DOMAIN_CPU_PLACEMENT_MODE_STATIC;
    msvmDomainSecurity(def, machine, record, xmlopt);
    msvmDomainFixed(def, machine, record, xmlopt);
    msvmDomainDisks(def, machine, record, xmlopt);
    msvmDomainNets(def, machine, record, xmlopt);
    msvmDomainBoot(def, machine, record);
    msvmDomainMetadata(def, machine, record);
    return g_steal_pointer(&def);
}
