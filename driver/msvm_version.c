/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_version.h"

/* Both configurations have these; only MSVM_LIBVIRT_VERSION is wanted. */
#undef PACKAGE
#undef PACKAGE_NAME
#undef PACKAGE_VERSION
#undef VERSION
#include "msvm-config.h"

#include <stdio.h>

#include "internal.h"
#include "virerror.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

unsigned long
msvmVersionParse(const char *text)
{
    unsigned int major, minor, micro;
    char rest;

    if (sscanf(text, "%u.%u.%u%c", &major, &minor, &micro, &rest) != 3 || minor > 999 || micro > 999)
        return 0;
    return major * 1000000ul + minor * 1000ul + micro;
}

int
msvmVersionCheck(unsigned long running)
{
    if (running == msvmVersionParse(MSVM_LIBVIRT_VERSION))
        return 0;
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED,
                   _("libvirt_driver_msvm.so was built for libvirt %s and cannot serve libvirt %lu.%lu.%lu: "
                     "build it against the installed version"),
                   MSVM_LIBVIRT_VERSION, running / 1000000, running / 1000 % 1000, running % 1000);
    return -1;
}
