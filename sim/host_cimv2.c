/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * root/cimv2: the operating system and the hardware of the host. Two sockets
 * with eight cores and two threads each, 256 GB of memory.
 */
#include <string.h>

#include "sim/host_private.h"

#define SOCKETS 2
#define CORES 8
#define MEMORY_KB (G_GUINT64_CONSTANT(256) * 1024 * 1024)

static const char *product_name(const SimHost *host)
{
    const char *build = strrchr(host->version, '.');
    guint64 number = build ? g_ascii_strtoull(build + 1, NULL, 10) : 0;

    if (!g_str_has_prefix(host->version, "10."))
        return "Microsoft Windows Server 2012 R2 Datacenter";
    if (number >= 26100)
        return "Microsoft Windows Server 2025 Datacenter";
    if (number >= 20348)
        return "Microsoft Windows Server 2022 Datacenter";
    return number >= 17763 ? "Microsoft Windows Server 2019 Datacenter"
                           : "Microsoft Windows Server 2016 Datacenter";
}

static CimObject *operating_system(SimHost *host)
{
    CimObject *os = sim_object_new(host, SIM_CIMV2, "Win32_OperatingSystem");
    const char *build = strrchr(host->version, '.');

    sim_set(os, "BootDevice", "\\Device\\HarddiskVolume1");
    sim_set(os, "BuildNumber", build ? build + 1 : "0");
    sim_set(os, "BuildType", "Multiprocessor Free");
    sim_set(os, "Caption", product_name(host));
    sim_set(os, "CodeSet", "1252");
    sim_set(os, "CountryCode", "1");
    sim_set(os, "CreationClassName", "Win32_OperatingSystem");
    sim_set(os, "CSCreationClassName", "Win32_ComputerSystem");
    sim_set(os, "CSName", host->name);
    sim_set(os, "CurrentTimeZone", "0");
    sim_set(os, "Description", "");
    sim_set(os, "FreePhysicalMemory", "201326592");
    sim_set(os, "FreeVirtualMemory", "234881024");
    sim_set_time(os, "InstallDate", host->boot_real_us - 400 * G_TIME_SPAN_DAY);
    sim_set_time(os, "LastBootUpTime", host->boot_real_us);
    sim_set_time(os, "LocalDateTime", host->boot_real_us);
    sim_set(os, "Locale", g_str_has_prefix(host->language, "ja") ? "0411" : "0409");
    sim_set(os, "Manufacturer", "Microsoft Corporation");
    sim_set_list(os, "MUILanguages", host->language, NULL);
    sim_setf(os, "Name", "%s|C:\\Windows|\\Device\\Harddisk0\\Partition4", product_name(host));
    sim_set(os, "NumberOfProcesses", "142");
    sim_set(os, "NumberOfUsers", "1");
    sim_set(os, "OperatingSystemSKU", "8");
    sim_set(os, "OSArchitecture", "64-bit");
    sim_set(os, "OSLanguage", "1033");
    sim_set(os, "OSType", "18");
    sim_set(os, "Primary", "true");
    sim_set(os, "ProductType", "3");
    sim_set(os, "SerialNumber", "00454-40000-00001-AA000");
    sim_set(os, "Status", "OK");
    sim_set(os, "SystemDirectory", "C:\\Windows\\system32");
    sim_set(os, "SystemDrive", "C:");
    sim_set_uint(os, "TotalVirtualMemorySize", MEMORY_KB + MEMORY_KB / 8);
    sim_set_uint(os, "TotalVisibleMemorySize", MEMORY_KB);
    sim_set(os, "Version", host->version);
    sim_set(os, "WindowsDirectory", "C:\\Windows");
    return os;
}

static CimObject *computer_system(SimHost *host)
{
    CimObject *system = sim_object_new(host, SIM_CIMV2, "Win32_ComputerSystem");

    sim_set(system, "Caption", host->name);
    sim_set(system, "CreationClassName", "Win32_ComputerSystem");
    sim_set(system, "Description", "AT/AT COMPATIBLE");
    sim_set(system, "DNSHostName", host->name);
    sim_set(system, "Domain", "WORKGROUP");
    sim_set(system, "DomainRole", "2");
    sim_set(system, "HypervisorPresent", "true");
    sim_set(system, "Manufacturer", "hvsim");
    sim_set(system, "Model", "Simulated Hyper-V host");
    sim_set(system, "Name", host->name);
    sim_set_uint(system, "NumberOfLogicalProcessors", SOCKETS * CORES * 2);
    sim_set_uint(system, "NumberOfProcessors", SOCKETS);
    sim_set(system, "PartOfDomain", "false");
    sim_set(system, "Status", "OK");
    sim_set(system, "SystemType", "x64-based PC");
    sim_set_uint(system, "TotalPhysicalMemory", MEMORY_KB * 1024);
    sim_set(system, "Workgroup", "WORKGROUP");
    return system;
}

static CimObject *processor(SimHost *host, guint index)
{
    CimObject *cpu = sim_object_new(host, SIM_CIMV2, "Win32_Processor");

    sim_set(cpu, "AddressWidth", "64");
    sim_set(cpu, "Architecture", "9");
    sim_set(cpu, "Caption", "Intel64 Family 6 Model 106 Stepping 6");
    sim_set(cpu, "CreationClassName", "Win32_Processor");
    sim_set(cpu, "CurrentClockSpeed", "2400");
    sim_set(cpu, "DataWidth", "64");
    sim_setf(cpu, "DeviceID", "CPU%u", index);
    sim_set(cpu, "Description", "Intel64 Family 6 Model 106 Stepping 6");
    sim_set(cpu, "Family", "179");
    sim_set(cpu, "Manufacturer", "GenuineIntel");
    sim_set(cpu, "MaxClockSpeed", "2400");
    sim_set(cpu, "Name", "Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz");
    sim_set_uint(cpu, "NumberOfCores", CORES);
    sim_set_uint(cpu, "NumberOfLogicalProcessors", CORES * 2);
    sim_setf(cpu, "SocketDesignation", "CPU %u", index);
    sim_set(cpu, "Status", "OK");
    sim_set(cpu, "SystemCreationClassName", "Win32_ComputerSystem");
    sim_set(cpu, "SystemName", host->name);
    return cpu;
}

static CimObject *product(SimHost *host)
{
    CimObject *object = sim_object_new(host, SIM_CIMV2, "Win32_ComputerSystemProduct");
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, host->name, -1);

    sim_set(object, "Caption", "Computer System Product");
    sim_set(object, "Description", "Computer System Product");
    sim_set(object, "IdentifyingNumber", "HVSIM-0001");
    sim_set(object, "Name", "Simulated Hyper-V host");
    sim_set(object, "Vendor", "hvsim");
    sim_set(object, "Version", "1.0");
    sim_setf(object, "UUID", "%.8s-%.4s-4%.3s-8%.3s-%.12s", digest, digest + 8, digest + 12, digest + 15,
             digest + 18); /* the same for the same host name */
    return object;
}

guint sim_host_threads(void)
{
    return SOCKETS * CORES * 2;
}

void sim_cimv2_build(SimHost *host)
{
    sim_fixed_add(host, operating_system(host));
    sim_fixed_add(host, computer_system(host));
    for (guint i = 0; i < SOCKETS; i++)
        sim_fixed_add(host, processor(host, i));
    sim_fixed_add(host, product(host));
}
