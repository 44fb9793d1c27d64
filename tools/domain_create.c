/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tools/domain_create.h"

#include <string.h>

#include <libxml/tree.h>

#define NAMESPACE "urn:libvirt-msvm:domain:1"
#define DEFAULT_MEMORY_MIB 1024
#define MAX_MEMORY_MIB (256u * 1024 * 1024)

#define fail(error, ...) g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, __VA_ARGS__)

/* --- properties ------------------------------------------------------------------ */

gboolean create_add(GHashTable *table, const char *what, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');

    if (!equals || equals == text) {
        fail(error, "%s '%s' is not NAME=VALUE", what, text);
        return FALSE;
    }
    /* The last one counts, as with the commands. */
    g_hash_table_insert(table, g_strndup(text, equals - text), g_strdup(equals + 1));
    return TRUE;
}

typedef struct {
    const char *words[3];  /* the command begins with these */
    gboolean flavor;       /* else image */
    gboolean bare;         /* NAME=VALUE without --property, after "set" */
} Command;

static const Command commands[] = {
    { { "glance", "image-update", NULL }, FALSE, FALSE }, { { "glance", "image-create", NULL }, FALSE, FALSE },
    { { "openstack", "image", "set" }, FALSE, FALSE },    { { "openstack", "image", "create" }, FALSE, FALSE },
    { { "nova", "flavor-key", NULL }, TRUE, TRUE },       { { "openstack", "flavor", "set" }, TRUE, FALSE },
    { { "openstack", "flavor", "create" }, TRUE, FALSE },
};

/* argv[0] may have a path before it. */
static const Command *find_command(char **argv)
{
    g_autofree char *program = g_path_get_basename(argv[0]);
    gsize i, j;

    for (i = 0; i < G_N_ELEMENTS(commands); i++) {
        const char *const *words = commands[i].words;

        for (j = 0; j < G_N_ELEMENTS(commands[i].words) && words[j]; j++) {
            if (!argv[j] || strcmp(j == 0 ? program : argv[j], words[j]) != 0)
                break;
        }
        if (j == G_N_ELEMENTS(commands[i].words) || !words[j])
            return &commands[i];
    }
    return NULL;
}

