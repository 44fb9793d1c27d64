/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/sim_options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "msvm-config.h"
#include "sim/sim_peer.h"

#define PROGRAM "hvsim"

static const char help[] =
    "Usage: hvsim --user NAME --password-file FILE (--tls-dir DIR | --tls-cert FILE --tls-key FILE | --http)\n"
    "             [OPTION]...\n"
    "Simulates a Hyper-V host that is managed over WS-Management.\n"
    "\n"
    "Network:\n"
    "  --listen ADDRESS          where to listen (default 127.0.0.1)\n"
    "  --port N                  0: any (default 5986, with --http 5985)\n"
    "  --tls-dir DIR             make a certificate there; clients trust DIR/ca.pem\n"
    "  --tls-name NAME           a name or address of the certificate; may be repeated\n"
    "                            (default localhost and 127.0.0.1)\n"
    "  --tls-cert FILE           use this certificate ...\n"
    "  --tls-key FILE            ... and its private key\n"
    "  --http                    without TLS\n"
    "  --allow-unencrypted       let requests in that are neither in TLS nor sealed\n"
    "  --user NAME               the account that may log on\n"
    "  --password-file FILE      its password, in the first line\n"
    "\n"
    "Host:\n"
    "  --name NAME               name of the host (default HVSIM)\n"
    "  --host-version VERSION    of its Windows (default 10.0.20348)\n"
    "  --ui-language TAG         of its texts (default en-US)\n"
    "  --guard-mode MODE         none, local, guarded or unknown (default local)\n"
    "  --attestation STATUS      of a guarded host: 0, 1, 100, 200, 300 ... (default 100, passed)\n"
    "  --fabric DIR              a guarded host is of the fabric whose guardian is in that folder;\n"
    "                            the first host of a fabric makes it (default: of none but its own)\n"
    "  --guardian KIND           the UntrustedGuardian: no, yes, expired or imported (default no)\n"
    "  --shielded-tools yes|no   whether root/msps is there (default yes)\n"
    "  --hgs-rights yes|no       whether the account may use the guardian classes (default yes)\n"
    "  --vms N                   virtual machines to begin with (default 0, at most 10000)\n"
    "  --provisioning-ms MS      how long the provisioning of a guest takes (default: as a job)\n"
    "  --job-ms N                how long a job takes (default 50)\n"
    "  --peer NAME=SOCKET        another hvsim, by its control socket, to migrate machines to;\n"
    "                            may be repeated\n"
    "  --without-switch NAME     a virtual switch that the host lacks\n"
    "  --migration yes|no        whether migration is enabled (default yes)\n"
    "  --migration-ms N          how long a migration takes (default: as any job)\n"
    "  --schema DIR              the classes of the host\n"
    "\n"
    "Protocol:\n"
    "  --latency MS              added to every request\n"
    "  --max-envelope KB         limit of a message (default 500)\n"
    "  --enumeration-timeout MS  how long an idle enumeration lives (default 240000)\n"
    "  --max-operations N        open enumerations of a user (default 1500)\n"
    "  --byte-arrays FORM        base64 or repeated: how uint8 arrays travel (default base64)\n"
    "  --fault SPEC              when=WHAT,nth=N[,count=K],do=ACTION; may be repeated, see hvsim(1)\n"
    "\n"
    "Other:\n"
    "  --log FILE                write a line of JSON for each request\n"
    "  --control PATH            Unix socket for state, log, counters and faults\n"
    "  --ready-fd N              write the address to this file descriptor, too, once ready\n"
    "  --help, --version\n";

enum {
    OPT_LISTEN = 256, OPT_PORT, OPT_TLS_DIR, OPT_TLS_NAME, OPT_TLS_CERT, OPT_TLS_KEY, OPT_HTTP,
    OPT_ALLOW_UNENCRYPTED, OPT_USER, OPT_PASSWORD_FILE, OPT_NAME, OPT_HOST_VERSION, OPT_UI_LANGUAGE, OPT_GUARD_MODE,
    OPT_ATTESTATION, OPT_GUARDIAN, OPT_SHIELDED_TOOLS, OPT_HGS_RIGHTS, OPT_PROVISIONING_MS, OPT_VMS, OPT_JOB_MS,
    OPT_SCHEMA, OPT_LATENCY, OPT_MAX_ENVELOPE, OPT_ENUMERATION_TIMEOUT, OPT_MAX_OPERATIONS, OPT_BYTE_ARRAYS,
    OPT_FAULT, OPT_PEER, OPT_MIGRATION, OPT_MIGRATION_MS, OPT_FABRIC, OPT_WITHOUT_SWITCH, OPT_LOG, OPT_CONTROL,
    OPT_READY_FD, OPT_HELP, OPT_VERSION,
};

