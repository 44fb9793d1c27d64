/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SOAP faults of Windows: f:WSManFault, nested through f:ProviderFault, with
 * an __ExtendedStatus or MSFT_WmiError in it (MS-WSMV 2.2.4.43).
 */
#pragma once

#include <libxml/tree.h>

#include "wsman/wsman_error.h"

/*
 * Sets an error with the innermost HRESULT and the most particular text.
 * names_instance: whether the request named an instance by selectors. The same
 * fault, a:DestinationUnreachable, then means that there is no such instance,
 * and otherwise that there is no such class.
 */
void wsman_fault_to_error(const xmlNode *fault, guint http_status, gboolean names_instance,
                          GError **error);
