/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tables, and nothing else. The comment behind an entry is the version of
 * this project that first had it.
 */
#include <config.h>

#include "driver/msvm_driver.h"

#include "driver/msvm_connect.h"
#include "driver/msvm_define.h"
#include "driver/msvm_domain_capabilities.h"
#include "driver/msvm_domain_device.h"
#include "driver/msvm_domain_info.h"
#include "driver/msvm_domain_metadata.h"
#include "driver/msvm_domain_power.h"
#include "driver/msvm_domain_save.h"
#include "driver/msvm_domain_xml.h"
#include "driver/msvm_identity.h"
#include "driver/msvm_job.h"
#include "driver/msvm_list.h"
#include "driver/msvm_log.h"
#include "driver/msvm_lookup.h"
#include "driver/msvm_migrate.h"
#include "driver/msvm_node.h"
#include "driver/msvm_secret_driver.h"
#include "driver/msvm_undefine.h"
#include "driver/msvm_version.h"
#include "keymgr/keymgr.h"

#include "datatypes.h"
#include "driver.h"

static virHypervisorDriver msvm_hypervisor_driver = {
    .name = "msvm",
    .connectOpen = msvmConnectOpen, /* 0.1.0 */
    .connectClose = msvmConnectClose, /* 0.1.0 */
    .connectSupportsFeature = msvmConnectSupportsFeature, /* 0.1.0 */
    .connectGetType = msvmConnectGetType, /* 0.1.0 */
    .connectGetVersion = msvmConnectGetVersion, /* 0.1.0 */
    .connectGetHostname = msvmConnectGetHostname, /* 0.1.0 */
    .connectGetMaxVcpus = msvmConnectGetMaxVcpus, /* 0.1.0 */
    .nodeGetInfo = msvmNodeGetInfo, /* 0.1.0 */
    .nodeGetFreeMemory = msvmNodeGetFreeMemory, /* 0.1.0 */
    .connectGetCapabilities = msvmConnectGetCapabilities, /* 0.1.0 */
    .connectGetDomainCapabilities = msvmConnectGetDomainCapabilities, /* 0.1.0 */
    .connectListDomains = msvmConnectListDomains, /* 0.1.0 */
    .connectNumOfDomains = msvmConnectNumOfDomains, /* 0.1.0 */
    .connectListAllDomains = msvmConnectListAllDomains, /* 0.1.0 */
    .connectListDefinedDomains = msvmConnectListDefinedDomains, /* 0.1.0 */
    .connectNumOfDefinedDomains = msvmConnectNumOfDefinedDomains, /* 0.1.0 */
    .connectIsEncrypted = msvmConnectIsEncrypted, /* 0.1.0 */
    .connectIsSecure = msvmConnectIsSecure, /* 0.1.0 */
    .connectIsAlive = msvmConnectIsAlive, /* 0.1.0 */
    .domainCreateXML = msvmDomainCreateXML, /* 0.1.0 */
    .domainLookupByID = msvmDomainLookupByID, /* 0.1.0 */
    .domainLookupByUUID = msvmDomainLookupByUUID, /* 0.1.0 */
    .domainLookupByName = msvmDomainLookupByName, /* 0.1.0 */
    .domainSuspend = msvmDomainSuspend, /* 0.1.0 */
    .domainResume = msvmDomainResume, /* 0.1.0 */
    .domainShutdown = msvmDomainShutdown, /* 0.1.0 */
    .domainShutdownFlags = msvmDomainShutdownFlags, /* 0.1.0 */
    .domainReboot = msvmDomainReboot, /* 0.1.0 */
    .domainReset = msvmDomainReset, /* 0.1.0 */
    .domainDestroy = msvmDomainDestroy, /* 0.1.0 */
    .domainDestroyFlags = msvmDomainDestroyFlags, /* 0.1.0 */
    .domainGetOSType = msvmDomainGetOSType, /* 0.1.0 */
    .domainGetMaxMemory = msvmDomainGetMaxMemory, /* 0.1.0 */
    .domainGetInfo = msvmDomainGetInfo, /* 0.1.0 */
    .domainGetState = msvmDomainGetState, /* 0.1.0 */
    .domainGetVcpusFlags = msvmDomainGetVcpusFlags, /* 0.1.0 */
    .domainGetMaxVcpus = msvmDomainGetMaxVcpus, /* 0.1.0 */
    .domainGetXMLDesc = msvmDomainGetXMLDesc, /* 0.1.0 */
    .domainCreate = msvmDomainCreate, /* 0.1.0 */
    .domainCreateWithFlags = msvmDomainCreateWithFlags, /* 0.1.0 */
    .domainDefineXML = msvmDomainDefineXML, /* 0.1.0 */
    .domainDefineXMLFlags = msvmDomainDefineXMLFlags, /* 0.1.0 */
    .domainUndefine = msvmDomainUndefine, /* 0.1.0 */
    .domainUndefineFlags = msvmDomainUndefineFlags, /* 0.1.0 */
    .domainAttachDevice = msvmDomainAttachDevice, /* 0.2.0 */
    .domainAttachDeviceFlags = msvmDomainAttachDeviceFlags, /* 0.2.0 */
    .domainDetachDevice = msvmDomainDetachDevice, /* 0.2.0 */
    .domainDetachDeviceFlags = msvmDomainDetachDeviceFlags, /* 0.2.0 */
    .domainUpdateDeviceFlags = msvmDomainUpdateDeviceFlags, /* 0.2.0 */
    .domainDetachDeviceAlias = msvmDomainDetachDeviceAlias, /* 0.2.0 */
    .domainGetAutostart = msvmDomainGetAutostart, /* 0.1.0 */
    .domainSetAutostart = msvmDomainSetAutostart, /* 0.1.0 */
    .domainIsActive = msvmDomainIsActive, /* 0.1.0 */
    .domainIsPersistent = msvmDomainIsPersistent, /* 0.1.0 */
    .domainIsUpdated = msvmDomainIsUpdated, /* 0.1.0 */
    .domainGetJobInfo = msvmDomainGetJobInfo, /* 0.1.0 */
    .domainGetJobStats = msvmDomainGetJobStats, /* 0.1.0 */
    .domainAbortJob = msvmDomainAbortJob, /* 0.1.0 */
    .domainMigratePerform3 = msvmDomainMigratePerform3, /* 0.1.0 */
    .domainMigrateBegin3Params = msvmDomainMigrateBegin3Params, /* 0.1.0 */
    .domainMigratePrepare3Params = msvmDomainMigratePrepare3Params, /* 0.1.0 */
    .domainMigratePerform3Params = msvmDomainMigratePerform3Params, /* 0.1.0 */
    .domainMigrateFinish3Params = msvmDomainMigrateFinish3Params, /* 0.1.0 */
    .domainMigrateConfirm3Params = msvmDomainMigrateConfirm3Params, /* 0.1.0 */
    .domainManagedSave = msvmDomainManagedSave, /* 0.1.0 */
    .domainHasManagedSaveImage = msvmDomainHasManagedSaveImage, /* 0.1.0 */
    .domainManagedSaveRemove = msvmDomainManagedSaveRemove, /* 0.1.0 */
    .domainSetMetadata = msvmDomainSetMetadata, /* 0.1.0 */
    .domainGetMetadata = msvmDomainGetMetadata, /* 0.1.0 */
};

