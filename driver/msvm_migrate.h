/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Migration to another host.
 *
 *   virsh migrate DOM msvm://HOST2/embed?root=...   both connections are the client's:
 *     Begin     source        describes the machine
 *     Prepare   destination   checks: enabled, compatible, authorised by the protector, name free
 *     Perform   source        has its host move the machine
 *     Finish    destination   finds it there
 *     Confirm   source        forgets it
 *   virsh migrate --direct DOM HOST2 HOST2   (libvirt passes on the second alone)
 *   virsh migrate --p2p DOM URI
 *     Perform   source        opens HOST2 itself, with msvm.conf and auth.conf, and does it all
 *
 * Hyper-V moves a machine: it is always persistent at the destination and gone
 * from the source. A running one always moves live. Flags that say so are
 * taken and change nothing.
 */
#pragma once

#include "driver/msvm_private.h"

char *msvmDomainMigrateBegin3Params(virDomainPtr dom, virTypedParameterPtr params, int nparams, char **cookieout,
                                    int *cookieoutlen, unsigned int flags);
int msvmDomainMigratePrepare3Params(virConnectPtr dconn, virTypedParameterPtr params, int nparams,
                                    const char *cookiein, int cookieinlen, char **cookieout, int *cookieoutlen,
                                    char **uri_out, unsigned int flags);
int msvmDomainMigratePerform3Params(virDomainPtr dom, const char *dconnuri, virTypedParameterPtr params, int nparams,
                                    const char *cookiein, int cookieinlen, char **cookieout, int *cookieoutlen,
                                    unsigned int flags);
virDomainPtr msvmDomainMigrateFinish3Params(virConnectPtr dconn, virTypedParameterPtr params, int nparams,
                                            const char *cookiein, int cookieinlen, char **cookieout,
                                            int *cookieoutlen, unsigned int flags, int cancelled);
int msvmDomainMigrateConfirm3Params(virDomainPtr dom, virTypedParameterPtr params, int nparams, const char *cookiein,
                                    int cookieinlen, unsigned int flags, int cancelled);
/* --direct alone: libvirt knows that with the older form of parameters only. */
int msvmDomainMigratePerform3(virDomainPtr dom, const char *xmlin, const char *cookiein, int cookieinlen,
                              char **cookieout, int *cookieoutlen, const char *dconnuri, const char *uri,
                              unsigned long flags, const char *dname, unsigned long resource);
