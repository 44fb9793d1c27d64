/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_domain_capabilities.h"

#include "driver/msvm_identity.h"

#include "domain_capabilities.h"
#include "viraccessapicheck.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* --- what the host said --------------------------------------------------------- */

struct MsvmHostCaps {
    GMutex lock;
    bool known;
    gint64 asked_us; /* monotonic */
    HypervCapabilities capabilities;
};

MsvmHostCaps *
msvmHostCapsNew(void)
{
    MsvmHostCaps *caps = g_new0(MsvmHostCaps, 1);

    g_mutex_init(&caps->lock);
    return caps;
}

void
msvmHostCapsFree(MsvmHostCaps *caps)
{
    if (!caps)
        return;
    g_mutex_clear(&caps->lock);
    g_free(caps);
}

static bool
recall(MsvmHostCaps *caps, HypervCapabilities *capabilities)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&caps->lock);

    if (!caps->known || g_get_monotonic_time() - caps->asked_us > MSVM_HOST_CAPS_SECONDS * G_USEC_PER_SEC)
        return false;
    *capabilities = caps->capabilities;
    return true;
}

static void
remember(MsvmHostCaps *caps, const HypervCapabilities *capabilities)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&caps->lock);

    caps->capabilities = *capabilities;
    caps->asked_us = g_get_monotonic_time();
    caps->known = true;
}

/* Not under the lock: two threads that ask at once are better than one that
 * waits for the other's time-out. */
int
msvmHostCapsGet(MsvmPrivate *priv, HypervCapabilities *capabilities)
{
    g_autoptr(GError) error = NULL;

    if (recall(priv->host_caps, capabilities))
        return 0;
    if (!hyperv_query_capabilities(priv->host, capabilities, NULL, &error)) {
        msvmReportHostError(priv, error, "%s", _("cannot get what machines may have"));
        return -1;
    }
    remember(priv->host_caps, capabilities);
    return 0;
}

/* --- libvirt's words for it ------------------------------------------------------ */

/* A machine of generation 2, which 32-bit guests cannot use. */
static void
fill_firmware(virDomainCaps *caps)
{
    bool second = caps->arch == VIR_ARCH_X86_64;

    caps->os.supported = VIR_TRISTATE_BOOL_YES;
    caps->os.firmware.report = true;
    caps->os.loader.supported = virTristateBoolFromBool(second);
    if (!second)
        return;
    VIR_DOMAIN_CAPS_ENUM_SET(caps->os.firmware, VIR_DOMAIN_OS_DEF_FIRMWARE_EFI);
    caps->os.loader.secure.report = true;
    VIR_DOMAIN_CAPS_ENUM_SET(caps->os.loader.secure, VIR_TRISTATE_BOOL_YES, VIR_TRISTATE_BOOL_NO);
}

static void
fill_tpm(virDomainCaps *caps, const HypervCapabilities *host)
{
    bool present = hyperv_capabilities_have_tpm(host) && caps->arch == VIR_ARCH_X86_64;

    caps->tpm.supported = virTristateBoolFromBool(present);
    if (!present)
        return;
    caps->tpm.model.report = caps->tpm.backendModel.report = caps->tpm.backendVersion.report = true;
    VIR_DOMAIN_CAPS_ENUM_SET(caps->tpm.model, VIR_DOMAIN_TPM_MODEL_CRB);
    VIR_DOMAIN_CAPS_ENUM_SET(caps->tpm.backendModel, VIR_DOMAIN_TPM_TYPE_EMULATOR);
    VIR_DOMAIN_CAPS_ENUM_SET(caps->tpm.backendVersion, VIR_DOMAIN_TPM_VERSION_2_0);
}

