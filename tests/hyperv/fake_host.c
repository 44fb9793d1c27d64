/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/hyperv/fake_host.h"

#include <string.h>

#include "hyperv/hyperv_names.h"
#include "wsman/wsman_instance_private.h"

#define NS "root/virtualization/v2"

static const guint8 no_protector[] = { 0, 0, 0, 4 };
static const guint8 made_protector[] = { 0, 0, 0, 8, '<', 'm', '/', '>' };

static void machine_free(gpointer data)
{
    FakeMachine *machine = data;

    g_free(machine->guid);
    wsman_instance_unref(machine->system);
    wsman_instance_unref(machine->settings);
    if (machine->security)
        wsman_instance_unref(machine->security);
    g_ptr_array_unref(machine->components);
    g_bytes_unref(machine->protector);
    g_free(machine);
}

static WsmanInstance *new_with_id(const char *class_name, const char *id)
{
    WsmanInstance *instance = wsman_instance_new(NS, class_name);

    wsman_instance_set_string(instance, "InstanceID", id);
    return instance;
}

static WsmanInstance *add_part(FakeMachine *machine, const char *class_name, const char *suffix, guint type)
{
    g_autofree char *id = g_strdup_printf("Microsoft:%s\\%s", machine->guid, suffix);
    WsmanInstance *part = new_with_id(class_name, id);

    wsman_instance_set_uint(part, "ResourceType", WSMAN_CIM_UINT16, type);
    g_ptr_array_add(machine->components, part);
    return part;
}

static void add_default_parts(FakeMachine *machine, gboolean is_generation_2)
{
    WsmanInstance *memory = add_part(machine, "Msvm_MemorySettingData", "mem", 4);
    WsmanInstance *processor = add_part(machine, "Msvm_ProcessorSettingData", "cpu\\0", 3);

    wsman_instance_set_uint(memory, "VirtualQuantity", WSMAN_CIM_UINT64, 1024);
    wsman_instance_set_boolean(memory, "DynamicMemoryEnabled", FALSE);
    wsman_instance_set_uint(processor, "VirtualQuantity", WSMAN_CIM_UINT64, 1);
    for (guint i = 0; !is_generation_2 && i < 2; i++) {
        g_autofree char *suffix = g_strdup_printf("ide\\%u", i);
        g_autofree char *address = g_strdup_printf("%u", i);
        WsmanInstance *ide = add_part(machine, "Msvm_ResourceAllocationSettingData", suffix, 5);

        wsman_instance_set_string(ide, "Address", address);
    }
    if (!is_generation_2)
        add_part(machine, "Msvm_ResourceAllocationSettingData", "floppy\\0", 14);
}

static FakeMachine *define_machine(FakeHost *fake, const WsmanInstance *wanted)
{
    static const char *const boot_order[] = { "1", "2", "3", "0", NULL };
    FakeMachine *machine = g_new0(FakeMachine, 1);
    g_autofree char *id = NULL;
    g_autofree char *security_id = NULL;
    const char *subtype = wsman_instance_get_string(wanted, "VirtualSystemSubType");
    gboolean is_generation_2 = subtype && g_str_has_suffix(subtype, ":2");

    machine->guid = g_strdup_printf("0A0B0C0D-0000-4000-8000-%012X", fake->next_id++);
    id = hyperv_settings_id(machine->guid);
    machine->components = fake_rows();
    machine->protector = g_bytes_new_static(no_protector, sizeof(no_protector));
    machine->system = wsman_instance_new(NS, "Msvm_ComputerSystem");
    wsman_instance_set_string(machine->system, "Name", machine->guid);
    wsman_instance_set_uint(machine->system, "EnabledState", WSMAN_CIM_UINT16, 3);
    machine->settings = new_with_id("Msvm_VirtualSystemSettingData", id);
    wsman_instance_set_boolean(machine->settings, "SecureBootEnabled", is_generation_2);
    if (is_generation_2)
        wsman_instance_set_string(machine->settings, "SecureBootTemplateId",
                                  "1734c6e8-3154-4dda-ba5f-a874cc483422");
    else
        wsman_instance_set_array(machine->settings, "BootOrder", WSMAN_CIM_UINT16, boot_order);
    fake_merge(machine->settings, wanted);
    if (fake->deaf_to_secure_boot)
        wsman_instance_set_boolean(machine->settings, "SecureBootEnabled", FALSE);
    wsman_instance_set_string(machine->settings, "InstanceID", id);
    wsman_instance_set_string(machine->settings, "VirtualSystemIdentifier", machine->guid);
    wsman_instance_set_string(machine->settings, "VirtualSystemType", "Microsoft:Hyper-V:System:Realized");
    if (is_generation_2) {
        security_id = g_strdup_printf("%s\\security", id);
        machine->security = new_with_id("Msvm_SecuritySettingData", security_id);
        wsman_instance_set_boolean(machine->security, "TpmEnabled", FALSE);
        wsman_instance_set_boolean(machine->security, "VirtualizationBasedSecurityOptOut", TRUE);
    }
    add_default_parts(machine, is_generation_2);
    g_ptr_array_add(fake->machines, machine);
    return machine;
}

