/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks a domain definition: XML, our schema, libvirt's schema, libvirt's
 * parser with the driver's own hooks, the driver's plan. Sends nothing.
 */
#pragma once

#include "tools/domain_report.h"
#include "xml/msvm_plan.h"

#include <libxml/tree.h>

/* More than any domain has. */
#define CHECK_MAX_SIZE (4 * 1024 * 1024)

typedef struct {
    Report *report;
    const char *schema;            /* file of our RNG schema */
    const MsvmPlanHost *host;      /* NULL: none is known */
    const HypervMachine *current;  /* what is there already; NULL: nothing, or not known */
    xmlDocPtr doc;
    virDomainDef *def;             /* NULL where it cannot be parsed */
    MsvmPlan *plan;                /* NULL where there are problems */
} Check;

/* text: the file. Fills doc; problems go into the report. FALSE when it is no
 * well-formed XML. */
gboolean check_read(Check *check, const char *text);
/* Parses; needs check_read(). FALSE when nothing comes of it. */
gboolean check_parse(Check *check, const char *text);
/* Plans and explains; needs check_parse(). */
void check_plan(Check *check);
/* Puts problems of the driver's into the report, with their lines. */
void check_take(Check *check, const MsvmProblems *problems);
void check_clear(Check *check);

/* The line of an XPath in our namespace's terms; 0 when it is nowhere. */
long check_line(const Check *check, const char *where);