/* nova flavor-key FLAVOR set NAME=VALUE ... (or unset NAME ...) */
static gboolean take_bare(GHashTable *table, char **argv, GError **error)
{
    gboolean set;
    guint i;

    if (g_strv_length(argv) < 5 || (strcmp(argv[3], "set") != 0 && strcmp(argv[3], "unset") != 0)) {
        fail(error, "give nova flavor-key FLAVOR set NAME=VALUE ...");
        return FALSE;
    }
    set = strcmp(argv[3], "set") == 0;
    for (i = 4; argv[i]; i++) {
        if (!set)
            g_hash_table_remove(table, argv[i]);
        else if (!create_add(table, "extra spec", argv[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take_options(GHashTable *table, char **argv, GError **error)
{
    guint i;

    for (i = 1; argv[i]; i++) {
        const char *value = NULL;

        if (g_str_has_prefix(argv[i], "--property="))
            value = argv[i] + strlen("--property=");
        else if (strcmp(argv[i], "--property") == 0 && !(value = argv[++i])) {
            fail(error, "--property without NAME=VALUE");
            return FALSE;
        }
        if (value && !create_add(table, "property", value, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean take_command(CreateOptions *options, const char *line, GError **error)
{
    g_auto(GStrv) argv = NULL;
    const Command *command;
    GHashTable *table;

    if (!g_shell_parse_argv(line, NULL, &argv, error))
        return FALSE;
    command = find_command(argv);
    if (!command) {
        fail(error, "'%s' is none of glance image-update, openstack image set, nova flavor-key, openstack flavor set",
             argv[0]);
        return FALSE;
    }
    table = command->flavor ? options->flavor : options->image;
    return command->bare ? take_bare(table, argv, error) : take_options(table, argv, error);
}

/* A line and those that it goes on in, after a backslash at its end. *next:
 * where the following one begins. Caller frees. */
static char *join_lines(char **lines, guint *next)
{
    g_autoptr(GString) joined = g_string_new(NULL);
    gboolean more = TRUE;

    while (more && lines[*next]) {
        g_strchomp(lines[*next]);
        more = g_str_has_suffix(lines[*next], "\\");
        g_string_append_len(joined, lines[*next], strlen(lines[*next]) - more);
        (*next)++;
    }
    return g_strstrip(g_string_free(g_steal_pointer(&joined), FALSE));
}

gboolean create_add_commands(CreateOptions *options, const char *text, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint next = 0;

    while (lines[next]) {
        guint first = next + 1;
        g_autofree char *line = join_lines(lines, &next);

        if (!*line || *line == '#')
            continue;
        if (!take_command(options, line, error)) {
            g_prefix_error(error, "line %u: ", first);
            return FALSE;
        }
    }
    return TRUE;
}

/* --- XML --------------------------------------------------------------------------- */

static xmlNodePtr add(xmlNodePtr parent, const char *name, const char *content)
{
    return xmlNewTextChild(parent, NULL, BAD_CAST name, BAD_CAST content);
}

static void set(xmlNodePtr node, const char *name, const char *value)
{
    xmlSetProp(node, BAD_CAST name, BAD_CAST value);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(a, b);
}

static void add_table(xmlNodePtr security, GHashTable *table, const char *list, const char *entry)
{
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(table), compare_names);
    xmlNodePtr parent = names ? xmlNewChild(security, security->ns, BAD_CAST list, NULL) : NULL;
    GList *item;

    for (item = names; item; item = item->next) {
        xmlNodePtr node = xmlNewChild(parent, security->ns, BAD_CAST entry, NULL);

        set(node, "name", item->data);
        set(node, "value", g_hash_table_lookup(table, item->data));
    }
}

static gboolean is_linux(const CreateOptions *options)
{
    return g_strcmp0(g_hash_table_lookup(options->image, "os_type"), "linux") == 0;
}

static gboolean is_first_generation(const CreateOptions *options)
{
    return g_strcmp0(g_hash_table_lookup(options->image, "hw_machine_type"), "hyperv-gen1") == 0;
}

/* Boot loaders of Linux are not signed with the keys of the default template. */
static const char *choose_template(const CreateOptions *options)
{
    if (options->template)
        return options->template;
    return is_linux(options) && !is_first_generation(options) ? "MicrosoftUEFICertificateAuthority" : NULL;
}

static void add_protection(xmlNodePtr security, const CreateOptions *options)
{
    const char *template = choose_template(options);
    xmlNodePtr node;

    if (template)
        set(xmlNewChild(security, security->ns, BAD_CAST "secureBoot", NULL), "template", template);
    if (options->shielded || options->encrypt_traffic) {
        node = xmlNewChild(security, security->ns, BAD_CAST "policy", NULL);
        if (options->shielded)
            set(node, "shielded", "yes");
        if (options->encrypt_traffic)
            set(node, "encryptTraffic", "yes");
    }
    if (options->owner) {
        node = xmlNewChild(security, security->ns, BAD_CAST "owner", NULL);
        set(node, "guardian", options->owner);
        if (options->create_owner)
            set(node, "create", "yes");
    }
}

static void add_metadata(xmlNodePtr domain, const CreateOptions *options)
{
    xmlNodePtr metadata = add(domain, "metadata", NULL);
    xmlNodePtr security = xmlNewChild(metadata, NULL, BAD_CAST "security", NULL);
    guint i;

    xmlSetNs(security, xmlNewNs(security, BAD_CAST NAMESPACE, BAD_CAST "msvm"));
    add_table(security, options->image, "image", "property");
    add_table(security, options->flavor, "flavor", "extraSpec");
    if (options->keys && options->keys[0]) {
        xmlNodePtr keys = xmlNewChild(security, security->ns, BAD_CAST "keys", NULL);

        for (i = 0; options->keys[i]; i++)
            set(xmlNewChild(keys, security->ns, BAD_CAST "key", NULL), "secret", options->keys[i]);
    }
    add_protection(security, options);
    if (!security->children) {
        xmlUnlinkNode(metadata);
        xmlFreeNode(metadata);
    }
}

/* In MiB, or with K, M, G, T behind it (powers of 1024). 0 with the error set. */
static guint64 parse_memory(const char *text, GError **error)
{
    char *end = NULL;
    guint64 value = text && g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;

    if (!text)
        return DEFAULT_MEMORY_MIB;
    if (end && g_ascii_strcasecmp(end, "K") == 0)
        value /= 1024;
    else if (end && g_ascii_strcasecmp(end, "G") == 0)
        value = value <= MAX_MEMORY_MIB ? value * 1024 : 0;
    else if (end && g_ascii_strcasecmp(end, "T") == 0)
        value = value <= MAX_MEMORY_MIB ? value * 1024 * 1024 : 0;
    else if (end && *end && g_ascii_strcasecmp(end, "M") != 0)
        value = 0;
    if (value > 0 && value <= MAX_MEMORY_MIB)
        return value;
    fail(error, "memory '%s' is no size such as 4096 (MiB) or 4G", text);
    return 0;
}

static void add_os(xmlNodePtr domain, const CreateOptions *options)
{
    xmlNodePtr os = add(domain, "os", NULL);

    if (!is_first_generation(options))
        set(os, "firmware", "efi");
    set(add(os, "type", "hvm"), "arch", "x86_64");
}

static gboolean add_drives(xmlNodePtr devices, char **paths, const char *device, guint *unit, GError **error)
{
    guint i;

    for (i = 0; paths && paths[i]; i++) {
        g_autofree char *target = g_strdup_printf("sd%c", 'a' + *unit);
        xmlNodePtr disk, node;

        if (*unit >= 26) {
            fail(error, "more than 26 disks and CD-ROMs: add the others to the XML");
            return FALSE;
        }
        disk = add(devices, "disk", NULL);
        set(disk, "type", "file");
        set(disk, "device", device);
        set(add(disk, "source", NULL), "file", paths[i]);
        node = add(disk, "target", NULL);
        set(node, "dev", target);
        set(node, "bus", "scsi");
        (*unit)++;
    }
    return TRUE;
}

static gboolean add_network(xmlNodePtr devices, const char *text, GError **error)
{
    const char *mac = strstr(text, ",mac=");
    g_autofree char *name = mac ? g_strndup(text, mac - text) : g_strdup(text);
    xmlNodePtr nic;

    if (!*name) {
        fail(error, "network '%s' names no switch", text);
        return FALSE;
    }
    nic = add(devices, "interface", NULL);
    set(nic, "type", "bridge");
    if (mac)
        set(add(nic, "mac", NULL), "address", mac + strlen(",mac="));
    set(add(nic, "source", NULL), "bridge", name);
    return TRUE;
}

static gboolean add_devices(xmlNodePtr domain, const CreateOptions *options, GError **error)
{
    xmlNodePtr devices = add(domain, "devices", NULL);
    guint unit = 0, i;

    if (!add_drives(devices, options->disks, "disk", &unit, error) ||
        !add_drives(devices, options->cdroms, "cdrom", &unit, error))
        return FALSE;
    for (i = 0; options->networks && options->networks[i]; i++) {
        if (i >= CREATE_MAX_DEVICES) {
            fail(error, "more than %d networks", CREATE_MAX_DEVICES);
            return FALSE;
        }
        if (!add_network(devices, options->networks[i], error))
            return FALSE;
    }
    return TRUE;
}

static gboolean fill(xmlNodePtr domain, const CreateOptions *options, GError **error)
{
    guint64 memory = parse_memory(options->memory, error);
    g_autofree char *memory_text = g_strdup_printf("%" G_GUINT64_FORMAT, memory);
    g_autofree char *vcpus = g_strdup_printf("%d", options->vcpus ? options->vcpus : 1);

    if (memory == 0)
        return FALSE;
    set(domain, "type", "hyperv");
    add(domain, "name", options->name);
    if (options->uuid)
        add(domain, "uuid", options->uuid);
    add_metadata(domain, options);
    set(add(domain, "memory", memory_text), "unit", "MiB");
    add(domain, "vcpu", vcpus);
    add_os(domain, options);
    return add_devices(domain, options, error);
}

char *create_xml(const CreateOptions *options, GError **error)
{
    xmlDocPtr doc = xmlNewDoc(BAD_CAST "1.0");
    xmlNodePtr root = xmlNewDocNode(doc, NULL, BAD_CAST "domain", NULL);
    xmlBufferPtr buffer = xmlBufferCreate();
    char *text = NULL;

    xmlDocSetRootElement(doc, root);
    if (fill(root, options, error) && xmlNodeDump(buffer, doc, root, 0, 1) >= 0)
        text = g_strdup_printf("%s\n", (const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    xmlFreeDoc(doc);
    return text;
}
