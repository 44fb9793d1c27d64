/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * msvm-keymgr: what the driver does with the key manager, by hand. It never
 * prints a key.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "keymgr/keymgr_config_file.h"
#include "keymgr/msvm_keymgr_check.h"
#include "keymgr/msvm_keymgr_print.h"
#include "keymgr/msvm_keymgr_report.h"
#include "keymgr/msvm_keymgr_root.h"
#include "keymgr/msvm_keymgr_value.h"

static struct {
    char *config;
    char *root;
    gboolean json;
    char *domain;
    char *name;
    char *type;
    char *algorithm;
    int bit_length;
    char *expiration;
    char *mode;
    gboolean no_payload;
    int limit;
    int offset;
    char *add;
    char *remove;
    gboolean version;
} options;

/* Ends the work in hand, which takes back what it began. */
static GCancellable *running;

static gpointer
wait_for_signal(gpointer opaque)
{
    sigset_t *set = opaque;
    int got;

    while (sigwait(set, &got) != 0)
        ;
    g_cancellable_cancel(running);
    return NULL;
}

static const GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config, "configuration, instead of that of --root or of the "
      "system", "FILE" },
    { "root", 'r', 0, G_OPTION_ARG_FILENAME, &options.root, "configuration and store of msvm:///embed?root=DIR",
      "DIR" },
    { "json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "print JSON", NULL },
    { "domain", 'd', 0, G_OPTION_ARG_FILENAME, &options.domain, "check: the secrets that a domain XML names",
      "FILE" },
    { "name", 'n', 0, G_OPTION_ARG_STRING, &options.name, "list, store: the secret's name", "NAME" },
    { "type", 't', 0, G_OPTION_ARG_STRING, &options.type, "store: the secret's type", "TYPE" },
    { "algorithm", 0, 0, G_OPTION_ARG_STRING, &options.algorithm, "store: what the key is for, as aes", "NAME" },
    { "bit-length", 0, 0, G_OPTION_ARG_INT, &options.bit_length, "store: the key's length", "BITS" },
    { "expiration", 0, 0, G_OPTION_ARG_STRING, &options.expiration, "store: when the secret ends", "TIME" },
    { "mode", 0, 0, G_OPTION_ARG_STRING, &options.mode, "store: the cipher's mode, as cbc", "NAME" },
    { "no-payload", 0, 0, G_OPTION_ARG_NONE, &options.no_payload, "store: the description alone", NULL },
    { "limit", 0, 0, G_OPTION_ARG_INT, &options.limit, "list: so many at most", "COUNT" },
    { "offset", 0, 0, G_OPTION_ARG_INT, &options.offset, "list: leave out so many first", "COUNT" },
    { "add", 0, 0, G_OPTION_ARG_STRING, &options.add, "consumers: register one: SERVICE,TYPE,ID", "CONSUMER" },
    { "remove", 0, 0, G_OPTION_ARG_STRING, &options.remove, "consumers: take one away", "CONSUMER" },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options.version, "print the version", NULL },
    G_OPTION_ENTRY_NULL,
};

