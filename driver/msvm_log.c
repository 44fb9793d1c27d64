/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "driver/msvm_log.h"

#include <glib.h>

#include "virlog.h"

VIR_LOG_INIT("msvm.below");

static virLogPriority
priority_of(GLogLevelFlags level)
{
    switch (level & G_LOG_LEVEL_MASK) {
    case G_LOG_LEVEL_DEBUG:
        return VIR_LOG_DEBUG;
    case G_LOG_LEVEL_INFO:
    case G_LOG_LEVEL_MESSAGE:
        return VIR_LOG_INFO;
    case G_LOG_LEVEL_WARNING:
        return VIR_LOG_WARN;
    default:
        return VIR_LOG_ERROR;
    }
}

static void
write_line(const char *domain G_GNUC_UNUSED, GLogLevelFlags level, const char *text, gpointer opaque G_GNUC_UNUSED)
{
    virLogMessage(&virLogSelf, priority_of(level), NULL, 0, NULL, NULL, "%s", text);
}

void
msvmLogInit(void)
{
    g_log_set_handler(G_LOG_DOMAIN, G_LOG_LEVEL_MASK | G_LOG_FLAG_FATAL | G_LOG_FLAG_RECURSION, write_line, NULL);
}
