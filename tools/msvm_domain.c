/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * msvm-domain: makes domain XML, checks it, and says what a host has. Changes
 * nothing anywhere.
 */
#include <config.h>

#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "tools/domain_create.h"
#include "tools/domain_host.h"
#include "tools/domain_live.h"

#include "virerror.h"

#define PROGRAM "msvm-domain"

/* Exit codes, as in the man page. */
enum {
    EXIT_OK = 0,
    EXIT_PROBLEMS = 1,
    EXIT_USAGE = 2,
    EXIT_UNREAD = 3, /* a file or the host */
};

static struct {
    char *connect;
    gboolean json;
    char *schema;
    char *output;
    char *commands;
    char **properties;
    char **extra_specs;
    gboolean version;
    CreateOptions create;
} options = { 0 };

static const GOptionEntry common_entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "print JSON", NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options.version, "print the version", NULL },
    { NULL },
};

static const GOptionEntry connect_entries[] = {
    { "connect", 'c', 0, G_OPTION_ARG_STRING, &options.connect, "a live host: msvm://HOST/embed?root=DIR", "URI" },
    { NULL },
};

static const GOptionEntry check_entries[] = {
    { "schema", 0, 0, G_OPTION_ARG_FILENAME, &options.schema, "our RNG schema (default " MSVM_SCHEMA ")", "FILE" },
    { NULL },
};

static const GOptionEntry create_entries[] = {
    { "name", 'n', 0, G_OPTION_ARG_STRING, &options.create.name, "name of the domain", "NAME" },
    { "uuid", 0, 0, G_OPTION_ARG_STRING, &options.create.uuid, "its UUID", "UUID" },
    { "memory", 'm', 0, G_OPTION_ARG_STRING, &options.create.memory, "memory in MiB, or 4G (default 1024)", "SIZE" },
    { "vcpus", 0, 0, G_OPTION_ARG_INT, &options.create.vcpus, "processors (default 1)", "N" },
    { "disk", 'd', 0, G_OPTION_ARG_STRING_ARRAY, &options.create.disks, "a disk image on the host", "PATH" },
    { "cdrom", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.create.cdroms, "an ISO image on the host", "PATH" },
    { "network", 'w', 0, G_OPTION_ARG_STRING_ARRAY, &options.create.networks, "a virtual switch",
      "SWITCH[,mac=ADDRESS]" },
    { "property", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &options.properties, "a property of the image", "NAME=VALUE" },
    { "extra-spec", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options.extra_specs, "an extra spec of the flavor",
      "NAME=VALUE" },
    { "commands", 0, 0, G_OPTION_ARG_FILENAME, &options.commands,
      "take both from glance, nova and openstack command lines; -: standard input", "FILE" },
    { "key", 'k', 0, G_OPTION_ARG_STRING_ARRAY, &options.create.keys, "a secret with key material", "UUID" },
    { "secure-boot-template", 0, 0, G_OPTION_ARG_STRING, &options.create.template, "whose loaders boot", "NAME" },
    { "shielded", 0, 0, G_OPTION_ARG_NONE, &options.create.shielded, "a shielded machine", NULL },
    { "encrypt-traffic", 0, 0, G_OPTION_ARG_NONE, &options.create.encrypt_traffic, "encrypt state and migration",
      NULL },
    { "owner", 0, 0, G_OPTION_ARG_STRING, &options.create.owner, "guardian that owns the key protector", "GUARDIAN" },
    { "create-owner", 0, 0, G_OPTION_ARG_NONE, &options.create.create_owner, "make it where it is missing", NULL },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, "write the XML there", "FILE" },
    { NULL },
};

static int fail(int code, const char *format, ...) G_GNUC_PRINTF(2, 3);

static int
fail(int code, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    fprintf(stderr, PROGRAM ": %s\n", text);
    return code;
}

static int
fail_libvirt(void)
{
    return fail(EXIT_UNREAD, "%s", virGetLastErrorMessage());
}