/* --- looking -------------------------------------------------------------------- */

static FakeMachine *find_in(FakeHost *fake, const char *text)
{
    for (guint i = 0; text && i < fake->machines->len; i++) {
        FakeMachine *machine = g_ptr_array_index(fake->machines, i);

        if (strstr(text, machine->guid))
            return machine;
    }
    return NULL;
}

FakeMachine *fake_host_find(FakeHost *fake, const char *name)
{
    for (guint i = 0; i < fake->machines->len; i++) {
        FakeMachine *machine = g_ptr_array_index(fake->machines, i);

        if (g_strcmp0(wsman_instance_get_string(machine->settings, "ElementName"), name) == 0)
            return machine;
    }
    return NULL;
}

static WsmanInstance *find_component(FakeMachine *machine, const char *id, guint *index)
{
    for (guint i = 0; i < machine->components->len; i++) {
        WsmanInstance *part = g_ptr_array_index(machine->components, i);

        if (hyperv_id_equal(wsman_instance_get_string(part, "InstanceID"), id)) {
            *index = i;
            return part;
        }
    }
    return NULL;
}

static gboolean is_class(const char *name, const char *expected)
{
    return g_ascii_strcasecmp(name, expected) == 0;
}

static WsmanInstance *completed_job(void)
{
    WsmanInstance *job = wsman_instance_new(NS, "Msvm_ConcreteJob");

    wsman_instance_set_uint(job, "JobState", WSMAN_CIM_UINT16, 7);
    wsman_instance_set_uint(job, "ErrorCode", WSMAN_CIM_UINT16, 0);
    return job;
}

static WsmanInstance *on_get(gpointer opaque, const WsmanEpr *epr, GError **error)
{
    FakeHost *fake = opaque;
    const char *class_name = wsman_epr_get_class(epr);
    const char *name = wsman_epr_get_selector(epr, "Name");
    const char *id = wsman_epr_get_selector(epr, "InstanceID");
    FakeMachine *machine = find_in(fake, name ? name : id);

    if (fake->no_hyperv) {
        fake_set_fault(error, WSMAN_ERROR_INVALID_CLASS, "no such namespace");
        return NULL;
    }
    if (is_class(class_name, "Msvm_VirtualSystemManagementService")) {
        WsmanInstance *service = wsman_instance_new(NS, class_name);

        wsman_instance_set_string(service, "SystemName", "FAKE01");
        return service;
    }
    if (is_class(class_name, "Msvm_ConcreteJob"))
        return completed_job();
    if (machine && is_class(class_name, "Msvm_ComputerSystem"))
        return wsman_instance_ref(machine->system);
    if (machine && is_class(class_name, "Msvm_VirtualSystemSettingData"))
        return wsman_instance_ref(machine->settings);
    if (machine && machine->security && is_class(class_name, "Msvm_SecuritySettingData"))
        return wsman_instance_ref(machine->security);
    fake_set_fault(error, WSMAN_ERROR_NOT_FOUND, "not found");
    return NULL;
}

