/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The devices of a running machine: what its guest's integration components
 * and its virtual hardware show in WMI. A machine that is off has none.
 */
#include <string.h>

#include "sim/host_private.h"

static CimObject *device_new(SimMachine *machine, const char *class_name, const char *id, const char *name)
{
    CimObject *device = sim_object_new(machine->host, SIM_V2, class_name);

    sim_set(device, "SystemCreationClassName", "Msvm_ComputerSystem");
    sim_set(device, "SystemName", machine->guid);
    sim_set(device, "CreationClassName", class_name);
    sim_setf(device, "DeviceID", "Microsoft:%s\\%s", machine->guid, id);
    sim_set(device, "Name", name);
    sim_set(device, "Caption", name);
    sim_set(device, "ElementName", name);
    sim_set_uint(device, "EnabledState", 2);
    sim_set_uint(device, "EnabledDefault", 2);
    sim_set_uint(device, "RequestedState", 12);
    sim_set_uint(device, "HealthState", 5);
    sim_set_list(device, "OperationalStatus", "2", NULL);
    sim_set_list(device, "StatusDescriptions", "OK", NULL);
    sim_set(device, "Status", "OK");
    return device;
}

/* Names and data as a Linux guest with its key-value daemon gives them. */
static void fill_guest_items(SimMachine *machine, CimObject *component)
{
    static const char *const names[] = { "FullyQualifiedDomainName", "OSName", "OSVersion",
                                         "NetworkAddressIPv4" };
    char *items[G_N_ELEMENTS(names) + 1] = { NULL };
    const char *name = sim_text(machine->system, "ElementName");
    g_autofree char *address = g_strdup_printf("10.%u.%u.%u", machine->process / 65536 % 256,
                                               machine->process / 256 % 256, machine->process % 256);
    const char *data[] = { name, "Debian GNU/Linux 12", "6.1.0", address };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(CimObject) item = sim_object_new(machine->host, SIM_V2, "Msvm_KvpExchangeDataItem");

        sim_set(item, "Name", names[i]);
        sim_set(item, "Data", data[i]);
        sim_set_uint(item, "Source", 2);
        items[i] = cim_object_to_xml(item);
    }
    cim_object_set(component, "GuestIntrinsicExchangeItems",
                   cim_value_new_strv((const char *const *) items));
    cim_object_set(component, "GuestExchangeItems", cim_value_new_array(CIM_STRING, NULL, 0));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_free(items[i]);
}

/* Msvm_SecurityElement: the run-time view; its keys are the system's. */
static void add_security_element(SimMachine *machine, GPtrArray *devices)
{
    const SchemaClass *cls = schema_find(machine->host->schema, SIM_V2, "Msvm_SecurityElement");
    CimObject *element = NULL;

    if (!cls || !machine->security)
        return;
    element = cim_object_new(cls);
    sim_set(element, "SystemCreationClassName", "Msvm_ComputerSystem");
    sim_set(element, "SystemName", machine->guid);
    sim_set(element, "CreationClassName", "Msvm_SecurityElement");
    sim_set(element, "ElementName", "Security");
    sim_set_boolean(element, "Shielded",
                    sim_boolean(machine->security, "ShieldingRequested") &&
                        sim_boolean(machine->security, "TpmEnabled"));
    sim_set_boolean(element, "EncryptStateAndVmMigrationTrafficEnabled",
                    sim_boolean(machine->security, "EncryptStateAndVmMigrationTraffic"));
    g_ptr_array_add(devices, element);
}

GPtrArray *sim_machine_devices(SimMachine *machine)
{
    GPtrArray *devices = NULL;
    CimObject *kvp = NULL;

    if (machine->devices)
        return machine->devices;
    devices = machine->devices = g_ptr_array_new_with_free_func((GDestroyNotify) cim_object_unref);
    add_security_element(machine, devices);
    if (!sim_machine_is_active(machine) || machine->transition == SIM_STATE_STARTING)
        return devices;
    g_ptr_array_add(devices, device_new(machine, "Msvm_ShutdownComponent",
                                        "9F8233AC-BE49-4C79-8EE3-E7E1985B2077", "Shutdown"));
    g_ptr_array_add(devices, device_new(machine, "Msvm_HeartbeatComponent",
                                        "84EAAE65-2F2E-45F5-9BB5-0E857DC8EB47", "Heartbeat"));
    g_ptr_array_add(devices, device_new(machine, "Msvm_TimeSyncComponent",
                                        "2497F4DE-E9FA-4204-80E4-4B75C46419C0", "Time Synchronization"));
    g_ptr_array_add(devices, device_new(machine, "Msvm_VssComponent",
                                        "5CED1297-4598-4915-A5FC-AD21BB4D02A4", "Volume Shadow Copy"));
    kvp = device_new(machine, "Msvm_KvpExchangeComponent", "2A34B1C2-FD73-4043-8A5B-DD2159BC743F",
                     "Key-Value Pair Exchange");
    fill_guest_items(machine, kvp);
    g_ptr_array_add(devices, kvp);
    g_ptr_array_add(
        devices, device_new(machine, "Msvm_Keyboard", "F912AD6D-2B17-48EA-BD65-F927A61C7684", "Keyboard"));
    if (machine->security && sim_boolean(machine->security, "TpmEnabled") &&
        schema_find(machine->host->schema, SIM_V2, "Msvm_TPM"))
        g_ptr_array_add(devices, device_new(machine, "Msvm_TPM", "736E6AA9-A3F8-49C0-9550-A963214D259A",
                                            "Microsoft Virtual TPM Device"));
    return devices;
}