/* A whole file, or standard input for "-"; at most CHECK_MAX_SIZE. */
static char *
read_text(const char *path, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char buffer[4096];
    size_t n;
    bool ok;

    if (!file) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "cannot read '%s': %s", path, g_strerror(errno));
        return NULL;
    }
    while (text->len <= CHECK_MAX_SIZE && (n = fread(buffer, 1, sizeof(buffer), file)) > 0)
        g_string_append_len(text, buffer, n);
    ok = !ferror(file);
    if (file != stdin)
        fclose(file);
    if (!ok || text->len > CHECK_MAX_SIZE || strlen(text->str) != text->len) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "'%s' is %s", path,
                    !ok ? "not readable" : text->len > CHECK_MAX_SIZE ? "too large" : "no text");
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* --- check ----------------------------------------------------------------------- */

static bool
run_checks(Check *check, Live *live, const char *text)
{
    if (!check_read(check, text) || !check_parse(check, text))
        return true;
    if (live->conn && !live_find(live, check))
        return false;
    check_plan(check);
    return !live->conn || live_check(live, check);
}

static json_object *
check_json(const Check *check, const char *file)
{
    json_object *object = json_object_new_object();

    json_object_object_add(object, "file", json_object_new_string(file));
    json_object_object_add(object, "domain", check->def ? json_object_new_string(check->def->name) : NULL);
    report_add_json(check->report, object);
    return object;
}

/* xml_to_print: what create made, which is text; else NULL. */
static int
check_text(const char *file, const char *text, Live *live, const char *xml_to_print)
{
    g_autoptr(Report) report = report_new();
    Check check = { .report = report, .schema = options.schema ? options.schema : MSVM_SCHEMA };
    bool ok = run_checks(&check, live, text);
    bool clean = ok && report_problems(report) == 0;

    if (ok && options.json) {
        json_object *object = check_json(&check, file);

        if (xml_to_print)
            json_object_object_add(object, "xml", json_object_new_string(xml_to_print));
        report_print_json(object);
    } else if (ok) {
        /* XML that goes to standard output stays alone there. */
        report_print(report, file, xml_to_print && !options.output ? stderr : stdout, stderr);
    }
    check_clear(&check);
    if (!ok)
        return fail_libvirt();
    if (!options.json && !xml_to_print)
        printf(clean ? "%s: no problems\n" : report_problems(report) == 1 ? "%s: 1 problem\n" : "%s: %u problems\n",
               file, report_problems(report));
    return clean ? EXIT_OK : EXIT_PROBLEMS;
}

static int
command_check(int argc, char **argv)
{
    Live live = { 0 };
    int worst = EXIT_OK;
    int i;

    if (argc < 2)
        return fail(EXIT_USAGE, "check: give a file of domain XML; --help shows how");
    if (options.connect) {
        virConnectPtr conn = live_open(options.connect);

        if (!conn)
            return fail_libvirt();
        live_begin(&live, conn);
    }
    for (i = 1; i < argc; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = read_text(argv[i], &error);
        Live fresh = live;
        int code = text ? check_text(argv[i], text, &fresh, NULL) : fail(EXIT_UNREAD, "%s", error->message);

        g_clear_pointer(&fresh.found, hyperv_found_free);
        g_clear_pointer(&fresh.current, hyperv_machine_free);
        worst = MAX(worst, code);
    }
    live_clear(&live);
    return worst;
}

/* --- create ---------------------------------------------------------------------- */

static bool
take_properties(GError **error)
{
    CreateOptions *create = &options.create;
    g_autofree char *text = NULL;
    guint i;

    create->image = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    create->flavor = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (options.commands && (!(text = read_text(options.commands, error)) ||
                             !create_add_commands(create, text, error))) {
        g_prefix_error(error, "%s: ", options.commands);
        return false;
    }
    for (i = 0; options.properties && options.properties[i]; i++) {
        if (!create_add(create->image, "property", options.properties[i], error))
            return false;
    }
    for (i = 0; options.extra_specs && options.extra_specs[i]; i++) {
        if (!create_add(create->flavor, "extra spec", options.extra_specs[i], error))
            return false;
    }
    return true;
}