static void add_matching_machines(FakeHost *fake, GPtrArray *rows, const char *query)
{
    for (guint i = 0; i < fake->machines->len; i++) {
        FakeMachine *machine = g_ptr_array_index(fake->machines, i);
        g_autofree char *name = g_strdup_printf("ElementName = \"%s\"",
                                                wsman_instance_get_string(machine->settings, "ElementName"));
        const char *bios = wsman_instance_get_string(machine->settings, "BIOSGUID");

        if (strstr(query, name) || strstr(query, machine->guid) || (bios && *bios && strstr(query, bios)))
            g_ptr_array_add(rows, wsman_instance_ref(machine->settings));
    }
}

static void add_switch(GPtrArray *rows, const char *query, const char *name, const char *id)
{
    g_autofree char *by_name = g_strdup_printf("\"%s\"", name);

    if (strstr(query, by_name) || strstr(query, id)) {
        WsmanInstance *row = wsman_instance_new(NS, "Msvm_VirtualEthernetSwitch");

        wsman_instance_set_string(row, "Name", id);
        wsman_instance_set_string(row, "ElementName", name);
        g_ptr_array_add(rows, row);
    }
}

static void add_guardian(FakeHost *fake, GPtrArray *rows)
{
    WsmanInstance *guardian;

    if (!fake->has_guardian)
        return;
    guardian = wsman_instance_new("root/Microsoft/Windows/Hgs", "MSFT_HgsGuardian");
    wsman_instance_set_string(guardian, "Name", "UntrustedGuardian");
    wsman_instance_set_boolean(guardian, "HasPrivateSigningKey", TRUE);
    g_ptr_array_add(rows, guardian);
}

static void add_systems(FakeHost *fake, GPtrArray *rows, const char *query)
{
    gboolean all = strstr(query, "<>") != NULL;

    for (guint i = 0; i < fake->machines->len; i++) {
        FakeMachine *machine = g_ptr_array_index(fake->machines, i);
        guint64 process_id = 0;
        g_autofree char *by_id = NULL;

        wsman_instance_get_uint(machine->system, "ProcessID", &process_id);
        by_id = g_strdup_printf("ProcessID = %" G_GUINT64_FORMAT, process_id);
        if (all || strstr(query, machine->guid) || g_str_has_suffix(query, by_id))
            g_ptr_array_add(rows, wsman_instance_ref(machine->system));
    }
}

/* What answers "associators of {...}": parts, or a device's boot source. */
static void add_associated(FakeHost *fake, GPtrArray *rows, const char *query)
{
    FakeMachine *machine = find_in(fake, query);

    for (guint i = 0; machine && i < machine->components->len; i++) {
        WsmanInstance *part = g_ptr_array_index(machine->components, i);
        const char *id = wsman_instance_get_string(part, "InstanceID");

        if (strstr(query, "Msvm_LogicalIdentity")) {
            g_autofree char *path = hyperv_setting_path(wsman_instance_get_class(part), id);
            g_autofree char *source = g_strconcat(id, fake->boot_suffix, NULL);

            if (strstr(query, strchr(path, ':') + 1))
                g_ptr_array_add(rows, new_with_id("Msvm_BootSourceSettingData", source));
        } else {
            g_ptr_array_add(rows, wsman_instance_ref(part));
        }
    }
}

static GPtrArray *on_query(gpointer opaque, const char *ns, const char *query, GError **error)
{
    FakeHost *fake = opaque;
    GPtrArray *rows = fake_rows();
    FakeMachine *machine = find_in(fake, query);

    if (g_str_has_prefix(query, "associators of")) {
        add_associated(fake, rows, query);
    } else if (strstr(query, "from Msvm_VirtualSystemSettingData ")) {
        add_matching_machines(fake, rows, query);
    } else if (strstr(query, "from Msvm_ComputerSystem ")) {
        add_systems(fake, rows, query);
    } else if (strstr(query, "from Msvm_VirtualEthernetSwitch ")) {
        add_switch(rows, query, "lan", "5317C000-0000-4000-8000-000000000001");
        add_switch(rows, query, "dmz", "5317C000-0000-4000-8000-000000000002");
        add_switch(rows, query, "twice", "5317C000-0000-4000-8000-000000000003");
        add_switch(rows, query, "twice", "5317C000-0000-4000-8000-000000000004");
    } else if (strstr(query, "from MSFT_HgsGuardian")) {
        add_guardian(fake, rows);
    } else if (strstr(query, "from Msvm_SecuritySettingData ")) {
        if (machine && machine->security)
            g_ptr_array_add(rows, wsman_instance_ref(machine->security));
    } else if (strstr(query, "from Msvm_MemorySettingData ")) {
        if (machine)
            g_ptr_array_add(rows, wsman_instance_ref(g_ptr_array_index(machine->components, 0)));
    } else {
        g_ptr_array_unref(rows);
        fake_set_fault(error, WSMAN_ERROR_INVALID_CLASS, "no such class");
        return NULL;
    }
    return rows;
}

