/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include <string.h>
#include <unistd.h>

#include "tools/domain_check.h"

#include "tools/domain_explain.h"
#include "xml/msvm_domain.h"
#include "xml/msvm_metadata_nova.h"

#include <glib/gstdio.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "virerror.h"

#define LIBVIRT_SCHEMA "/usr/share/libvirt/schemas/domain.rng"

/* --- where it is ------------------------------------------------------------------ */

/* A place need not be an XPath of this very document. */
static void ignore_xpath_error(void *opaque G_GNUC_UNUSED, const xmlError *error G_GNUC_UNUSED)
{
}

static long find_line(xmlXPathContextPtr context, const char *path)
{
    xmlXPathObjectPtr object = xmlXPathEvalExpression(BAD_CAST path, context);
    long line = 0;

    if (object && object->nodesetval && object->nodesetval->nodeNr > 0)
        line = xmlGetLineNo(object->nodesetval->nodeTab[0]);
    xmlXPathFreeObject(object);
    return line;
}

/* A property may be Nova's instead of ours, and under Nova's name. */
static long find_property(xmlXPathContextPtr context, const char *where)
{
    const char *begin = strstr(where, "[@name='");
    const char *end = begin ? strstr(begin, "']") : NULL;
    g_autofree char *name = end ? g_strndup(begin + 8, end - begin - 8) : NULL;
    g_autofree char *path = NULL;

    if (!name)
        return 0;
    path = g_strdup_printf("//*[@name='%s' or (@name='img_hv_type' and '%s'='hypervisor_type') or "
                           "(@name='img_hv_requested_version' and '%s'='hypervisor_version_requires')]", name, name,
                           name);
    return find_line(context, path);
}

long check_line(const Check *check, const char *where)
{
    xmlXPathContextPtr context = where ? xmlXPathNewContext(check->doc) : NULL;
    g_autofree char *path = g_strdup(where);
    long line;
    char *slash;

    if (!context)
        return 0;
    context->error = (xmlStructuredErrorFunc)ignore_xpath_error;
    xmlXPathRegisterNs(context, BAD_CAST "msvm", BAD_CAST MSVM_NAMESPACE_URI);
    xmlXPathRegisterNs(context, BAD_CAST "nova", BAD_CAST MSVM_NOVA_NAMESPACE_URI);
    line = find_line(context, where);
    if (!line)
        line = find_property(context, where);
    /* Of something that is not there: where it would be. */
    while (!line && (slash = strrchr(path, '/')) && slash > path) {
        *slash = '\0';
        line = find_line(context, path);
    }
    xmlXPathFreeContext(context);
    return line;
}

/* --- XML and schemas ---------------------------------------------------------------- */

static void take_parser_error(void *opaque, const xmlError *error)
{
    Check *check = opaque;

    report_problem(check->report, VIR_ERR_XML_DETAIL, error->line, NULL, error->message);
}

gboolean check_read(Check *check, const char *text)
{
    xmlSetStructuredErrorFunc(check, (xmlStructuredErrorFunc)take_parser_error);
    check->doc = xmlReadMemory(text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET | XML_PARSE_BIG_LINES);
    xmlSetStructuredErrorFunc(NULL, NULL);
    if (check->doc && xmlGetIntSubset(check->doc)) {
        report_problem(check->report, VIR_ERR_XML_DETAIL, 0, NULL, "a document type is not taken");
        return FALSE;
    }
    return check->doc && report_problems(check->report) == 0;
}

typedef struct {
    Check *check;
    gboolean ours;
} Validation;

static void take_schema_error(void *opaque, const xmlError *error)
{
    Validation *validation = opaque;
    g_autofree char *text = g_strchomp(g_strdup(error->message));

    if (!validation->ours)
        report_note(validation->check->report, error->line, "virsh define --validate will refuse it: %s", text);
    else
        report_problem(validation->check->report, VIR_ERR_XML_INVALID_SCHEMA, error->line, NULL, text);
}

