/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The calls of host.h: each takes the lock, lets due jobs finish, does its
 * work and hands out copies.
 */
#include <gio/gio.h>
#include <string.h>

#include "sim/host_private.h"

#define MAX_MACHINES 20000

static GPtrArray *objects(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
}

static void machine_free(gpointer machine)
{
    sim_machine_free(machine);
}

GHashTable *sim_values_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) cim_value_unref);
}

static SimHost *host_alloc(const SimHostOptions *options)
{
    SimHost *host = g_new0(SimHost, 1);

    g_mutex_init(&host->lock);
    host->name = g_ascii_strup(options->name ? options->name : "HV01", -1);
    host->version = g_strdup(options->version ? options->version : "10.0.20348");
    host->language = g_strdup(options->ui_language ? options->ui_language : "en-US");
    host->guard_mode = options->guard_mode;
    host->no_hgs_rights = options->no_hgs_rights;
    host->attestation = options->attestation;
    host->job_ms = options->job_ms;
    host->provisioning_ms = options->provisioning_ms ? options->provisioning_ms : options->job_ms;
    host->migration_ms = options->migration_ms ? options->migration_ms : options->job_ms;
    host->migration_address = g_strdup(options->migration_address);
    host->peer = options->peer;
    host->peer_data = options->peer_data;
    host->boot_real_us = g_get_real_time();
    host->fixed = objects();
    host->fixed_links = g_ptr_array_new_with_free_func(sim_link_free);
    host->machines = g_ptr_array_new_with_free_func(machine_free);
    host->machines_by_guid = schema_name_table_new(NULL);
    host->jobs = g_ptr_array_new_with_free_func(sim_job_free);
    host->guardians = g_ptr_array_new_with_free_func((GDestroyNotify) sim_guardian_unref);
    host->faults = g_ptr_array_new_with_free_func(sim_fault_free);
    host->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, sim_file_free);
    host->disks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) cim_object_unref);
    host->templates =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) cim_object_unref);
    host->next_mac = G_GUINT64_CONSTANT(0x00155D010000);
    host->next_process = 3000;
    return host;
}

SimHost *sim_host_new(const SimHostOptions *options, GError **error)
{
    g_autoptr(SimHost) host = NULL;
    Schema *schema = schema_load(options->schema_folder, error);

    if (!schema)
        return NULL;
    host = host_alloc(options);
    host->schema = schema;
    schema_limit_version(schema, host->version);
    if (options->guard_mode == SIM_GUARD_NONE)
        schema_drop_namespace(schema, SIM_HGS);
    if (options->no_msps)
        schema_drop_namespace(schema, SIM_MSPS);
    if (options->n_machines > MAX_MACHINES) {
        g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%u machines are more than %d",
                    options->n_machines, MAX_MACHINES);
        return NULL;
    }
    sim_fixed_build(host, options->without_switch);
    if (!sim_guardians_build(host, options->guardian, options->fabric, error))
        return NULL;
    sim_ready_machines(host, options->n_machines);
    return g_steal_pointer(&host);
}

void sim_host_free(SimHost *host)
{
    if (!host)
        return;
    g_ptr_array_unref(host->jobs);
    g_hash_table_unref(host->machines_by_guid);
    g_ptr_array_unref(host->machines);
    g_ptr_array_unref(host->fixed_links);
    g_ptr_array_unref(host->fixed);
    g_ptr_array_unref(host->guardians);
    sim_guardian_unref(host->fabric);
    g_ptr_array_unref(host->faults);
    g_hash_table_unref(host->files);
    g_hash_table_unref(host->disks);
    g_hash_table_unref(host->templates);
    schema_free(host->schema); /* last: every object points into it */
    g_free(host->name);
    g_free(host->version);
    g_free(host->language);
    g_free(host->migration_address);
    g_free(host->guardian_service);
    g_mutex_clear(&host->lock);
    g_free(host);
}

const Schema *sim_host_schema(const SimHost *host)
{
    return host->schema;
}

