/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the two connections of a migration tell each other, as text:
 *
 *   from Begin at the source to Prepare at the destination: the machine, as
 *   hyperv_migrate_describe() found it, public certificates and all, and the
 *   ticket of an offer (msvm_migrate_offer.h)
 *   from Prepare to Perform at the source: where the destination listens
 *
 * It holds no key and nothing that lets anybody in.
 */
#pragma once

#include "hyperv/hyperv_migrate.h"

#define MSVM_MIGRATE_COOKIE_MAX_SIZE (1024 * 1024)

/* ticket: NULL where there is none. Caller frees. */
char *msvmMigrateCookieFormat(const HypervTraveller *traveller, const char *ticket);
/* NULL with an error reported. *ticket: NULL when there is none; caller frees. */
HypervTraveller *msvmMigrateCookieParse(const char *cookie, int length, char **ticket);

/* Caller frees each. The second: NULL with an error reported. */
char *msvmMigrateCookieFormatAddresses(const char *const *addresses);
char **msvmMigrateCookieParseAddresses(const char *cookie, int length);