static void validate(Check *check, const char *path, gboolean ours)
{
    Validation validation = { check, ours };
    /* libxml2 would print its own lines on a file that is not there. */
    xmlRelaxNGParserCtxtPtr parser = g_access(path, R_OK) == 0 ? xmlRelaxNGNewParserCtxt(path) : NULL;
    xmlRelaxNGPtr schema = parser ? xmlRelaxNGParse(parser) : NULL;
    xmlRelaxNGValidCtxtPtr context = schema ? xmlRelaxNGNewValidCtxt(schema) : NULL;

    if (context) {
        xmlRelaxNGSetValidStructuredErrors(context, (xmlStructuredErrorFunc)take_schema_error, &validation);
        xmlRelaxNGValidateDoc(context, check->doc);
    } else {
        report_note(check->report, 0, "not checked against schema %s, which cannot be read", path);
    }
    xmlRelaxNGFreeValidCtxt(context);
    xmlRelaxNGFree(schema);
    xmlRelaxNGFreeParserCtxt(parser);
}

/* --- the definition -------------------------------------------------------------------- */

void check_take(Check *check, const MsvmProblems *problems)
{
    size_t i, n = MIN(msvmProblemsCount(problems), MSVM_PROBLEMS_MAX);

    for (i = 0; i < n; i++) {
        const MsvmProblem *problem = msvmProblemsGet(problems, i);

        report_problem(check->report, problem->code, check_line(check, problem->where), problem->where,
                       problem->text);
    }
    if (msvmProblemsCount(problems) > n)
        report_note(check->report, 0, "%zu more problems are not shown", msvmProblemsCount(problems) - n);
}

gboolean check_parse(Check *check, const char *text)
{
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();
    g_autoptr(virDomainXMLOption) xmlopt = msvmXMLOptionNew();

    if (xmlopt)
        check->def = virDomainDefParseString(text, xmlopt, problems, VIR_DOMAIN_DEF_PARSE_INACTIVE);
    msvmProblemsCatch(problems, check->def ? 0 : -1, NULL);
    check_take(check, problems);
    return check->def != NULL;
}

static gboolean said_secure_boot(const virDomainDef *def)
{
    if (def->os.loader && def->os.loader->secure == VIR_TRISTATE_BOOL_YES)
        return TRUE;
    return def->os.firmwareFeatures &&
           (def->os.firmwareFeatures[VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_SECURE_BOOT] != VIR_TRISTATE_BOOL_ABSENT ||
            def->os.firmwareFeatures[VIR_DOMAIN_OS_DEF_FIRMWARE_FEATURE_ENROLLED_KEYS] != VIR_TRISTATE_BOOL_ABSENT);
}

void check_plan(Check *check)
{
    static const MsvmPlanHost unknown = { .name = NULL, .major = 10 };
    g_autoptr(MsvmProblems) problems = msvmProblemsNew();
    g_autoptr(MsvmProblems) grammar = msvmProblemsNew();
    g_autoptr(MsvmMetadata) metadata = msvmMetadataCollect(check->def->metadata, grammar);
    const virDomainDef *def = check->def;
    Explained explained = {
        .metadata = metadata,
        .requires_host = check->host ? check->host->name : NULL,
        .had_tpm = def->ntpms > 0,
        .had_secure_boot = said_secure_boot(def),
        .had_encryption = def->ntpms > 0 && def->tpms[0]->type == VIR_DOMAIN_TPM_TYPE_EMULATOR &&
                          def->tpms[0]->data.emulator.hassecretuuid,
    };

    check->plan = msvmPlanCollect(check->def, check->host ? check->host : &unknown, check->current, problems);
    check_take(check, problems);
    explained.plan = check->plan;
    if (check->plan)
        explain_plan(check->report, &explained);
    else
        explain_wishes(check->report, metadata);
    /* A schema says less well what is wrong than the code does. */
    if (report_problems(check->report) == 0)
        validate(check, check->schema, TRUE);
    validate(check, LIBVIRT_SCHEMA, FALSE);
}

void check_clear(Check *check)
{
    g_clear_pointer(&check->plan, msvmPlanFree);
    virDomainDefFree(check->def);
    xmlFreeDoc(check->doc);
    check->def = NULL;
    check->doc = NULL;
}
