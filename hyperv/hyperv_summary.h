/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Msvm_SummaryInformation: what GetSummaryInformation tells of many machines
 * in one request.
 */
#pragma once

#include "hyperv/hyperv_method.h"

/* RequestedInformation of GetSummaryInformation */
typedef enum {
    HYPERV_SUMMARY_NAME = 0,
    HYPERV_SUMMARY_ELEMENT_NAME = 1,
    HYPERV_SUMMARY_NOTES = 3,
    HYPERV_SUMMARY_PROCESSORS = 4,
    HYPERV_SUMMARY_STATE = 100,
    HYPERV_SUMMARY_MEMORY_USAGE = 103,
    HYPERV_SUMMARY_UPTIME = 105,
} HypervSummaryItem;

/* Machines whose summaries are asked for at once. */
#define HYPERV_SUMMARY_PAGE 250

/*
 * The summaries of the machines: array of WsmanInstance, in any order; one
 * that is gone may be missing or fail the call. An answer cannot be split, so
 * a page that is too large for the server's envelope is asked for in halves.
 */
GPtrArray *hyperv_summary_query(HypervCall *call, const char *const *guids, gsize n_guids, const guint32 *items,
                                gsize n_items, GError **error);