/* --- methods --------------------------------------------------------------------- */

static WsmanInstance *done(FakeHost *fake)
{
    g_autoptr(WsmanEpr) job = NULL;
    WsmanInstance *out = fake_out(fake->jobs ? 4096 : 0);

    if (fake->jobs) {
        job = hyperv_setting_epr("Msvm_ConcreteJob", "a-job");
        fake_set_epr(out, "Job", job);
    }
    return out;
}

static void append_boot_source(FakeHost *fake, FakeMachine *machine, const char *device_id)
{
    const char *const *present = wsman_instance_get_strv(machine->settings, "BootSourceOrder");
    g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; present[i]; i++)
        g_ptr_array_add(order, g_strdup(present[i]));
    /* As hosts show it: with the host, and single backslashes. */
    g_ptr_array_add(order, g_strdup_printf("\\\\FAKE01\\root\\virtualization\\v2:"
                                           "Msvm_BootSourceSettingData.InstanceID=\"%s%s\"", device_id,
                                           fake->boot_suffix));
    g_ptr_array_add(order, NULL);
    wsman_instance_set_array(machine->settings, "BootSourceOrder", WSMAN_CIM_STRING,
                             (const char *const *)order->pdata);
}

static char *make_part_id(FakeHost *fake, FakeMachine *machine, const WsmanInstance *asked, guint type)
{
    g_autofree char *parent = hyperv_path_get_key(wsman_instance_get_string(asked, "Parent"), "InstanceID");
    const char *unit = wsman_instance_get_string(asked, "AddressOnParent");

    if (type == 16 || type == 17)
        return g_strdup_printf("%s\\0\\%s\\D", parent, unit);
    if (type == 31)
        return g_strdup_printf("%s\\L", parent);
    if (type == 33)
        return g_strdup_printf("%s\\C", parent);
    return g_strdup_printf("Microsoft:%s\\%08X", machine->guid, fake->next_id++);
}

static WsmanInstance *add_resources(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    const WsmanEpr *settings = fake_args_epr(args, "AffectedConfiguration", 0);
    FakeMachine *machine = find_in(fake, wsman_epr_get_selector(settings, "InstanceID"));
    g_autoptr(WsmanInstance) out = done(fake);

    if (!machine)
        return fake_out(32773);
    for (guint i = 0; fake_args_embedded(args, "ResourceSettings", i); i++) {
        const WsmanInstance *asked = fake_args_embedded(args, "ResourceSettings", i);
        guint64 type = 0;
        g_autofree char *id = NULL;
        WsmanInstance *part;
        g_autoptr(WsmanEpr) epr = NULL;

        wsman_instance_get_uint(asked, "ResourceType", &type);
        id = make_part_id(fake, machine, asked, type);
        part = new_with_id(wsman_instance_get_class(asked), id);
        fake_merge(part, asked);
        g_ptr_array_add(machine->components, part);
        if (machine->security && (type == 10 || type == 16 || type == 17))
            append_boot_source(fake, machine, id);
        epr = hyperv_setting_epr(wsman_instance_get_class(asked), id);
        if (!fake->jobs)
            fake_set_epr(out, "ResultingResourceSettings", epr);
    }
    return g_steal_pointer(&out);
}

static WsmanInstance *modify_resources(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    for (guint i = 0; fake_args_embedded(args, "ResourceSettings", i); i++) {
        const WsmanInstance *change = fake_args_embedded(args, "ResourceSettings", i);
        const char *id = wsman_instance_get_string(change, "InstanceID");
        FakeMachine *machine = find_in(fake, id);
        guint index;
        WsmanInstance *part = machine ? find_component(machine, id, &index) : NULL;

        if (!part)
            return fake_out(32773);
        fake_merge(part, change);
    }
    return done(fake);
}

