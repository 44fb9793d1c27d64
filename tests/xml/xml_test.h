/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of xml/ share. cmocka comes after libvirt's headers, which
 * it must not disturb.
 */
#pragma once

#include "xml/msvm_domain.h"
#include "xml/msvm_plan.h"

#include "virerror.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Hosts to plan for. */
extern const MsvmPlanHost xml_test_host_2022;
extern const MsvmPlanHost xml_test_host_2012r2;

/* libvirt prints errors unless told not to; once per test program. */
int xml_test_setup(void **state);

/* "tests/xml/data" and "docs/examples" of the source tree; free with g_free(). */
char *xml_test_data_path(const char *name);
char *xml_test_examples_dir(void);
char *xml_test_read(const char *path);

/* As the driver parses it for a define. NULL with libvirt's error set. */
virDomainDef *xml_test_parse(const char *xml);
char *xml_test_format(virDomainDef *def);

/* Parses and plans; NULL with libvirt's error set. *def as planned, or NULL. */
MsvmPlan *xml_test_plan(const char *xml, const MsvmPlanHost *host, const HypervMachine *current,
                        virDomainDef **def);

/* What a host makes of a planned machine: a copy with its own ids, defaults
 * and order of things. */
HypervMachine *xml_test_host_makes(const HypervMachine *wanted);

/* Fails unless the last error has this code and holds this text; clears it. */
void xml_test_assert_error(int code, const char *text);

/* Compares text with a golden file; writes it when MSVM_REGENERATE is 1. */
void xml_test_assert_golden(const char *name, const char *text);

/*
 * A definition with parts put in: after <vcpu>, in <metadata>, in <os>, in
 * <devices>. NULL: nothing. generation 2 has firmware='efi'. Free with g_free().
 */
typedef struct {
    int generation;       /* 0 is 2 */
    const char *metadata; /* inside <msvm:security> */
    const char *top;
    const char *os;
    const char *devices;
} XmlTestParts;
char *xml_test_domain(const XmlTestParts *parts);

#define XML_TEST_UUID "c7a5fdbd-edaf-9455-926a-d65c16db1809"
#define XML_TEST_TPM "<tpm><backend type='emulator'/></tpm>"
