/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>

#include "virerror.h"

#include "hyperv/hyperv_machine.h"
#include "xml/msvm_policy.h"
#include "xml/msvm_problems.h"
#include "xml/msvm_validate.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

unsigned int
msvmDomainGeneration(const virDomainDef *def)
{
    return def->os.firmware == VIR_DOMAIN_OS_DEF_FIRMWARE_EFI ? 2 : 1;
}


static int
msvmRefuse(const char *what)
{
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s is not supported by Hyper-V", what);
    return -1;
}


/* --- TPM ----------------------------------------------------------------- */

static int
msvmValidateTPM(const virDomainTPMDef *tpm, const virDomainDef *def)
{
    if (tpm->type != VIR_DOMAIN_TPM_TYPE_EMULATOR) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       "TPM backend type '%s' is not supported by Hyper-V: it must be emulator",
                       virDomainTPMBackendTypeToString(tpm->type));
        return -1;
    }
    /* Hyper-V does not say which interface its guests see; CRB is ASSUMED
     * because TPM 2.0 of UEFI guests is. */
    if (tpm->model != VIR_DOMAIN_TPM_MODEL_DEFAULT && tpm->model != VIR_DOMAIN_TPM_MODEL_CRB) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       "TPM model '%s' is not supported by Hyper-V: it must be tpm-crb",
                       virDomainTPMModelTypeToString(tpm->model));
        return -1;
    }
    if (tpm->data.emulator.version != VIR_DOMAIN_TPM_VERSION_DEFAULT &&
        tpm->data.emulator.version != VIR_DOMAIN_TPM_VERSION_2_0) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       "TPM version '%s' is not supported by Hyper-V: it must be 2.0",
                       virDomainTPMVersionTypeToString(tpm->data.emulator.version));
        return -1;
    }
    if (tpm->data.emulator.activePcrBanks)
        return msvmRefuse("<active_pcr_banks> of <tpm>");
    if (def->ntpms > 1) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s", "a Hyper-V machine can have only one <tpm>");
        return -1;
    }
    if (msvmDomainGeneration(def) != 2) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s",
                       "a TPM needs a machine of generation 2: give <os firmware='efi'>");
        return -1;
    }
    return 0;
}


/* --- disks --------------------------------------------------------------- */

static int
msvmValidateDiskBus(const virDomainDiskDef *disk, const virDomainDef *def)
{
    bool gen2 = msvmDomainGeneration(def) == 2;
    bool ok = false;

    switch (disk->bus) {
    case VIR_DOMAIN_DISK_BUS_SCSI:
        ok = disk->device != VIR_DOMAIN_DISK_DEVICE_FLOPPY;
        break;
    case VIR_DOMAIN_DISK_BUS_IDE:
        ok = !gen2 && disk->device != VIR_DOMAIN_DISK_DEVICE_FLOPPY;
        break;
    case VIR_DOMAIN_DISK_BUS_FDC:
        ok = !gen2 && disk->device == VIR_DOMAIN_DISK_DEVICE_FLOPPY;
        break;
    case VIR_DOMAIN_DISK_BUS_NONE:
    case VIR_DOMAIN_DISK_BUS_VIRTIO:
    case VIR_DOMAIN_DISK_BUS_XEN:
    case VIR_DOMAIN_DISK_BUS_USB:
    case VIR_DOMAIN_DISK_BUS_UML:
    case VIR_DOMAIN_DISK_BUS_SATA:
    case VIR_DOMAIN_DISK_BUS_SD:
    case VIR_DOMAIN_DISK_BUS_LAST:
    default:
        break;
    }
    if (!ok) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                       "disk '%s': device '%s' on bus '%s' is not supported by a Hyper-V machine of "
                       "generation %d, which has %s", disk->dst, virDomainDiskDeviceTypeToString(disk->device),
                       virDomainDiskBusTypeToString(disk->bus), gen2 ? 2 : 1,
                       gen2 ? "scsi only" : "ide, scsi and fdc (floppy)");
        return -1;
    }
    return 0;
}


