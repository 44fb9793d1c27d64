/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/wire_filter.h"

#include <string.h>

#include "sim/wire_ns.h"
#include "sim/wire_service_private.h"
#include "sim/wire_xml.h"
#include "sim/wql.h"

void
wire_selection_clear(WireSelection *selection)
{
    g_clear_pointer(&selection->objects, g_ptr_array_unref);
    g_clear_pointer(&selection->names, g_strfreev);
}

static gboolean
fail(WireFault **fault, WireFault *what)
{
    *fault = what;
    return FALSE;
}

/* An instance without what is not a key, as "where KeysOnly" gives. */
static void
keep_keys_only(GPtrArray *objects)
{
    for (guint i = 0; i < objects->len; i++) {
        CimObject *object = objects->pdata[i];
        const SchemaClass *cls = cim_object_class(object);
        CimObject *bare = cim_object_new(cls);

        for (guint k = 0; k < schema_class_n_properties(cls); k++) {
            const SchemaProperty *property = schema_class_property(cls, k);

            if (property->key)
                cim_object_set(bare, property->name,
                               cim_value_ref((CimValue *)cim_object_get(object, property->name)));
        }
        cim_object_unref(object);
        objects->pdata[i] = bare;
    }
}

/* --- WQL --------------------------------------------------------------------------- */

static gboolean
run_select(SimHost *host, const WireRequest *request, WqlQuery *query, WireSelection *selection, WireFault **fault)
{
    const SchemaClass *cls = schema_find(sim_host_schema(host), request->ns, query->class_name);
    g_autofree char *message = NULL;
    SimStatus status;

    if (!cls)
        return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, "There is no class %s. ",
                                          query->class_name));
    if (!wql_check(query, cls, &message))
        return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, "The query is not valid: %s. ", message));
    status = sim_host_enumerate(host, request->ns, schema_class_name(cls), &selection->objects);
    if (status != SIM_OK)
        return fail(fault, wire_status_fault(status, "ExecQuery", query->class_name));
    if (query->where) {
        GPtrArray *all = selection->objects;

        selection->objects = g_ptr_array_new_with_free_func((GDestroyNotify)cim_object_unref);
        for (guint i = 0; i < all->len; i++) {
            if (wql_matches(query, all->pdata[i]))
                g_ptr_array_add(selection->objects, cim_object_ref(all->pdata[i]));
        }
        g_ptr_array_unref(all);
    }
    selection->names = g_steal_pointer(&query->properties);
    return TRUE;
}

static gboolean
run_traversal(SimHost *host, const CimPath *path, const WqlQuery *query, WireSelection *selection, WireFault **fault)
{
    SimStatus status;

    if (query->kind == WQL_ASSOCIATORS)
        status = sim_host_associators(host, path, query->assoc_class, query->result_class, query->role,
                                      query->result_role, &selection->objects);
    else
        status = sim_host_references(host, path, query->result_class, query->role, &selection->objects);
    if (status == SIM_INVALID_CLASS || status == SIM_INVALID_SELECTORS || status == SIM_INVALID_NAMESPACE)
        return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, NULL));
    if (status != SIM_OK)
        return fail(fault, wire_status_fault(status, "ExecQuery", cim_path_class(path)));
    if (query->keys_only)
        keep_keys_only(selection->objects);
    return TRUE;
}

static gboolean
run_wql(SimHost *host, const WireRequest *request, const char *text, WireSelection *selection, WireFault **fault)
{
    g_autofree char *message = NULL;
    g_autoptr(WqlQuery) query = NULL;
    g_autoptr(CimPath) path = NULL;

    if (strcmp(request->class_name, "*") != 0 || request->n_selectors)
        return fail(fault, wire_fault_new(WIRE_FAULT_WQL_URI, NULL));
    if (!schema_has_namespace(sim_host_schema(host), request->ns))
        return fail(fault, wire_fault_new(WIRE_FAULT_FILTER_NAMESPACE, NULL));
    query = wql_parse(text, &message);
    if (!query)
        return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, "The query is not valid: %s. ", message));
    if (query->kind == WQL_SELECT)
        return run_select(host, request, query, selection, fault);
    /* Class definitions are no instances; WinRM cannot enumerate them so. */
    path = query->class_defs_only ? NULL : cim_path_parse(query->path, request->ns);
    if (!path)
        return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, "The query's object path is not valid. "));
    return run_traversal(host, path, query, selection, fault);
}

/* --- associations ------------------------------------------------------------------- */