static const struct option long_options[] = {
    { "listen", required_argument, NULL, OPT_LISTEN },
    { "port", required_argument, NULL, OPT_PORT },
    { "tls-dir", required_argument, NULL, OPT_TLS_DIR },
    { "tls-name", required_argument, NULL, OPT_TLS_NAME },
    { "tls-cert", required_argument, NULL, OPT_TLS_CERT },
    { "tls-key", required_argument, NULL, OPT_TLS_KEY },
    { "http", no_argument, NULL, OPT_HTTP },
    { "allow-unencrypted", no_argument, NULL, OPT_ALLOW_UNENCRYPTED },
    { "user", required_argument, NULL, OPT_USER },
    { "password-file", required_argument, NULL, OPT_PASSWORD_FILE },
    { "name", required_argument, NULL, OPT_NAME },
    { "host-version", required_argument, NULL, OPT_HOST_VERSION },
    { "ui-language", required_argument, NULL, OPT_UI_LANGUAGE },
    { "guard-mode", required_argument, NULL, OPT_GUARD_MODE },
    { "guardian", required_argument, NULL, OPT_GUARDIAN },
    { "attestation", required_argument, NULL, OPT_ATTESTATION },
    { "shielded-tools", required_argument, NULL, OPT_SHIELDED_TOOLS },
    { "hgs-rights", required_argument, NULL, OPT_HGS_RIGHTS },
    { "provisioning-ms", required_argument, NULL, OPT_PROVISIONING_MS },
    { "vms", required_argument, NULL, OPT_VMS },
    { "job-ms", required_argument, NULL, OPT_JOB_MS },
    { "peer", required_argument, NULL, OPT_PEER },
    { "migration", required_argument, NULL, OPT_MIGRATION },
    { "migration-ms", required_argument, NULL, OPT_MIGRATION_MS },
    { "fabric", required_argument, NULL, OPT_FABRIC },
    { "without-switch", required_argument, NULL, OPT_WITHOUT_SWITCH },
    { "schema", required_argument, NULL, OPT_SCHEMA },
    { "latency", required_argument, NULL, OPT_LATENCY },
    { "max-envelope", required_argument, NULL, OPT_MAX_ENVELOPE },
    { "enumeration-timeout", required_argument, NULL, OPT_ENUMERATION_TIMEOUT },
    { "max-operations", required_argument, NULL, OPT_MAX_OPERATIONS },
    { "byte-arrays", required_argument, NULL, OPT_BYTE_ARRAYS },
    { "fault", required_argument, NULL, OPT_FAULT },
    { "log", required_argument, NULL, OPT_LOG },
    { "control", required_argument, NULL, OPT_CONTROL },
    { "ready-fd", required_argument, NULL, OPT_READY_FD },
    { "help", no_argument, NULL, OPT_HELP },
    { "version", no_argument, NULL, OPT_VERSION },
    { NULL, 0, NULL, 0 },
};

static gboolean
complain(const char *name, const char *value)
{
    fprintf(stderr, PROGRAM ": --%s: \"%s\" is not valid; see " PROGRAM " --help\n", name, value);
    return FALSE;
}

static gboolean
set_text(char **target, const char *name, const char *value)
{
    if (!*value)
        return complain(name, value);
    g_free(*target);
    *target = g_strdup(value);
    return TRUE;
}

/* A folder that can give its name to a host of the network. */
static gboolean
set_fabric(char **target, const char *name, const char *value)
{
    g_autofree char *last = g_path_get_basename(value);

    if (!g_regex_match_simple("^[A-Za-z0-9][A-Za-z0-9-]{0,62}$", last, 0, 0))
        return complain(name, value);
    return set_text(target, name, value);
}

static gboolean
set_number(guint *target, const char *name, const char *value, guint min, guint max)
{
    guint64 number;

    if (!g_ascii_string_to_unsigned(value, 10, min, max, &number, NULL))
        return complain(name, value);
    *target = (guint)number;
    return TRUE;
}

/* One of a list of words, by its place. */
static gboolean
set_word(int *target, const char *name, const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], value) == 0) {
            *target = i;
            return TRUE;
        }
    }
    return complain(name, value);
}