static int
msvmValidateDiskFormat(const virDomainDiskDef *disk)
{
    bool ok;

    switch ((int)disk->src->format) {
    case VIR_STORAGE_FILE_NONE:
    case VIR_STORAGE_FILE_AUTO:
        ok = true;
        break;
    case VIR_STORAGE_FILE_RAW:
        ok = disk->device != VIR_DOMAIN_DISK_DEVICE_DISK;
        break;
    case VIR_STORAGE_FILE_ISO:
        ok = disk->device == VIR_DOMAIN_DISK_DEVICE_CDROM;
        break;
    case VIR_STORAGE_FILE_VPC:
    case VIR_STORAGE_FILE_VHD:
        ok = disk->device == VIR_DOMAIN_DISK_DEVICE_DISK && disk->src->path &&
             g_str_has_suffix(disk->src->path, ".vhd");
        break;
    default:
        ok = false;
        break;
    }
    if (!ok) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s': <driver type='%s'> is not supported by Hyper-V, "
                       "which takes VHDX and VHD files for disks and ISO files for CD-ROMs and tells "
                       "them apart itself: leave it out", disk->dst,
                       virStorageFileFormatTypeToString(disk->src->format));
        return -1;
    }
    return 0;
}


/* C:\..., \\server\share\..., also with slashes: what a Windows host can find
 * without a current directory. */
static bool
msvmIsHostPath(const char *path)
{
    if (g_ascii_isalpha(path[0]) && path[1] == ':')
        return path[2] == '\\' || path[2] == '/';
    return g_str_has_prefix(path, "\\\\") && path[2] && path[2] != '\\';
}


static int
msvmValidateDisk(const virDomainDiskDef *disk, const virDomainDef *def)
{
    if (disk->device == VIR_DOMAIN_DISK_DEVICE_LUN) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s': device='lun' is not supported by Hyper-V",
                       disk->dst);
        return -1;
    }
    if (msvmValidateDiskBus(disk, def) < 0)
        return -1;
    /* A disk of the host itself is shown as type='block', and may stay where
     * it is: the plan knows whether it is there. */
    if (disk->src->type != VIR_STORAGE_TYPE_FILE && disk->src->type != VIR_STORAGE_TYPE_BLOCK) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s': type='%s' is not supported: it must be file",
                       disk->dst, virStorageTypeToString(disk->src->type));
        return -1;
    }
    if (msvmValidateDiskFormat(disk) < 0)
        return -1;
    if (disk->src->type != VIR_STORAGE_TYPE_FILE)
        return 0;
    if (!disk->src->path) {
        if (disk->device != VIR_DOMAIN_DISK_DEVICE_DISK)
            return 0;
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s' has no <source file=...>", disk->dst);
        return -1;
    }
    if (!msvmIsHostPath(disk->src->path)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s': '%s' is not an absolute path on a Windows host",
                       disk->dst, disk->src->path);
        return -1;
    }
    if (disk->device == VIR_DOMAIN_DISK_DEVICE_DISK && disk->src->readonly) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s': <readonly/> is not supported by Hyper-V for disks",
                       disk->dst);
        return -1;
    }
    return 0;
}


/* --- interfaces and controllers ------------------------------------------ */

static int
msvmValidateNet(const virDomainNetDef *net, const virDomainDef *def)
{
    const char *model = virDomainNetGetModelString(net);
    char mac[VIR_MAC_STRING_BUFLEN];

    virMacAddrFormat(&net->mac, mac);
    if (net->type != VIR_DOMAIN_NET_TYPE_NETWORK && net->type != VIR_DOMAIN_NET_TYPE_BRIDGE &&
        net->type != VIR_DOMAIN_NET_TYPE_NULL) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "interface %s: type='%s' is not supported by Hyper-V: give "
                       "network or bridge with the name of a switch, or null", mac,
                       virDomainNetTypeToString(net->type));
        return -1;
    }
    if (model && !g_str_equal(model, MSVM_NIC_MODEL_SYNTHETIC) && !g_str_equal(model, MSVM_NIC_MODEL_LEGACY)) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "interface %s: model '%s' is not supported by Hyper-V: give "
                       MSVM_NIC_MODEL_SYNTHETIC ", which is the default, or " MSVM_NIC_MODEL_LEGACY
                       " for an emulated adapter", mac, model);
        return -1;
    }
    if (g_strcmp0(model, MSVM_NIC_MODEL_LEGACY) == 0 && msvmDomainGeneration(def) == 2) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "interface %s: a machine of generation 2 has no emulated "
                       "adapters (model " MSVM_NIC_MODEL_LEGACY ")", mac);
        return -1;
    }
    return 0;
}