/* A drive with a medium in it does not go. */
static gboolean has_children(FakeMachine *machine, const char *id)
{
    for (guint i = 0; i < machine->components->len; i++) {
        const WsmanInstance *part = g_ptr_array_index(machine->components, i);
        g_autofree char *parent = hyperv_path_get_key(wsman_instance_get_string(part, "Parent"), "InstanceID");

        if (hyperv_id_equal(parent, id))
            return TRUE;
    }
    return FALSE;
}

static void remove_boot_source(FakeHost *fake, FakeMachine *machine, const char *id)
{
    const char *const *present = wsman_instance_get_strv(machine->settings, "BootSourceOrder");
    g_autoptr(GPtrArray) order = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *source = g_strconcat(id, fake->boot_suffix, NULL);

    for (guint i = 0; present[i]; i++) {
        g_autofree char *other = hyperv_path_get_key(present[i], "InstanceID");

        if (!hyperv_id_equal(other, source))
            g_ptr_array_add(order, g_strdup(present[i]));
    }
    g_ptr_array_add(order, NULL);
    wsman_instance_set_array(machine->settings, "BootSourceOrder", WSMAN_CIM_STRING,
                             (const char *const *)order->pdata);
}

static WsmanInstance *remove_resources(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    for (guint i = 0; fake_args_epr(args, "ResourceSettings", i); i++) {
        const char *id = wsman_epr_get_selector(fake_args_epr(args, "ResourceSettings", i), "InstanceID");
        FakeMachine *machine = find_in(fake, id);
        guint index;

        if (!machine || !find_component(machine, id, &index) || has_children(machine, id))
            return fake_out(32773);
        if (machine->security)
            remove_boot_source(fake, machine, id);
        g_ptr_array_remove_index(machine->components, index);
    }
    return done(fake);
}

static WsmanInstance *define_system(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    FakeMachine *machine = define_machine(fake, fake_args_embedded(args, "SystemSettings", 0));
    g_autoptr(WsmanEpr) system = hyperv_system_epr(machine->guid);
    WsmanInstance *out = done(fake);

    if (!fake->jobs)
        fake_set_epr(out, "ResultingSystem", system);
    return out;
}

static WsmanInstance *destroy_system(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    FakeMachine *machine = find_in(fake, wsman_epr_get_selector(fake_args_epr(args, "AffectedSystem", 0), "Name"));

    if (!machine)
        return fake_out(32773);
    g_ptr_array_remove(fake->machines, machine);
    return done(fake);
}

static WsmanInstance *modify_system(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    const WsmanInstance *change = fake_args_embedded(args, "SystemSettings", 0);
    FakeMachine *machine = find_in(fake, wsman_instance_get_string(change, "InstanceID"));

    if (!machine)
        return fake_out(32773);
    fake_merge(machine->settings, change);
    return done(fake);
}

static FakeMachine *secured(FakeHost *fake, const WsmanArgs *args)
{
    return find_in(fake, wsman_instance_get_string(fake_args_embedded(args, "SecuritySettingData", 0), "InstanceID"));
}

static WsmanInstance *set_protector(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    FakeMachine *machine = secured(fake, args);

    if (fake->deaf_to_protector)
        return done(fake);
    g_bytes_unref(machine->protector);
    machine->protector = g_bytes_ref(fake_args_bytes(args, "KeyProtector"));
    return done(fake);
}

static WsmanInstance *get_protector(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    WsmanInstance *out = fake_out(0);
    gsize size;
    gconstpointer data = g_bytes_get_data(secured(fake, args)->protector, &size);

    fake_set_bytes(out, "KeyProtector", data, size);
    return out;
}

static WsmanInstance *set_policy(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    return done(fake);
}

static WsmanInstance *modify_security(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    FakeMachine *machine = secured(fake, args);
    const WsmanInstance *change = fake_args_embedded(args, "SecuritySettingData", 0);
    gboolean tpm = FALSE;

    wsman_instance_get_boolean(change, "TpmEnabled", &tpm);
    if (tpm && g_bytes_get_size(machine->protector) <= 4)
        return fake_out(32768);
    if (!fake->deaf)
        fake_merge(machine->security, change);
    return done(fake);
}