static void
fill_devices(virDomainCaps *caps)
{
    caps->disk.supported = VIR_TRISTATE_BOOL_YES;
    caps->disk.diskDevice.report = caps->disk.bus.report = true;
    VIR_DOMAIN_CAPS_ENUM_SET(caps->disk.diskDevice, VIR_DOMAIN_DISK_DEVICE_DISK, VIR_DOMAIN_DISK_DEVICE_CDROM,
                             VIR_DOMAIN_DISK_DEVICE_FLOPPY);
    VIR_DOMAIN_CAPS_ENUM_SET(caps->disk.bus, VIR_DOMAIN_DISK_BUS_IDE, VIR_DOMAIN_DISK_BUS_FDC,
                             VIR_DOMAIN_DISK_BUS_SCSI);
    caps->video.supported = VIR_TRISTATE_BOOL_YES;
    caps->video.modelType.report = true;
    VIR_DOMAIN_CAPS_ENUM_SET(caps->video.modelType, VIR_DOMAIN_VIDEO_TYPE_VGA);
    if (caps->arch == VIR_ARCH_X86_64)
        VIR_DOMAIN_CAPS_ENUM_SET(caps->video.modelType, VIR_DOMAIN_VIDEO_TYPE_GOP);
    caps->memoryBacking.supported = VIR_TRISTATE_BOOL_NO;
    caps->graphics.supported = VIR_TRISTATE_BOOL_NO;
    caps->hostdev.supported = VIR_TRISTATE_BOOL_NO;
    caps->rng.supported = VIR_TRISTATE_BOOL_NO;
    caps->filesystem.supported = VIR_TRISTATE_BOOL_NO;
    caps->redirdev.supported = VIR_TRISTATE_BOOL_NO;
    caps->channel.supported = VIR_TRISTATE_BOOL_NO;
}

/* Nothing that libvirt has a word for: shielding is no <launchSecurity> of its
 * grammar, and the enlightenments of Hyper-V itself are always on. */
static void
fill_features(virDomainCaps *caps)
{
    size_t i;

    for (i = 0; i < VIR_DOMAIN_CAPS_FEATURE_LAST; i++)
        caps->features[i] = VIR_TRISTATE_BOOL_NO;
    caps->gic.supported = VIR_TRISTATE_BOOL_NO;
}

static int
max_vcpus(MsvmPrivate *priv, const HypervCapabilities *host)
{
    guint major, minor, build;

    if (host->max_processors > 0)
        return host->max_processors;
    hyperv_host_get_version(priv->host, &major, &minor, &build);
    return msvmMaxVcpus(major, build);
}

static char *
format(MsvmPrivate *priv, virArch arch, const HypervCapabilities *host)
{
    g_autoptr(virDomainCaps) caps = virDomainCapsNew(NULL, NULL, arch, VIR_DOMAIN_VIRT_HYPERV);

    if (!caps)
        return NULL;
    caps->maxvcpus = max_vcpus(priv, host);
    caps->cpu.hostPassthrough = true;
    fill_firmware(caps);
    fill_tpm(caps, host);
    fill_devices(caps);
    fill_features(caps);
    return virDomainCapsFormat(caps);
}

/* --- the entry ------------------------------------------------------------------- */

static int
refuse_argument(const char *what, const char *value)
{
    if (!value || !*value)
        return 0;
    virReportError(VIR_ERR_INVALID_ARG, _("unknown %s '%s': domains of Hyper-V have none"), what, value);
    return -1;
}

static int
parse_arch(const char *text, virArch *arch)
{
    *arch = text ? virArchFromString(text) : VIR_ARCH_X86_64;
    if (*arch == VIR_ARCH_X86_64 || *arch == VIR_ARCH_I686)
        return 0;
    virReportError(VIR_ERR_INVALID_ARG, _("%s architecture '%s': domains of Hyper-V are x86_64 or i686"),
                   *arch == VIR_ARCH_NONE ? "unknown" : "unsupported", text);
    return -1;
}

char *
msvmConnectGetDomainCapabilities(virConnectPtr conn, const char *emulator, const char *arch_name,
                                 const char *machine, const char *virttype, unsigned int flags)
{
    MsvmPrivate *priv = msvmPrivateOf(conn);
    HypervCapabilities host;
    virArch arch;

    virCheckFlags(0, NULL);

    if (virConnectGetDomainCapabilitiesEnsureACL(conn) < 0 || parse_arch(arch_name, &arch) < 0 ||
        refuse_argument("emulator", emulator) < 0 || refuse_argument("machine type", machine) < 0)
        return NULL;
    if (virttype && virDomainVirtTypeFromString(virttype) != VIR_DOMAIN_VIRT_HYPERV) {
        virReportError(VIR_ERR_INVALID_ARG, _("unknown virttype '%s': the domain type of this host is 'hyperv'"),
                       virttype);
        return NULL;
    }
    return msvmHostCapsGet(priv, &host) < 0 ? NULL : format(priv, arch, &host);
}