static Keymgr *
open_store(GError **error)
{
    g_autofree char *path = options.config ? g_strdup(options.config) : msvm_keymgr_config_path(options.root);
    g_autoptr(GError) reason = NULL;
    g_autoptr(KeymgrConfigFile) file = keymgr_config_file_read(path, NULL, NULL, &reason);

    /* A driver needs none. */
    if (!file && options.root && !options.config && g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        file = keymgr_config_file_new(path);
    if (!file)
        g_set_error_literal(error, KEYMGR_ERROR, KEYMGR_ERROR_CONFIG, reason->message);
    if (!file || !msvm_keymgr_settle(keymgr_config_file_keys(file), path, options.root, error))
        return NULL;
    return keymgr_config_file_open(file, error);
}

/* --- commands --------------------------------------------------------------- */

static int
fail(const GError *error)
{
    return msvm_keymgr_fail(error, options.json);
}

/* {"reference", "ok", "error"}; reference: NULL: of all. */
static KeymgrJson *
outcome_json(const char *reference, const GError *error)
{
    KeymgrJson *object = json_object_new_object();

    if (reference)
        msvm_keymgr_add_text(object, "reference", reference);
    msvm_keymgr_add_outcome(object, error);
    return object;
}

static void
print_list(const GPtrArray *infos, guint total)
{
    KeymgrJson *object = options.json ? json_object_new_object() : NULL;
    KeymgrJson *array = options.json ? json_object_new_array() : NULL;
    guint i;

    for (i = 0; i < infos->len; i++) {
        const KeymgrInfo *info = g_ptr_array_index(infos, i);

        if (array)
            json_object_array_add(array, msvm_keymgr_info_json(info));
        else
            msvm_keymgr_print_line(info);
    }
    if (!object)
        return;
    json_object_object_add(object, "total", json_object_new_int64(total));
    json_object_object_add(object, "secrets", array);
    msvm_keymgr_print_json(object);
}

static int
do_list(Keymgr *keymgr, char **arguments, GCancellable *cancellable)
{
    g_autoptr(GError) error = NULL;
    const KeymgrListOptions wanted = { options.name, (guint)MAX(options.offset, 0),
                                       (guint)MAX(options.limit, 0) };
    guint total = 0;
    g_autoptr(GPtrArray) infos = keymgr_list(keymgr, &wanted, &total, cancellable, &error);

    if (!infos)
        return fail(error);
    print_list(infos, total);
    if (infos->len < total)
        fprintf(stderr, "msvm-keymgr: %u of %u\n", infos->len, total);
    return EXIT_OK;
}

/* Not every store has ACLs and consumers, and not everybody may see them. */
static gboolean
is_untold(const GError *error)
{
    return !error || g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_UNSUPPORTED) ||
           g_error_matches(error, KEYMGR_ERROR, KEYMGR_ERROR_ACCESS_DENIED);
}

/* array: where JSON goes; NULL: lines. */
static int
get_info(Keymgr *keymgr, const char *reference, KeymgrJson *array, GCancellable *cancellable)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrInfo) info = keymgr_describe(keymgr, reference, cancellable, &error);
    g_autoptr(KeymgrAcl) acl = NULL;
    g_autoptr(GPtrArray) consumers = NULL;
    KeymgrJson *object;

    if (info)
        acl = keymgr_get_acl(keymgr, reference, cancellable, &error);
    if (info && is_untold(error)) {
        g_clear_error(&error);
        consumers = keymgr_list_consumers(keymgr, reference, cancellable, &error);
    }
    if (!info || !is_untold(error)) {
        if (array)
            json_object_array_add(array, outcome_json(reference, error));
        return msvm_keymgr_complain(error);
    }
    if (array) {
        object = msvm_keymgr_info_json(info);
        json_object_object_add(object, "acl", msvm_keymgr_acl_json(acl));
        json_object_object_add(object, "consumers", msvm_keymgr_consumers_json(consumers));
        json_object_array_add(array, object);
        return EXIT_OK;
    }
    msvm_keymgr_print_info(info);
    msvm_keymgr_print_acl(acl);
    msvm_keymgr_print_consumers("consumers", consumers);
    return EXIT_OK;
}

static int
do_get_info(Keymgr *keymgr, char **arguments, GCancellable *cancellable)
{
    KeymgrJson *array = options.json ? json_object_new_array() : NULL;
    int code = EXIT_OK;
    gsize i;

    for (i = 0; arguments[i]; i++) {
        int one;

        if (i > 0 && !array)
            putchar('\n');
        one = get_info(keymgr, arguments[i], array, cancellable);
        if (one != EXIT_OK)
            code = one;
    }
    if (array)
        msvm_keymgr_print_json(array);
    return code;
}