static int
msvmValidateController(const virDomainControllerDef *controller, const virDomainDef *def)
{
    const char *type = virDomainControllerTypeToString(controller->type);
    bool gen2 = msvmDomainGeneration(def) == 2;
    int count;

    switch ((int)controller->type) {
    case VIR_DOMAIN_CONTROLLER_TYPE_SCSI:
        count = HYPERV_MAX_SCSI_CONTROLLERS;
        break;
    case VIR_DOMAIN_CONTROLLER_TYPE_IDE:
    case VIR_DOMAIN_CONTROLLER_TYPE_FDC:
        count = gen2 ? 0 : 1;
        break;
    default:
        count = 0;
        break;
    }
    if (count == 0) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "controller type '%s' is not supported by a Hyper-V machine "
                       "of generation %d", type, gen2 ? 2 : 1);
        return -1;
    }
    if (controller->idx >= count) {
        virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "controller type '%s' index %d: a Hyper-V machine has at most "
                       "%d of them", type, controller->idx, count);
        return -1;
    }
    return 0;
}


/* --- all the rest -------------------------------------------------------- */

/* Gen 1 has a keyboard and a mouse of the PS/2 kind; those of generation 2
 * are on VMBus, for which domain XML has no word. */
static int
msvmValidateInput(const virDomainInputDef *input, const virDomainDef *def)
{
    if (msvmDomainGeneration(def) == 1 && input->bus == VIR_DOMAIN_INPUT_BUS_PS2 &&
        (input->type == VIR_DOMAIN_INPUT_TYPE_MOUSE || input->type == VIR_DOMAIN_INPUT_TYPE_KBD))
        return 0;
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "<input type='%s' bus='%s'> is not supported by Hyper-V: a machine "
                   "of generation 1 has a ps2 keyboard and mouse, one of generation 2 synthetic ones",
                   virDomainInputTypeToString(input->type), virDomainInputBusTypeToString(input->bus));
    return -1;
}


/* Gen 1 emulates a VGA card; gen 2 has what UEFI calls a graphics output. */
static int
msvmValidateVideo(const virDomainVideoDef *video, const virDomainDef *def)
{
    int type = msvmDomainGeneration(def) == 2 ? VIR_DOMAIN_VIDEO_TYPE_GOP : VIR_DOMAIN_VIDEO_TYPE_VGA;

    if (video->type == type && def->nvideos == 1)
        return 0;
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "<video> model '%s' is not supported by Hyper-V: its one adapter "
                   "is '%s', and need not be given", virDomainVideoTypeToString(video->type),
                   virDomainVideoTypeToString(type));
    return -1;
}


static int
msvmValidateMemballoon(const virDomainMemballoonDef *balloon)
{
    if (balloon->model == VIR_DOMAIN_MEMBALLOON_MODEL_NONE)
        return 0;
    return msvmRefuse("<memballoon> other than model 'none'");
}


static int
msvmValidateChr(const virDomainChrDef *chr)
{
    static const char *const names[] = { "<parallel>", "<serial>", "<console>", "<channel>" };

    G_STATIC_ASSERT(VIR_DOMAIN_CHR_DEVICE_TYPE_PARALLEL == 0 && VIR_DOMAIN_CHR_DEVICE_TYPE_SERIAL == 1 &&
                    VIR_DOMAIN_CHR_DEVICE_TYPE_CONSOLE == 2 && VIR_DOMAIN_CHR_DEVICE_TYPE_CHANNEL == 3);
    if ((size_t)chr->deviceType < G_N_ELEMENTS(names))
        return msvmRefuse(names[chr->deviceType]);
    return msvmRefuse("a character device");
}