static WsmanInstance *get_configuration(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    g_autoptr(WsmanInstance) configuration = wsman_instance_new("root/Microsoft/Windows/Hgs",
                                                                "MSFT_HgsClientConfiguration");
    WsmanInstance *out;

    if (fake->guard_mode == 0) {
        fake_set_fault(error, WSMAN_ERROR_INVALID_CLASS, "no such class");
        return NULL;
    }
    wsman_instance_set_uint(configuration, "Mode", WSMAN_CIM_UINT16, fake->guard_mode);
    wsman_instance_set_boolean(configuration, "IsHostGuarded", fake->guard_mode == 2);
    wsman_instance_set_string(configuration, "KeyProtectionServerUrl", fake->guard_service);
    wsman_instance_set_uint(configuration, "AttestationStatus", WSMAN_CIM_UINT16, fake->guard_mode == 2 ? 100 : 0);
    out = fake_out(0);
    fake_set_instance(out, "cmdletOutput", configuration);
    return out;
}

static WsmanInstance *make_guardian(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    g_autoptr(WsmanInstance) guardian = wsman_instance_new("root/Microsoft/Windows/Hgs", "MSFT_HgsGuardian");
    WsmanInstance *out = fake_out(0);

    wsman_instance_set_string(guardian, "Name", fake_args_text(args, "Name"));
    fake->has_guardian = TRUE;
    fake_set_instance(out, "cmdletOutput", guardian);
    return out;
}

static WsmanInstance *make_protector(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    g_autoptr(WsmanInstance) protector = wsman_instance_new("root/Microsoft/Windows/Hgs", "MSFT_HgsKeyProtector");
    WsmanInstance *out = fake_out(fake_args_embedded(args, "Owner", 0) ? 0 : 32773);

    fake_set_bytes(protector, "RawData", made_protector, sizeof(made_protector));
    fake_set_instance(out, "cmdletOutput", protector);
    return out;
}

static WsmanInstance *get_summaries(FakeHost *fake, const WsmanArgs *args, GError **error)
{
    g_autoptr(WsmanInstance) out = fake_out(0);
    guint i;

    for (i = 0; fake_args_epr(args, "SettingData", i); i++) {
        FakeMachine *machine = find_in(fake, wsman_epr_get_selector(fake_args_epr(args, "SettingData", i),
                                                                    "InstanceID"));
        g_autoptr(WsmanInstance) summary = wsman_instance_new(NS, "Msvm_SummaryInformation");
        g_autofree char *notes = NULL;

        if (!machine)
            return fake_out(32773);
        notes = hyperv_notes_join(wsman_instance_get_strv(machine->settings, "Notes"));
        wsman_instance_set_string(summary, "Name", machine->guid);
        wsman_instance_set_string(summary, "Notes", notes);
        fake_merge(summary, machine->system);
        wsman_instance_set_uint(summary, "NumberOfProcessors", WSMAN_CIM_UINT16, 3);
        wsman_instance_set_uint(summary, "MemoryUsage", WSMAN_CIM_UINT64, 512);
        wsman_instance_set_uint(summary, "UpTime", WSMAN_CIM_UINT64, 60000);
        fake_set_instance(out, "SummaryInformation", summary);
    }
    if (fake->max_summaries > 0 && i > fake->max_summaries) {
        fake_set_fault(error, WSMAN_ERROR_LIMIT, "the answer is too large");
        return NULL;
    }
    return g_steal_pointer(&out);
}

static WsmanInstance *request_state(FakeHost *fake, const WsmanEpr *target, const WsmanArgs *args, GError **error)
{
    FakeMachine *machine = find_in(fake, wsman_epr_get_selector(target, "Name"));
    const char *wanted = fake_args_text(args, "RequestedState");
    const char *present;

    if (!machine) {
        fake_set_fault(error, WSMAN_ERROR_NOT_FOUND, "not found");
        return NULL;
    }
    present = wsman_instance_get_string(machine->system, "EnabledState");
    if (g_str_equal(wanted, present))
        return fake_out(32775);
    wsman_instance_set_text(machine->system, "EnabledState", WSMAN_CIM_UINT16, wanted);
    return done(fake);
}