static int
do_delete(Keymgr *keymgr, char **arguments, GCancellable *cancellable)
{
    KeymgrJson *array = options.json ? json_object_new_array() : NULL;
    int code = EXIT_OK;
    gsize i;

    for (i = 0; arguments[i]; i++) {
        g_autoptr(GError) error = NULL;

        if (!keymgr_delete(keymgr, arguments[i], cancellable, &error))
            code = msvm_keymgr_complain(error);
        if (array)
            json_object_array_add(array, outcome_json(arguments[i], error));
    }
    if (array)
        msvm_keymgr_print_json(array);
    return code;
}

static int
do_store(Keymgr *keymgr, char **arguments, GCancellable *cancellable)
{
    const KeymgrNewSecret description = { .name = options.name, .type = options.type,
                                          .algorithm = options.algorithm,
                                          .bit_length = (guint)MAX(options.bit_length, 0),
                                          .mode = options.mode, .expiration = options.expiration };
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrSecret) value = NULL;
    g_autofree char *id = NULL;
    KeymgrJson *json;

    if (options.no_payload == (arguments[0] != NULL)) {
        fputs("msvm-keymgr: store needs a file, or --no-payload\n", stderr);
        return EXIT_USAGE;
    }
    if (arguments[0])
        value = msvm_keymgr_read(arguments[0], cancellable, &error);
    if (value || options.no_payload)
        id = keymgr_store(keymgr, &description, value, cancellable, &error);
    if (!id)
        return fail(error);
    if (options.json) {
        json = json_object_new_object();
        msvm_keymgr_add_text(json, "id", id);
        msvm_keymgr_print_json(json);
    } else {
        puts(id);
    }
    return EXIT_OK;
}

static int
do_set_payload(Keymgr *keymgr, char **arguments, GCancellable *cancellable)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KeymgrSecret) value = msvm_keymgr_read(arguments[1], cancellable, &error);

    if (value)
        keymgr_set_payload(keymgr, arguments[0], value, cancellable, &error);
    if (options.json)
        msvm_keymgr_print_json(outcome_json(arguments[0], error));
    return error ? msvm_keymgr_complain(error) : EXIT_OK;
}

/* "SERVICE,TYPE,ID", or "NAME,URL" for containers; NULL when it is neither. */
static KeymgrConsumer *
parse_consumer(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", 3);
    guint count = g_strv_length(parts);
    KeymgrConsumer *consumer;
    guint i;

    for (i = 0; i < count; i++) {
        if (!*parts[i])
            return NULL;
    }
    if (count < 2)
        return NULL;
    consumer = g_new0(KeymgrConsumer, 1);
    consumer->service = g_strdup(parts[0]);
    consumer->resource_type = count == 3 ? g_strdup(parts[1]) : NULL;
    consumer->resource_id = g_strdup(parts[count - 1]);
    return consumer;
}

static int
change_consumers(Keymgr *keymgr, char **references, GCancellable *cancellable)
{
    const char *text = options.add ? options.add : options.remove;
    g_autoptr(KeymgrConsumer) consumer = parse_consumer(text);
    g_autoptr(GError) error = NULL;

    if (!consumer || (options.add && options.remove)) {
        fputs("msvm-keymgr: one of --add and --remove is needed, with SERVICE,TYPE,ID, or NAME,URL for a container\n",
              stderr);
        return EXIT_USAGE;
    }
    (options.add ? keymgr_add_consumer : keymgr_remove_consumer)(keymgr, (const char *const *)references, consumer,
                                                                 cancellable, &error);
    if (options.json)
        msvm_keymgr_print_json(outcome_json(NULL, error));
    return error ? msvm_keymgr_complain(error) : EXIT_OK;
}

