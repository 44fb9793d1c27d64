/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/sim/fake_host.h"

#include "tests/sim/wire_testing.h"

struct SimHost {
    Schema *schema;
    char *name;
    char *version;
};

FakeHost fake;

void
fake_reset(void)
{
    g_free(fake.last_path);
    memset(&fake, 0, sizeof(fake));
    fake.n_machines = 3;
}

SimHost *
sim_host_new(const SimHostOptions *options, GError **error)
{
    SimHost *host = g_new0(SimHost, 1);

    host->schema = testing_schema();
    host->name = g_strdup(options->name);
    host->version = g_strdup(options->version);
    return host;
}

void
sim_host_free(SimHost *host)
{
    schema_free(host->schema);
    g_free(host->name);
    g_free(host->version);
    g_free(host);
}

const Schema *
sim_host_schema(const SimHost *host)
{
    return host->schema;
}

const char *
sim_host_name(const SimHost *host)
{
    return host->name;
}

const char *
sim_host_version(const SimHost *host)
{
    return host->version;
}

static void
remember(const CimPath *path)
{
    g_free(fake.last_path);
    fake.last_path = cim_path_format(path, "HOST");
}

static CimObject *
machine(SimHost *host, guint index)
{
    CimObject *object = cim_object_new(schema_find(host->schema, "root/virtualization/v2", "Msvm_ComputerSystem"));
    g_autofree char *name = g_strdup_printf("vm-%u", index);
    g_autofree char *text = g_strnfill(fake.text_size, 'x');

    cim_object_set(object, "CreationClassName", cim_value_new_text(CIM_STRING, "Msvm_ComputerSystem"));
    cim_object_set(object, "Name", cim_value_new_text(CIM_STRING, name));
    cim_object_set(object, "ElementName", cim_value_new_text(CIM_STRING, text));
    cim_object_set(object, "EnabledState", cim_value_new_uint(CIM_UINT16, index % 2 ? 2 : 3));
    return object;
}

SimStatus
sim_host_enumerate(SimHost *host, const char *ns, const char *class_name, GPtrArray **out)
{
    const SchemaClass *asked = schema_find(host->schema, ns, class_name);
    const SchemaClass *own = schema_find(host->schema, ns, "Msvm_ComputerSystem");

    if (fake.status != SIM_OK)
        return fake.status;
    if (!asked)
        return SIM_INVALID_CLASS;
    *out = g_ptr_array_new_with_free_func((GDestroyNotify)cim_object_unref);
    for (guint i = 0; own && schema_class_is_a(own, asked) && i < fake.n_machines; i++)
        g_ptr_array_add(*out, machine(host, i));
    return SIM_OK;
}

SimStatus
sim_host_get(SimHost *host, const CimPath *path, CimObject **out)
{
    const char *name = cim_path_find_key(path, "Name");

    remember(path);
    if (fake.status != SIM_OK)
        return fake.status;
    if (!name)
        return SIM_INVALID_SELECTORS;
    for (guint i = 0; i < fake.n_machines; i++) {
        g_autofree char *own = g_strdup_printf("vm-%u", i);

        if (g_ascii_strcasecmp(name, own) == 0) {
            *out = machine(host, i);
            return SIM_OK;
        }
    }
    return SIM_NOT_FOUND;
}

SimStatus
sim_host_associators(SimHost *host, const CimPath *path, const char *assoc_class, const char *result_class,
                     const char *role, const char *result_role, GPtrArray **out)
{
    remember(path);
    return sim_host_enumerate(host, cim_path_namespace(path), result_class ? result_class : "Msvm_ComputerSystem",
                              out);
}

SimStatus
sim_host_references(SimHost *host, const CimPath *path, const char *result_class, const char *role, GPtrArray **out)
{
    return sim_host_associators(host, path, NULL, result_class, role, NULL, out);
}

static void
free_value(gpointer value)
{
    cim_value_unref(value);
}

GHashTable *
sim_values_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_value);
}

SimStatus
sim_host_invoke(SimHost *host, const CimPath *path, const SchemaMethod *method, GHashTable *in, GHashTable *out,
                guint32 *return_value)
{
    g_autoptr(CimPath) job = cim_path_new("root/virtualization/v2", "Msvm_ConcreteJob");

    remember(path);
    if (fake.status != SIM_OK)
        return fake.status;
    fake.calls++;
    *return_value = fake.return_value;
    if (fake.return_value == 4096) {
        cim_path_set_key(job, "InstanceID", "job-1");
        g_hash_table_insert(out, g_strdup("Job"), cim_value_new_path(job));
    }
    return SIM_OK;
}

void
sim_host_fail_method(SimHost *host, const char *method, guint nth, guint32 return_value, guint32 error_code,
                     const char *description)
{
    fake.return_value = return_value;
}

json_object *
sim_host_dump(SimHost *host, gboolean with_volatile)
{
    return json_object_new_object();
}