static const struct {
    const char *name;
    WsmanInstance *(*run)(FakeHost *fake, const WsmanArgs *args, GError **error);
} methods[] = {
    { "AddResourceSettings", add_resources },
    { "DefineSystem", define_system },
    { "DestroySystem", destroy_system },
    { "Get", get_configuration },
    { "GetKeyProtector", get_protector },
    { "GetSummaryInformation", get_summaries },
    { "ModifyResourceSettings", modify_resources },
    { "ModifySecuritySettings", modify_security },
    { "ModifySystemSettings", modify_system },
    { "NewByGenerateCertificates", make_guardian },
    { "NewByGuardians", make_protector },
    { "RemoveResourceSettings", remove_resources },
    { "SetKeyProtector", set_protector },
    { "SetSecurityPolicy", set_policy },
};

static WsmanInstance *on_invoke(gpointer opaque, const WsmanEpr *target, const char *method, const WsmanArgs *args,
                                GError **error)
{
    if (g_str_equal(method, "RequestStateChange"))
        return request_state(opaque, target, args, error);
    for (gsize i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (g_str_equal(methods[i].name, method))
            return methods[i].run(opaque, args, error);
    }
    fake_set_fault(error, WSMAN_ERROR_INVALID_METHOD, "no such method");
    return NULL;
}

/* --- the host --------------------------------------------------------------------- */

FakeHost *fake_host_new(void)
{
    FakeHost *fake = g_new0(FakeHost, 1);
    FakeHandlers handlers = { on_get, on_query, on_invoke, fake };
    g_autoptr(GError) error = NULL;

    fake->machines = g_ptr_array_new_with_free_func(machine_free);
    fake->next_id = 1;
    fake->guard_mode = 1;
    fake->has_guardian = TRUE;
    fake->boot_suffix = "\\B";
    fake->wsman = fake_wsman_new(&handlers);
    fake->host = hyperv_host_open(fake_wsman_client(fake->wsman), NULL, &error);
    g_assert_no_error(error);
    g_free(fake_wsman_take_log(fake->wsman));
    return fake;
}

void fake_host_free(FakeHost *fake)
{
    hyperv_host_unref(fake->host);
    fake_wsman_free(fake->wsman);
    g_ptr_array_unref(fake->machines);
    g_free(fake);
}

FakeMachine *fake_host_add_machine(FakeHost *fake, const char *name, guint generation)
{
    g_autoptr(WsmanInstance) wanted = wsman_instance_new(NS, "Msvm_VirtualSystemSettingData");

    wsman_instance_set_string(wanted, "ElementName", name);
    wsman_instance_set_string(wanted, "VirtualSystemSubType",
                              generation == 2 ? "Microsoft:Hyper-V:SubType:2" : "Microsoft:Hyper-V:SubType:1");
    return define_machine(fake, wanted);
}

static void dump_instance(GPtrArray *lines, const WsmanInstance *instance)
{
    const char *id = wsman_instance_get_string(instance, "InstanceID");

    for (guint i = 0; i < wsman_instance_n_properties(instance); i++) {
        const WsmanProperty *property = wsman_instance_property(instance, i);
        g_autofree char *value = property->texts ? g_strjoinv("|", property->texts) : NULL;

        /* Fresh with each adapter that is made, and of no meaning. */
        if (g_str_equal(property->name, "VirtualSystemIdentifiers"))
            continue;
        g_ptr_array_add(lines, g_strdup_printf("%s %s %s=%s", wsman_instance_get_class(instance), id ? id : "",
                                               property->name, value ? value : ""));
    }
}

static int compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *fake_host_dump(FakeHost *fake)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < fake->machines->len; i++) {
        FakeMachine *machine = g_ptr_array_index(fake->machines, i);
        g_autofree char *protector = g_base64_encode(g_bytes_get_data(machine->protector, NULL),
                                                     g_bytes_get_size(machine->protector));

        dump_instance(lines, machine->system);
        dump_instance(lines, machine->settings);
        if (machine->security)
            dump_instance(lines, machine->security);
        for (guint j = 0; j < machine->components->len; j++)
            dump_instance(lines, g_ptr_array_index(machine->components, j));
        g_ptr_array_add(lines, g_strdup_printf("protector %s %s", machine->guid, protector));
    }
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}
