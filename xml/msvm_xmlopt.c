/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt's domain machinery asks a driver for: capabilities, and the
 * hooks of its XML parser.
 */
#include <config.h>

#include "virerror.h"
#include "virutil.h"
#include "virxml.h"

#include "xml/msvm_domain.h"
#include "xml/msvm_policy.h"
#include "xml/msvm_problems.h"
#include "xml/msvm_validate.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* Hyper-V takes memory in steps of 2 MiB. */
#define MEMORY_STEP_KIB 2048

virCaps *
msvmCapsNew(virArch arch)
{
    static const virArch guests[] = { VIR_ARCH_I686, VIR_ARCH_X86_64 };
    g_autoptr(virCaps) caps = virCapabilitiesNew(arch, false, false);
    size_t i;

    if (!caps)
        return NULL;
    for (i = 0; i < G_N_ELEMENTS(guests); i++) {
        virCapsGuest *guest = virCapabilitiesAddGuest(caps, VIR_DOMAIN_OSTYPE_HVM, guests[i], NULL, NULL, 0,
                                                      NULL);

        virCapabilitiesAddGuestDomain(guest, VIR_DOMAIN_VIRT_HYPERV, NULL, NULL, 0, NULL);
        virCapabilitiesAddGuestFeatureWithToggle(guest, VIR_CAPS_GUEST_FEATURE_TYPE_ACPI, true, false);
        virCapabilitiesAddGuestFeatureWithToggle(guest, VIR_CAPS_GUEST_FEATURE_TYPE_APIC, true, false);
        if (guests[i] == VIR_ARCH_I686)
            virCapabilitiesAddGuestFeature(guest, VIR_CAPS_GUEST_FEATURE_TYPE_PAE);
    }
    return g_steal_pointer(&caps);
}


/* What libvirt's parser drops without a word. */
typedef struct {
    const char *xpath;
    int code;
    const char *message; /* %s: the element's name */
} MsvmXMLRefusal;

static const MsvmXMLRefusal msvmXMLRefusals[] = {
    { "./devices/tpm/backend[@persistent_state='no']", VIR_ERR_CONFIG_UNSUPPORTED,
      "persistent_state='no' in <%s> of <tpm> is not supported by Hyper-V, which keeps the state of a TPM with the "
      "machine" },
    { "./devices/interface/driver", VIR_ERR_CONFIG_UNSUPPORTED,
      "<%s> of <interface> is not supported by Hyper-V" },
    { "./os[not(@firmware)]/firmware", VIR_ERR_CONFIG_UNSUPPORTED,
      "<%s> of <os> needs a machine of generation 2: give <os firmware='efi'>" },
    { "./msvm:*|./*[not(self::metadata)]//msvm:*|./metadata[position()>1]//msvm:*", VIR_ERR_XML_ERROR,
      "<msvm:%s> must be in <metadata>" },
    { "./metadata/msvm:*[not(self::msvm:security)]", VIR_ERR_XML_ERROR,
      "unexpected element <msvm:%s> in <metadata>" },
    { "./metadata/msvm:security[2]", VIR_ERR_XML_ERROR, "<msvm:%s> is given more than once" },
};


static void
msvmXMLCheckOne(xmlXPathContextPtr ctxt, const MsvmXMLRefusal *refusal, MsvmProblems *problems)
{
    xmlNodePtr node = virXPathNode(refusal->xpath, ctxt);
    g_auto(GStrv) parts = NULL;
    xmlChar *path;

    if (!node)
        return;
    parts = g_strsplit(refusal->message, "%s", 2);
    path = xmlGetNodePath(node);
    msvmProblemsAdd(problems, refusal->code, (const char *)path, "%s%s%s", parts[0], node->name, parts[1]);
    xmlFree(path);
}


/* Called with the document at hand, and the last chance to see all of it. What
 * is wrong goes with the definition, to be said together with the rest when
 * that is validated. */
static int
msvmXMLCheckDocument(xmlXPathContextPtr ctxt, void **data)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();
    size_t i;

    *data = NULL;
    for (i = 0; i < G_N_ELEMENTS(msvmXMLRefusals); i++)
        msvmXMLCheckOne(ctxt, &msvmXMLRefusals[i], problems);
    if (msvmProblemsCount(problems) > 0)
        *data = g_steal_pointer(&problems);
    return 0;
}


static void
msvmXMLFreeProblems(void *data)
{
    msvmProblemsFree(data);
}