static int
do_consumers(Keymgr *keymgr, char **arguments, GCancellable *cancellable)
{
    KeymgrJson *object;
    int code = EXIT_OK;
    gsize i;

    if (options.add || options.remove)
        return change_consumers(keymgr, arguments, cancellable);
    object = options.json ? json_object_new_object() : NULL;
    for (i = 0; arguments[i]; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) consumers = keymgr_list_consumers(keymgr, arguments[i], cancellable, &error);

        if (!consumers)
            code = msvm_keymgr_complain(error);
        if (object)
            json_object_object_add(object, arguments[i], consumers ? msvm_keymgr_consumers_json(consumers)
                                                                   : outcome_json(NULL, error));
        else
            msvm_keymgr_print_consumers(arguments[1] ? arguments[i] : NULL, consumers);
    }
    if (object)
        msvm_keymgr_print_json(object);
    return code;
}

static int
do_check(Keymgr *keymgr, char **arguments, GCancellable *cancellable)
{
    return msvm_keymgr_check(keymgr, arguments, options.domain, options.json, cancellable);
}

static const struct {
    const char *name;
    guint min_arguments;
    guint max_arguments;
    int (*run)(Keymgr *keymgr, char **arguments, GCancellable *cancellable);
} commands[] = {
    { "check", 0, G_MAXUINT, do_check },
    { "list", 0, 0, do_list },
    { "get-info", 1, G_MAXUINT, do_get_info },
    { "store", 0, 1, do_store },
    { "set-payload", 2, 2, do_set_payload },
    { "consumers", 1, G_MAXUINT, do_consumers },
    { "delete", 1, G_MAXUINT, do_delete },
};

static int
run(guint command, char **arguments, GCancellable *cancellable)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Keymgr) keymgr = open_store(&error);
    const char *warning;
    int code;

    if (!keymgr)
        return fail(error);
    code = commands[command].run(keymgr, arguments, cancellable);
    if ((warning = keymgr_secret_lock_warning()))
        fprintf(stderr, "msvm-keymgr: warning: %s\n", warning);
    return code;
}

static void
ignore_error(void *opaque, virErrorPtr error)
{
}

/* No core file, and no traces of keys in one; libvirt's errors come through
 * us. */
static void
prepare(void)
{
    static sigset_t set;
    const struct rlimit none = { 0, 0 };

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    running = g_cancellable_new();
    g_thread_unref(g_thread_new("signals", wait_for_signal, &set));
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGPIPE, SIG_IGN);
    virSetErrorFunc(NULL, ignore_error);
    virEventRegisterDefaultImpl(); /* libvirt's embedded drivers ask for one */
}

int
main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [ARGUMENT...]");
    g_autoptr(GError) error = NULL;
    guint count;
    guint i;

    /* Names on the command line, which may be in any language. */
    setlocale(LC_CTYPE, "");
    prepare();
    g_option_context_set_summary(context, "Commands:\n"
                                          "  check [REFERENCE...]   log in, and see whether secrets can be had\n"
                                          "  list                   what the credentials may see\n"
                                          "  get-info REFERENCE...  what the store says of a secret\n"
                                          "  store FILE|-           a new secret; prints its UUID\n"
                                          "  set-payload REFERENCE FILE|-\n"
                                          "                         the value of a secret that has none\n"
                                          "  consumers REFERENCE... who is registered with it\n"
                                          "  delete REFERENCE...    for good");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "msvm-keymgr: %s\n", error->message);
        return EXIT_USAGE;
    }
    if (options.version) {
        puts("msvm-keymgr " KEYMGR_VERSION);
        return EXIT_OK;
    }
    count = (guint)MAX(argc - 2, 0);
    for (i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (count >= commands[i].min_arguments && count <= commands[i].max_arguments)
            return run(i, argv + 2, running);
        fprintf(stderr, "msvm-keymgr: %s: not with %u arguments; see --help\n", argv[1], count);
        return EXIT_USAGE;
    }
    fprintf(stderr, "msvm-keymgr: %s%s; see --help\n", argc > 1 ? "no such command: " : "which command?",
            argc > 1 ? argv[1] : "");
    return EXIT_USAGE;
}