const char *sim_host_name(const SimHost *host)
{
    return host->name;
}

const char *sim_host_version(const SimHost *host)
{
    return host->version;
}

static GMutexLocker *enter(SimHost *host)
{
    GMutexLocker *locker = g_mutex_locker_new(&host->lock);

    sim_jobs_settle(host);
    return locker;
}

static GPtrArray *copies(GPtrArray *list)
{
    GPtrArray *result = objects();

    for (guint i = 0; i < list->len; i++)
        g_ptr_array_add(result, cim_object_copy(g_ptr_array_index(list, i)));
    return result;
}

/* --- instances ---------------------------------------------------------------------- */

SimStatus sim_host_enumerate(SimHost *host, const char *ns, const char *class_name, GPtrArray **out)
{
    g_autoptr(GMutexLocker) locker = enter(host);
    const SchemaClass *cls = schema_find(host->schema, ns, class_name);
    g_autoptr(GPtrArray) found = objects();
    SimStatus status = sim_namespace_check(host, ns);

    (void) locker;
    if (status != SIM_OK)
        return status;
    if (!cls)
        return SIM_INVALID_CLASS;
    sim_find_all(host, cls, found);
    *out = copies(found);
    return SIM_OK;
}

SimStatus sim_host_get(SimHost *host, const CimPath *path, CimObject **out)
{
    g_autoptr(GMutexLocker) locker = enter(host);
    g_autoptr(CimObject) found = NULL;
    SimStatus status = sim_find(host, path, &found, NULL);

    (void) locker;
    if (status == SIM_OK)
        *out = cim_object_copy(found);
    return status;
}

/* --- associations ---------------------------------------------------------------------- */

typedef struct {
    SimHost *host;
    CimObject *source;
    const SchemaClass *assoc;  /* NULL: any */
    const SchemaClass *result; /* NULL: any */
    const char *role;          /* of the source; NULL: any */
    const char *result_role;
    gboolean references; /* the association instances are wanted */
    GPtrArray *out;
} Walk;

static gboolean role_fits(const char *wanted, const char *role)
{
    return !wanted || *wanted == '\0' || g_ascii_strcasecmp(wanted, role) == 0;
}

static gboolean is_there(GPtrArray *out, const CimObject *object)
{
    return g_ptr_array_find(out, object, NULL);
}

static void walk_link(const SimLink *link, gpointer data)
{
    Walk *walk = data;
    const char *left = NULL, *right = NULL;

    if ((link->left != walk->source && link->right != walk->source) ||
        !sim_link_roles(link->class_name, &left, &right))
        return;
    for (guint side = 0; side < 2; side++) {
        CimObject *near = side ? link->right : link->left;
        CimObject *far = side ? link->left : link->right;

        if (near != walk->source || !role_fits(walk->role, side ? right : left))
            continue;
        if (walk->references) {
            g_ptr_array_add(walk->out, sim_link_object(walk->host, link));
        } else if (role_fits(walk->result_role, side ? left : right) && !is_there(walk->out, far) &&
                   (!walk->result || schema_class_is_a(cim_object_class(far), walk->result))) {
            g_ptr_array_add(walk->out, cim_object_ref(far));
        }
    }
}

static SimStatus find_class(SimHost *host, const char *ns, const char *name, const SchemaClass **cls)
{
    *cls = name && *name ? schema_find(host->schema, ns, name) : NULL;
    return name && *name && !*cls ? SIM_INVALID_CLASS : SIM_OK;
}

/* The links of the machine that the instance belongs to; of the host and of all
 * machines when it belongs to none. */