static gboolean
run_association(SimHost *host, const WireRequest *request, const xmlNode *filter, WireSelection *selection,
                WireFault **fault)
{
    xmlNode *root = wire_xml_first(filter);
    gboolean associated = wire_xml_is(root, WIRE_NS_CIMBINDING, "AssociatedInstances");
    g_autoptr(CimPath) path = NULL;
    g_autoptr(WqlQuery) query = g_new0(WqlQuery, 1);
    const struct {
        const char *name;
        char **value;
    } parts[] = { { "AssociationClassName", &query->assoc_class },
                  { "ResultClassName", &query->result_class },
                  { "Role", &query->role },
                  { "ResultRole", &query->result_role } };

    query->kind = associated ? WQL_ASSOCIATORS : WQL_REFERENCES;
    if (strcmp(request->class_name, "*") != 0 ||
        (!associated && !wire_xml_is(root, WIRE_NS_CIMBINDING, "AssociationInstances")) ||
        !wire_xml_child(root, WIRE_NS_CIMBINDING, "Object"))
        return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, NULL));
    path = wire_endpoint_read(wire_xml_child(root, WIRE_NS_CIMBINDING, "Object"), 0, fault);
    if (!path || !wire_check_path(sim_host_schema(host), path, fault))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
        char *text = wire_xml_trimmed(wire_xml_child(root, WIRE_NS_CIMBINDING, parts[i].name));

        if (text && !*text)
            g_clear_pointer(&text, g_free);
        *parts[i].value = text;
    }
    return run_traversal(host, path, query, selection, fault);
}

/* --- selectors ------------------------------------------------------------------------ */

static gboolean
check_selector(const SchemaClass *cls, const CimPath *keys, guint index)
{
    const SchemaProperty *property = schema_class_find_property(cls, cim_path_key_name(keys, index));
    const char *value = cim_path_key_value(keys, index);

    return property && value && !property->array && !strpbrk(value, "\"'") && property->type != CIM_DATETIME &&
        property->type != CIM_REFERENCE && property->type != CIM_OBJECT;
}

static gboolean
selectors_match(const CimObject *object, const CimPath *keys)
{
    for (guint i = 0; i < cim_path_n_keys(keys); i++) {
        const CimValue *value = cim_object_get(object, cim_path_key_name(keys, i));
        g_autofree char *text = NULL;

        if (cim_value_is_null(value))
            return FALSE;
        text = cim_item_format(cim_value_type(value), cim_value_item(value, 0));
        if (g_ascii_strcasecmp(text, cim_path_key_value(keys, i)) != 0)
            return FALSE;
    }
    return TRUE;
}

static gboolean
run_selectors(SimHost *host, const WireRequest *request, const xmlNode *filter, WireSelection *selection,
              WireFault **fault)
{
    const SchemaClass *cls = schema_find(sim_host_schema(host), request->ns, request->class_name);
    xmlNode *set = wire_xml_child(filter, WIRE_NS_WSMAN, "SelectorSet");
    g_autoptr(CimPath) keys = cim_path_new(request->ns, request->class_name);
    g_autoptr(GPtrArray) all = NULL;
    guint count;
    SimStatus status;

    if (!cls || !set)
        return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, NULL));
    if (!wire_selectors_read(set, keys, &count, 0, fault))
        return FALSE;
    for (guint i = 0; i < count; i++) {
        if (!check_selector(cls, keys, i))
            return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, NULL));
    }
    status = sim_host_enumerate(host, request->ns, schema_class_name(cls), &all);
    if (status != SIM_OK)
        return fail(fault, wire_status_fault(status, "ExecQuery", request->class_name));
    selection->objects = g_ptr_array_new_with_free_func((GDestroyNotify)cim_object_unref);
    for (guint i = 0; i < all->len; i++) {
        if (selectors_match(all->pdata[i], keys))
            g_ptr_array_add(selection->objects, cim_object_ref(all->pdata[i]));
    }
    return TRUE;
}

/* --- all of them ------------------------------------------------------------------------ */

static gboolean
run_class(SimHost *host, const WireRequest *request, WireSelection *selection, WireFault **fault)
{
    SimStatus status;

    if (strcmp(request->class_name, "*") == 0)
        return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, NULL));
    if (request->n_selectors)
        return fail(fault, wire_fault_new(WIRE_FAULT_INVALID_SELECTORS, NULL));
    if (!schema_find(sim_host_schema(host), request->ns, request->class_name))
        return fail(fault, wire_status_fault(SIM_INVALID_CLASS, "CreateInstanceEnum", request->class_name));
    status = sim_host_enumerate(host, request->ns, request->class_name, &selection->objects);
    return status == SIM_OK || fail(fault, wire_status_fault(status, "CreateInstanceEnum", request->class_name));
}

gboolean
wire_filter_run(SimHost *host, const WireRequest *request, const xmlNode *filter, WireSelection *selection,
                char **text, WireFault **fault)
{
    g_autofree char *dialect = filter ? wire_xml_attribute(filter, NULL, "Dialect") : NULL;

    memset(selection, 0, sizeof(*selection));
    *text = NULL;
    if (!filter)
        return run_class(host, request, selection, fault);
    if (dialect && strcmp(dialect, WIRE_DIALECT_WQL) == 0) {
        *text = wire_xml_trimmed(filter);
        if (!*text)
            return fail(fault, wire_fault_new(WIRE_FAULT_CANNOT_PROCESS_FILTER, NULL));
        return run_wql(host, request, *text, selection, fault);
    }
    if (dialect && strcmp(dialect, WIRE_DIALECT_ASSOCIATION) == 0)
        return run_association(host, request, filter, selection, fault);
    if (dialect && strcmp(dialect, WIRE_DIALECT_SELECTOR) == 0)
        return run_selectors(host, request, filter, selection, fault);
    return fail(fault, wire_fault_new(WIRE_FAULT_FILTER_DIALECT, NULL));
}
