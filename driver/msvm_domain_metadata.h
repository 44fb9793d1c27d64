/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Title, description and <metadata>, which live in the record in the notes of
 * the machine. They may change while the machine runs; there is one
 * configuration, so that what is changed live is kept.
 */
#pragma once

#include "internal.h"
#include "driver.h"
#include "domain_conf.h"

char *msvmDomainGetMetadata(virDomainPtr dom, int type, const char *uri, unsigned int flags);
int msvmDomainSetMetadata(virDomainPtr dom, int type, const char *metadata, const char *key, const char *uri,
                          unsigned int flags);

/* Puts title, description and metadata of a machine's notes into a
 * definition. 0, or -1 with an error reported. */
int msvmMetadataLoad(virDomainDef *def, const char *notes);

/* Changes one of them; metadata: NULL removes. As virDomainSetMetadata(). */
int msvmMetadataChange(virDomainDef *def, int type, const char *metadata, const char *key, const char *uri);

/* NULL with VIR_ERR_NO_DOMAIN_METADATA when there is none. Caller frees. */
char *msvmMetadataGet(const virDomainDef *def, int type, const char *uri);