static SimStatus walk(Walk *data, const CimPath *path)
{
    SimHost *host = data->host;
    SimMachine *machine = NULL;
    g_autoptr(CimObject) source = NULL;
    SimStatus status = sim_find(host, path, &source, &machine);

    if (status != SIM_OK)
        return status;
    data->source = source;
    if (!machine || sim_is_a(source, "CIM_Job"))
        sim_links_each(host, NULL, data->assoc, walk_link, data);
    if (machine)
        sim_links_each(host, machine, data->assoc, walk_link, data);
    for (guint i = 0; !machine && i < host->machines->len; i++)
        sim_links_each(host, g_ptr_array_index(host->machines, i), data->assoc, walk_link, data);
    return SIM_OK;
}

SimStatus sim_host_associators(SimHost *host, const CimPath *path, const char *assoc_class,
                               const char *result_class, const char *role, const char *result_role,
                               GPtrArray **out)
{
    g_autoptr(GMutexLocker) locker = enter(host);
    g_autoptr(GPtrArray) found = objects();
    Walk data = { .host = host, .role = role, .result_role = result_role, .out = found };
    const char *ns = cim_path_namespace(path);
    SimStatus status = find_class(host, ns, assoc_class, &data.assoc);

    (void) locker;
    if (status == SIM_OK)
        status = find_class(host, ns, result_class, &data.result);
    if (status == SIM_OK)
        status = walk(&data, path);
    for (guint i = 0; i < found->len; i++) {
        CimObject *object = g_ptr_array_index(found, i);
        SimMachine *machine = sim_is_a(object, "Msvm_ComputerSystem")
                                  ? sim_machine_find(host, sim_text(object, "Name"))
                                  : NULL;

        if (machine)
            sim_machine_refresh(machine);
    }
    if (status == SIM_OK)
        *out = copies(found);
    return status;
}

SimStatus sim_host_references(SimHost *host, const CimPath *path, const char *result_class,
                              const char *role, GPtrArray **out)
{
    g_autoptr(GMutexLocker) locker = enter(host);
    g_autoptr(GPtrArray) found = objects();
    Walk data = { .host = host, .role = role, .references = TRUE, .out = found };
    SimStatus status = find_class(host, cim_path_namespace(path), result_class, &data.assoc);

    (void) locker;
    if (status == SIM_OK)
        status = walk(&data, path);
    if (status == SIM_OK)
        *out = g_steal_pointer(&found);
    return status;
}

/* --- methods -------------------------------------------------------------------------------- */

static SimStatus find_target(SimCall *call, const CimPath *path)
{
    /* An instance method on a class: what a real host answers for its services. */
    if (cim_path_n_keys(path) == 0)
        return schema_method_is_static(call->method) ? SIM_OK : SIM_INVALID_PARAMETER;
    return sim_find(call->host, path, &call->target, &call->machine);
}

SimStatus sim_host_invoke(SimHost *host, const CimPath *path, const SchemaMethod *method, GHashTable *in,
                          GHashTable *out, guint32 *return_value)
{
    g_autoptr(GMutexLocker) locker = enter(host);
    SimCall call = { .host = host, .method = method, .in = in, .out = out };
    g_autoptr(CimObject) target = NULL;
    SimMethodFunc func = NULL;
    SimStatus status = sim_namespace_check(host, cim_path_namespace(path));

    (void) locker;
    *return_value = 0;
    if (status != SIM_OK)
        return status;
    call.cls = schema_find(host->schema, cim_path_namespace(path), cim_path_class(path));
    if (!call.cls)
        return SIM_INVALID_CLASS;
    if (schema_class_find_method(call.cls, schema_method_name(method)) != method)
        return SIM_INVALID_METHOD;
    status = find_target(&call, path);
    target = call.target;
    if (status != SIM_OK)
        return status;
    func =
        sim_method_find(call.target ? cim_object_class(call.target) : call.cls, schema_method_name(method));
    if (!func)
        return SIM_INVALID_METHOD;
    if (sim_fault_take(&call, return_value))
        return SIM_OK;
    status = func(&call, return_value);
    if (status == SIM_OK && !schema_method_may_return(method, *return_value))
        g_critical("%s.%s is not documented to return %u", cim_path_class(path), schema_method_name(method),
                   *return_value);
    return status;
}