static gboolean
set_mode(SimOptions *options, int option, const char *name, const char *value)
{
    static const char *const modes[] = { "none", "local", "guarded", "unknown", NULL };
    static const char *const guardians[] = { "no", "yes", "expired", "imported", NULL };
    static const char *const flags[] = { "no", "yes", NULL };
    static const char *const forms[] = { "base64", "repeated", NULL };
    int place = 0;
    gboolean ok;

    switch (option) {
    case OPT_GUARD_MODE:
        ok = set_word(&place, name, value, modes);
        options->guard_mode = (SimGuardMode)place;
        return ok;
    case OPT_GUARDIAN:
        ok = set_word(&place, name, value, guardians);
        options->guardian = (SimGuardianKind)place;
        return ok;
    case OPT_SHIELDED_TOOLS:
        return set_word(&options->shielded_tools, name, value, flags);
    case OPT_HGS_RIGHTS:
        return set_word(&options->hgs_rights, name, value, flags);
    case OPT_MIGRATION:
        return set_word(&options->migration, name, value, flags);
    default:
        ok = set_word(&place, name, value, forms);
        options->bytes = (WireBytes)place;
        return ok;
    }
}

static gboolean
set_host_option(SimOptions *options, int option, const char *name, const char *value)
{
    switch (option) {
    case OPT_NAME:
        return set_text(&options->name, name, value);
    case OPT_HOST_VERSION:
        return set_text(&options->host_version, name, value);
    case OPT_UI_LANGUAGE:
        return set_text(&options->ui_language, name, value);
    case OPT_FABRIC:
        return set_fabric(&options->fabric, name, value);
    case OPT_WITHOUT_SWITCH:
        return set_text(&options->without_switch, name, value);
    case OPT_SCHEMA:
        return set_text(&options->schema, name, value);
    case OPT_ATTESTATION:
        return set_number(&options->attestation, name, value, 0, 1000);
    case OPT_PROVISIONING_MS:
        return set_number(&options->provisioning_ms, name, value, 0, 3600000);
    case OPT_VMS:
        return set_number(&options->machines, name, value, 0, SIM_MAX_MACHINES);
    case OPT_JOB_MS:
        return set_number(&options->job_ms, name, value, 0, 3600000);
    case OPT_MIGRATION_MS:
        return set_number(&options->migration_ms, name, value, 0, 3600000);
    case OPT_LATENCY:
        return set_number(&options->latency, name, value, 0, 600000);
    case OPT_MAX_ENVELOPE:
        return set_number(&options->max_envelope_kb, name, value, 32, 65536);
    case OPT_ENUMERATION_TIMEOUT:
        return set_number(&options->enumeration_ms, name, value, 500, G_MAXINT32);
    case OPT_MAX_OPERATIONS:
        return set_number(&options->max_operations, name, value, 1, 1000000);
    default:
        return set_mode(options, option, name, value);
    }
}

static gboolean
add_peer(SimOptions *options, const char *name, const char *value)
{
    if (!sim_peer_is_spec(value))
        return complain(name, value);
    g_ptr_array_add(options->peers, g_strdup(value));
    return TRUE;
}

static gboolean
set_option(SimOptions *options, int option, const char *name, const char *value)
{
    switch (option) {
    case OPT_LISTEN:
        return set_text(&options->listen, name, value);
    case OPT_PORT:
        return set_number(&options->port, name, value, 0, 65535);
    case OPT_TLS_DIR:
        return set_text(&options->tls_dir, name, value);
    case OPT_TLS_CERT:
        return set_text(&options->tls_cert, name, value);
    case OPT_TLS_KEY:
        return set_text(&options->tls_key, name, value);
    case OPT_TLS_NAME:
        g_ptr_array_add(options->tls_names, g_strdup(value));
        return TRUE;
    case OPT_HTTP:
        options->http = TRUE;
        return TRUE;
    case OPT_ALLOW_UNENCRYPTED:
        options->allow_unencrypted = TRUE;
        return TRUE;
    case OPT_USER:
        return set_text(&options->user, name, value);
    case OPT_PASSWORD_FILE:
        return set_text(&options->password_file, name, value);
    case OPT_FAULT:
        g_ptr_array_add(options->faults, g_strdup(value));
        return TRUE;
    case OPT_PEER:
        return add_peer(options, name, value);
    case OPT_LOG:
        return set_text(&options->log, name, value);
    case OPT_CONTROL:
        return set_text(&options->control, name, value);
    case OPT_READY_FD:
        return set_number((guint *)&options->ready_fd, name, value, 0, 65535);
    default:
        return set_host_option(options, option, name, value);
    }
}