static int
command_create(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = NULL;
    Live none = { 0 };
    int code;

    if (argc > 1)
        return fail(EXIT_USAGE, "create: unexpected argument '%s'", argv[1]);
    if (!options.create.name || !*options.create.name)
        return fail(EXIT_USAGE, "create: give --name");
    if (options.create.vcpus < 0)
        return fail(EXIT_USAGE, "create: --vcpus must be 1 or more");
    if (!take_properties(&error) || !(xml = create_xml(&options.create, &error)))
        return fail(EXIT_USAGE, "create: %s", error->message);
    code = check_text(options.create.name, xml, &none, xml);
    if (code != EXIT_OK)
        return code;
    if (options.output && !g_file_set_contents(options.output, xml, -1, &error))
        return fail(EXIT_UNREAD, "%s", error->message);
    if (!options.output && !options.json)
        fputs(xml, stdout);
    return EXIT_OK;
}

/* --- host -------------------------------------------------------------------------- */

static int
command_host(int argc, char **argv)
{
    virConnectPtr conn;
    json_object *object;
    Live live;

    if (argc > 1)
        return fail(EXIT_USAGE, "host: unexpected argument '%s'", argv[1]);
    if (!options.connect)
        return fail(EXIT_USAGE, "host: give --connect URI");
    if (!(conn = live_open(options.connect)))
        return fail_libvirt();
    live_begin(&live, conn);
    object = host_describe(&live);
    live_clear(&live);
    if (!object)
        return fail_libvirt();
    if (options.json) {
        report_print_json(object);
        return EXIT_OK;
    }
    host_print(object);
    json_object_put(object);
    return EXIT_OK;
}

/* --- the command line ------------------------------------------------------------------ */

typedef struct {
    const char *name;
    const char *arguments;
    const char *summary;
    const GOptionEntry *entries[4];
    int (*run)(int argc, char **argv);
} Command;

static const Command commands[] = {
    { "create", "", "Makes domain XML from image properties, flavor extra specs and what else a machine needs.",
      { common_entries, create_entries, check_entries, NULL }, command_create },
    { "check", "FILE...", "Checks domain XML, alone or against a live host, and explains what comes out.",
      { common_entries, connect_entries, check_entries, NULL }, command_check },
    { "host", "", "Says what a host has for its machines.", { common_entries, connect_entries, NULL }, command_host },
};

static int
usage(FILE *stream, int code)
{
    gsize i;

    fputs("Usage: " PROGRAM " COMMAND [OPTION...]\n\nMakes and checks domain XML for Hyper-V hosts. Changes nothing."
          "\n\nCommands (each has its own --help):\n", stream);
    for (i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(stream, "  %-8s %-8s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
    return code;
}

static int
run_command(const Command *command, int argc, char **argv)
{
    g_autofree char *parameters = g_strdup_printf("%s [OPTION...] %s", command->name, command->arguments);
    g_autoptr(GOptionContext) context = g_option_context_new(parameters);
    g_autoptr(GError) error = NULL;
    gsize i;

    g_option_context_set_summary(context, command->summary);
    for (i = 0; command->entries[i]; i++)
        g_option_context_add_main_entries(context, command->entries[i], NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return fail(EXIT_USAGE, "%s: %s; --help shows the options", command->name, error->message);
    if (options.version) {
        puts(PROGRAM " " PACKAGE_VERSION_TEXT);
        return EXIT_OK;
    }
    return command->run(argc, argv);
}

static void
ignore_error(void *opaque G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

int
main(int argc, char **argv)
{
    gsize i;

    setlocale(LC_ALL, "");
    virSetErrorFunc(NULL, ignore_error);
    if (argc < 2)
        return usage(stderr, EXIT_USAGE);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return usage(stdout, EXIT_OK);
    if (strcmp(argv[1], "--version") == 0) {
        puts(PROGRAM " " PACKAGE_VERSION_TEXT);
        return EXIT_OK;
    }
    if (virInitialize() < 0)
        return fail_libvirt();
    for (i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return run_command(&commands[i], argc - 1, argv + 1);
    }
    return fail(EXIT_USAGE, "unknown command '%s'; --help shows them", argv[1]);
}
