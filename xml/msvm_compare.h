/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The last gate of a define: nothing that an author wrote may be lost. The
 * definition is compared with what dumpxml would show of the machine planned
 * from it, element by element, so that a word that nobody thought of is
 * refused, not dropped.
 */
#pragma once

#include "domain_conf.h"

/* -1 with VIR_ERR_CONFIG_UNSUPPORTED reported, naming the first element or
 * attribute of wanted that shown does not have. Both are only formatted. */
int msvmCompareDefs(virDomainDef *wanted, virDomainDef *shown, virDomainXMLOption *xmlopt);