static gboolean
check_together(const SimOptions *options)
{
    const char *message = NULL;

    if (!options->user || !options->password_file)
        message = "--user and --password-file are needed";
    else if ((options->tls_cert == NULL) != (options->tls_key == NULL))
        message = "--tls-cert and --tls-key go together";
    else if (!options->http + !options->tls_cert + !options->tls_dir != 2)
        message = "one of --tls-dir, --tls-cert with --tls-key, and --http is needed";
    else if (strlen(options->name) > 15 || strpbrk(options->name, " \\/:*?\"<>|"))
        message = "--name: not a computer name of at most 15 characters";
    else if (options->fabric && options->guard_mode != SIM_GUARD_GUARDED)
        message = "--fabric is of a guarded host: --guard-mode guarded";
    if (message)
        fprintf(stderr, PROGRAM ": %s; see " PROGRAM " --help\n", message);
    return message == NULL;
}

static void
set_defaults(SimOptions *options)
{
    memset(options, 0, sizeof(*options));
    options->listen = g_strdup("127.0.0.1");
    options->port = G_MAXUINT;
    options->tls_names = g_ptr_array_new_with_free_func(g_free);
    options->faults = g_ptr_array_new_with_free_func(g_free);
    options->peers = g_ptr_array_new_with_free_func(g_free);
    options->migration = TRUE;
    options->name = g_strdup("HVSIM");
    options->host_version = g_strdup("10.0.20348");
    options->ui_language = g_strdup("en-US");
    options->schema = g_strdup(SIM_SCHEMA_DIR);
    options->guard_mode = SIM_GUARD_LOCAL;
    options->attestation = SIM_ATTESTATION_PASSED;
    options->shielded_tools = TRUE;
    options->hgs_rights = TRUE;
    options->job_ms = 50;
    options->max_envelope_kb = WIRE_DEFAULT_ENVELOPE / 1024;
    options->enumeration_ms = WIRE_DEFAULT_ENUMERATION_MS;
    options->max_operations = WIRE_DEFAULT_OPERATIONS;
    options->ready_fd = -1;
}

static void
fill_defaults(SimOptions *options)
{
    if (options->port == G_MAXUINT)
        options->port = options->http ? 5985 : 5986;
    if (!options->tls_names->len) {
        g_ptr_array_add(options->tls_names, g_strdup("localhost"));
        g_ptr_array_add(options->tls_names, g_strdup("127.0.0.1"));
    }
    g_ptr_array_add(options->tls_names, NULL);
    g_ptr_array_add(options->peers, NULL);
}

SimOptionsResult
sim_options_read(SimOptions *options, int argc, char **argv)
{
    int option, place = 0;

    set_defaults(options);
    while ((option = getopt_long(argc, argv, "", long_options, &place)) != -1) {
        if (option == OPT_HELP || option == OPT_VERSION) {
            fputs(option == OPT_HELP ? help : PROGRAM " (" PACKAGE_NAME ") " PACKAGE_VERSION "\n", stdout);
            return SIM_OPTIONS_DONE;
        }
        if (option == '?' || !set_option(options, option, long_options[place].name, optarg))
            return SIM_OPTIONS_WRONG;
    }
    if (optind < argc) {
        fprintf(stderr, PROGRAM ": \"%s\" is no option; see " PROGRAM " --help\n", argv[optind]);
        return SIM_OPTIONS_WRONG;
    }
    if (!check_together(options))
        return SIM_OPTIONS_WRONG;
    fill_defaults(options);
    return SIM_OPTIONS_RUN;
}

void
sim_options_clear(SimOptions *options)
{
    g_free(options->listen);
    g_free(options->tls_cert);
    g_free(options->tls_key);
    g_free(options->tls_dir);
    g_ptr_array_unref(options->tls_names);
    g_free(options->user);
    g_free(options->password_file);
    g_free(options->schema);
    g_free(options->name);
    g_free(options->host_version);
    g_free(options->ui_language);
    g_free(options->fabric);
    g_free(options->without_switch);
    g_ptr_array_unref(options->faults);
    g_ptr_array_unref(options->peers);
    g_free(options->log);
    g_free(options->control);
}