static int
msvmXMLPostParseDomain(virDomainDef *def, unsigned int parseFlags G_GNUC_UNUSED, void *opaque G_GNUC_UNUSED,
                       void *parseOpaque G_GNUC_UNUSED)
{
    if (def->virtType != VIR_DOMAIN_VIRT_HYPERV) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "domain type '%s' is not supported: it must be hyperv",
                       virDomainVirtTypeToString(def->virtType));
        return -1;
    }
    if (def->os.type != VIR_DOMAIN_OSTYPE_HVM) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "os type '%s' is not supported: it must be hvm",
                       virDomainOSTypeToString(def->os.type));
        return -1;
    }
    def->mem.total_memory = VIR_ROUND_UP(def->mem.total_memory, MEMORY_STEP_KIB);
    def->mem.cur_balloon = VIR_ROUND_UP(def->mem.cur_balloon, MEMORY_STEP_KIB);
    return 0;
}


/* 64 units on each SCSI controller, not libvirt's 7. */
static void
msvmXMLPlaceDisk(virDomainDiskDef *disk)
{
    int index = disk->dst ? virDiskNameToIndex(disk->dst) : -1;

    if (disk->bus == VIR_DOMAIN_DISK_BUS_NONE && disk->dst && g_str_has_prefix(disk->dst, "sd"))
        disk->bus = VIR_DOMAIN_DISK_BUS_SCSI;
    if (disk->bus != VIR_DOMAIN_DISK_BUS_SCSI || disk->info.type != VIR_DOMAIN_DEVICE_ADDRESS_TYPE_NONE ||
        index < 0)
        return;
    disk->info.type = VIR_DOMAIN_DEVICE_ADDRESS_TYPE_DRIVE;
    disk->info.addr.drive.controller = index / HYPERV_MAX_SCSI_UNITS;
    disk->info.addr.drive.unit = index % HYPERV_MAX_SCSI_UNITS;
}


static int
msvmXMLPostParseDevice(virDomainDeviceDef *dev, const virDomainDef *def G_GNUC_UNUSED,
                       unsigned int parseFlags G_GNUC_UNUSED, void *opaque G_GNUC_UNUSED,
                       void *parseOpaque G_GNUC_UNUSED)
{
    if (dev->type == VIR_DOMAIN_DEVICE_DISK)
        msvmXMLPlaceDisk(dev->data.disk);
    if (dev->type == VIR_DOMAIN_DEVICE_TPM) {
        virDomainTPMDef *tpm = dev->data.tpm;

        if (tpm->model == VIR_DOMAIN_TPM_MODEL_DEFAULT)
            tpm->model = VIR_DOMAIN_TPM_MODEL_CRB;
        if (tpm->type == VIR_DOMAIN_TPM_TYPE_EMULATOR &&
            tpm->data.emulator.version == VIR_DOMAIN_TPM_VERSION_DEFAULT)
            tpm->data.emulator.version = VIR_DOMAIN_TPM_VERSION_2_0;
    }
    if (dev->type == VIR_DOMAIN_DEVICE_VIDEO && dev->data.video->type == VIR_DOMAIN_VIDEO_TYPE_DEFAULT)
        dev->data.video->type = msvmDomainGeneration(def) == 2 ? VIR_DOMAIN_VIDEO_TYPE_GOP
                                                               : VIR_DOMAIN_VIDEO_TYPE_VGA;
    return 0;
}


static virXMLNamespace msvmXMLNamespace = {
    .parse = msvmXMLCheckDocument,
    .free = msvmXMLFreeProblems,
    .prefix = "msvm",
    .uri = MSVM_NAMESPACE_URI,
};


virDomainXMLOption *
msvmXMLOptionNew(void)
{
    virDomainDefParserConfig config = {
        .domainPostParseCallback = msvmXMLPostParseDomain,
        .devicesPostParseCallback = msvmXMLPostParseDevice,
        .domainValidateCallback = msvmValidateDomain,
        .deviceValidateCallback = msvmValidateDevice,
        .features = VIR_DOMAIN_DEF_FEATURE_NAME_SLASH | VIR_DOMAIN_DEF_FEATURE_USER_ALIAS |
                    VIR_DOMAIN_DEF_FEATURE_FW_AUTOSELECT | VIR_DOMAIN_DEF_FEATURE_NET_MODEL_STRING,
        .macPrefix = { 0x00, 0x15, 0x5d }, /* Microsoft's, which Hyper-V uses */
        .defArch = VIR_ARCH_X86_64,
    };

    return virDomainXMLOptionNew(&config, NULL, &msvmXMLNamespace, NULL, NULL, NULL);
}