static virSecretDriver msvm_secret_driver = {
    .name = "msvm",
    .connectNumOfSecrets = msvmConnectNumOfSecrets, /* 0.2.0 */
    .connectListSecrets = msvmConnectListSecrets, /* 0.2.0 */
    .connectListAllSecrets = msvmConnectListAllSecrets, /* 0.2.0 */
    .secretLookupByUUID = msvmSecretLookupByUUID, /* 0.2.0 */
    .secretLookupByUsage = msvmSecretLookupByUsage, /* 0.2.0 */
    .secretDefineXML = msvmSecretDefineXML, /* 0.2.0 */
    .secretGetXMLDesc = msvmSecretGetXMLDesc, /* 0.2.0 */
    .secretSetValue = msvmSecretSetValue, /* 0.2.0 */
    .secretGetValue = msvmSecretGetValue, /* 0.2.0 */
    .secretUndefine = msvmSecretUndefine, /* 0.2.0 */
    .connectSecretEventRegisterAny = msvmConnectSecretEventRegisterAny, /* 0.2.0 */
    .connectSecretEventDeregisterAny = msvmConnectSecretEventDeregisterAny, /* 0.2.0 */
};

static const char *msvm_schemes[] = { "msvm", NULL };

static virConnectDriver msvm_connect_driver = {
    .embeddable = true,
    .uriSchemes = msvm_schemes,
    .hypervisorDriver = &msvm_hypervisor_driver,
    .secretDriver = &msvm_secret_driver,
};

static int
register_driver(void)
{
    unsigned long running = 0;

    if (virGetVersion(&running, NULL, NULL) < 0 || msvmVersionCheck(running) < 0)
        return -1;
    msvmLogInit();
    /* Before anything of ours uses libcurl. */
    keymgr_global_init();
    /* Its answer is the number of the driver. */
    return virRegisterConnectDriver(&msvm_connect_driver, false) < 0 ? -1 : 0;
}

int
msvmRegister(void)
{
    static GMutex lock;
    static bool registered;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);

    if (!registered)
        registered = register_driver() == 0;
    return registered ? 0 : -1;
}

bool
msvmDriverIs(virConnectPtr conn)
{
    return conn->driver == &msvm_hypervisor_driver;
}