static int
msvmValidateDeviceKind(const virDomainDeviceDef *dev, const virDomainDef *def)
{
    g_autofree char *what = NULL;

    switch (dev->type) {
    case VIR_DOMAIN_DEVICE_DISK:
        return msvmValidateDisk(dev->data.disk, def);
    case VIR_DOMAIN_DEVICE_NET:
        return msvmValidateNet(dev->data.net, def);
    case VIR_DOMAIN_DEVICE_CONTROLLER:
        return msvmValidateController(dev->data.controller, def);
    case VIR_DOMAIN_DEVICE_TPM:
        return msvmValidateTPM(dev->data.tpm, def);
    case VIR_DOMAIN_DEVICE_INPUT:
        return msvmValidateInput(dev->data.input, def);
    case VIR_DOMAIN_DEVICE_VIDEO:
        return msvmValidateVideo(dev->data.video, def);
    case VIR_DOMAIN_DEVICE_MEMBALLOON:
        return msvmValidateMemballoon(dev->data.memballoon);
    case VIR_DOMAIN_DEVICE_CHR:
        return msvmValidateChr(dev->data.chr);
    case VIR_DOMAIN_DEVICE_NONE:
    case VIR_DOMAIN_DEVICE_LEASE:
    case VIR_DOMAIN_DEVICE_FS:
    case VIR_DOMAIN_DEVICE_SOUND:
    case VIR_DOMAIN_DEVICE_HOSTDEV:
    case VIR_DOMAIN_DEVICE_WATCHDOG:
    case VIR_DOMAIN_DEVICE_GRAPHICS:
    case VIR_DOMAIN_DEVICE_HUB:
    case VIR_DOMAIN_DEVICE_REDIRDEV:
    case VIR_DOMAIN_DEVICE_SMARTCARD:
    case VIR_DOMAIN_DEVICE_NVRAM:
    case VIR_DOMAIN_DEVICE_RNG:
    case VIR_DOMAIN_DEVICE_SHMEM:
    case VIR_DOMAIN_DEVICE_PANIC:
    case VIR_DOMAIN_DEVICE_MEMORY:
    case VIR_DOMAIN_DEVICE_IOMMU:
    case VIR_DOMAIN_DEVICE_VSOCK:
    case VIR_DOMAIN_DEVICE_AUDIO:
    case VIR_DOMAIN_DEVICE_LAST:
    default:
        break;
    }
    what = g_strdup_printf("<%s>", virDomainDeviceTypeToString(dev->type));
    return msvmRefuse(what);
}


/* An XPath by what makes a device recognisable to its author. */
static char *
msvmValidateWhere(const virDomainDeviceDef *dev)
{
    char mac[VIR_MAC_STRING_BUFLEN];

    if (dev->type == VIR_DOMAIN_DEVICE_DISK && dev->data.disk->dst)
        return g_strdup_printf("/domain/devices/disk[target/@dev='%s']", dev->data.disk->dst);
    if (dev->type == VIR_DOMAIN_DEVICE_NET)
        return g_strdup_printf("/domain/devices/interface[mac/@address='%s']",
                               virMacAddrFormat(&dev->data.net->mac, mac));
    if (dev->type == VIR_DOMAIN_DEVICE_CHR)
        return g_strdup("/domain/devices/*[self::serial or self::parallel or self::console or self::channel]");
    return g_strdup_printf("/domain/devices/%s", virDomainDeviceTypeToString(dev->type));
}


int
msvmValidateDevice(const virDomainDeviceDef *dev, const virDomainDef *def, void *opaque G_GNUC_UNUSED,
                   void *parseOpaque)
{
    int rc = msvmValidateDeviceKind(dev, def);
    g_autofree char *where = NULL;

    if (rc == 0 || !parseOpaque)
        return rc;
    where = msvmValidateWhere(dev);
    msvmProblemsCatch(parseOpaque, rc, where);
    return 0;
}


/* Before libvirt's own additions are looked at, such as the controllers that
 * it adds for devices: the author wants to hear of what he wrote. */
static void
msvmValidateKinds(const virDomainDef *def, MsvmProblems *problems)
{
    const struct {
        size_t n;
        const char *name;
        const char *where;
    } kinds[] = {
        { def->nserials, "<serial>", NULL }, { def->nparallels, "<parallel>", NULL },
        { def->nchannels, "<channel>", NULL }, { def->nconsoles, "<console>", NULL },
        { def->ngraphics, "<graphics>", NULL }, { def->nfss, "<filesystem>", NULL },
        { def->nleases, "<lease>", NULL }, { def->nsounds, "<sound>", NULL }, { def->naudios, "<audio>", NULL },
        { def->nhostdevs, "<hostdev>", NULL }, { def->nredirdevs, "<redirdev>", NULL },
        { def->nsmartcards, "<smartcard>", NULL }, { def->nhubs, "<hub>", NULL }, { def->nrngs, "<rng>", NULL },
        { def->nshmems, "<shmem>", NULL }, { def->nmems, "<memory> among the devices", "memory" },
        { def->npanics, "<panic>", NULL }, { def->watchdog != NULL, "<watchdog>", NULL },
        { def->nvram != NULL, "<nvram>", NULL }, { def->redirfilter != NULL, "<redirfilter>", NULL },
        { def->iommu != NULL, "<iommu>", NULL }, { def->vsock != NULL, "<vsock>", NULL },
        { def->emulator != NULL, "<emulator>", NULL },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *element = kinds[i].where ? g_strdup(kinds[i].where)
                                                  : g_strndup(kinds[i].name + 1, strlen(kinds[i].name) - 2);
        g_autofree char *where = g_strconcat("/domain/devices/", element, NULL);

        if (kinds[i].n > 0)
            msvmProblemsCatch(problems, msvmRefuse(kinds[i].name), where);
    }
}


