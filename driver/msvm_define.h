/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From domain XML to a machine on the host:
 *
 *   parse -> who has this name or UUID? -> plan -> fetch all keys -> make it so
 *
 * All that can be refused is refused before anything is sent that changes the
 * host; what fails after that is undone by hyperv/.
 */
#pragma once

#include "internal.h"
#include "driver.h"

virDomainPtr msvmDomainDefineXML(virConnectPtr conn, const char *xml);
virDomainPtr msvmDomainDefineXMLFlags(virConnectPtr conn, const char *xml, unsigned int flags);

/* Defines and starts; a domain that does not start is undefined again.
 * Machines of Hyper-V are kept in the host's configuration, so the domain is
 * persistent from the start and stays when it is destroyed. */
virDomainPtr msvmDomainCreateXML(virConnectPtr conn, const char *xml, unsigned int flags);