static void
msvmValidateLifecycle(const virDomainDef *def, MsvmProblems *problems)
{
    if (def->onPoweroff != VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY)
        msvmProblemsCatch(problems, msvmRefuse("<on_poweroff> other than 'destroy'"), "/domain/on_poweroff");
    if (def->onReboot != VIR_DOMAIN_LIFECYCLE_ACTION_RESTART &&
        def->onReboot != VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY)
        msvmProblemsCatch(problems, msvmRefuse("<on_reboot> other than 'restart' and 'destroy'"),
                          "/domain/on_reboot");
    /* What a guest does after a crash is its own affair; the words are kept. */
    if (def->onCrash != VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY &&
        def->onCrash != VIR_DOMAIN_LIFECYCLE_ACTION_RESTART)
        msvmProblemsCatch(problems, msvmRefuse("<on_crash> other than 'destroy' and 'restart'"),
                          "/domain/on_crash");
}


static int
msvmValidateArch(const virDomainDef *def)
{
    if (def->os.arch == VIR_ARCH_I686 && msvmDomainGeneration(def) == 2)
        return msvmRefuse("arch='i686' with firmware='efi'");
    if (def->os.arch == VIR_ARCH_X86_64 || def->os.arch == VIR_ARCH_I686)
        return 0;
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "arch '%s' is not supported by Hyper-V",
                   virArchToString(def->os.arch));
    return -1;
}


static void
msvmValidateOS(const virDomainDef *def, MsvmProblems *problems)
{
    if (def->os.firmware == VIR_DOMAIN_OS_DEF_FIRMWARE_BIOS)
        msvmProblemsCatch(problems, msvmRefuse("<os firmware='bios'>"), "/domain/os");
    if (def->os.loader && (def->os.loader->path || def->os.loader->nvram || def->os.loader->nvramTemplate))
        msvmProblemsCatch(problems, msvmRefuse("a path of <loader> or <nvram>"), "/domain/os/loader");
    if (def->os.machine)
        msvmProblemsAdd(problems, VIR_ERR_CONFIG_UNSUPPORTED, "/domain/os/type",
                        "machine type '%s' is not supported by Hyper-V: leave it out, "
                        "<os firmware='efi'> makes a machine of generation 2", def->os.machine);
    msvmProblemsCatch(problems, msvmValidateArch(def), "/domain/os/type");
}


static void
msvmValidateCollect(const virDomainDef *def, MsvmProblems *problems)
{
    g_autoptr(MsvmPolicy) policy = NULL;
    bool whole;

    if (def->namespaceData)
        msvmProblemsAddAll(problems, def->namespaceData);
    msvmValidateKinds(def, problems);
    msvmValidateOS(def, problems);
    msvmValidateLifecycle(def, problems);
    if (virDomainDefGetVcpus(def) != virDomainDefGetVcpusMax(def))
        msvmProblemsCatch(problems, msvmRefuse("<vcpu current=...> lower than the number of processors"),
                          "/domain/vcpu");
    policy = msvmPolicyCollect(def, problems, &whole);
}


int
msvmValidateDomain(const virDomainDef *def, void *opaque G_GNUC_UNUSED, void *parseOpaque)
{
    g_autoptr(MsvmProblems) problems = NULL;

    if (parseOpaque) {
        msvmValidateCollect(def, parseOpaque);
        return 0;
    }
    problems = msvmProblemsNew();
    msvmValidateCollect(def, problems);
    return msvmProblemsReport(problems);
}
