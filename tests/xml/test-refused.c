/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * XML that cannot be honoured is refused, never dropped: one case for each
 * element, with its code and message.
 */
#include <config.h>

#include <string.h>

#include "tests/xml/xml_test.h"

#define CONFIG VIR_ERR_CONFIG_UNSUPPORTED
#define XML VIR_ERR_XML_ERROR
#define DETAIL VIR_ERR_XML_DETAIL

#define DISK(attributes, more) "<disk type='file' device='disk'" attributes ">" more \
                               "<source file='C:\\a.vhdx'/><target dev='sda' bus='scsi'/></disk>"
#define NIC(more) "<interface type='network'><mac address='00:15:5d:00:00:01'/><source network='S'/>" more \
                  "</interface>"

typedef struct {
    const char *devices;
    int code;
    const char *text;
} Device;

/* Says all that is wrong with a table, not only the first row. */
static int wrong;

static void
expect(const MsvmPlan *plan, const char *xml, int code, const char *text)
{
    virErrorPtr error = virGetLastError();

    if (plan) {
        print_error("not refused: %s\n", xml);
        wrong++;
    } else if (!error || error->code != code || !strstr(error->message, text)) {
        print_error("error %d, '%s'; expected %d with '%s'\n", error ? (int)error->code : 0,
                    error ? error->message : "", code, text);
        wrong++;
    }
    virResetLastError();
}


static void
expect_refused(const XmlTestParts *parts, int code, const char *text)
{
    g_autofree char *xml = xml_test_domain(parts);
    g_autoptr(MsvmPlan) plan = xml_test_plan(xml, &xml_test_host_2022, NULL, NULL);

    expect(plan, xml, code, text);
}


static int
nothing_wrong(void **state G_GNUC_UNUSED)
{
    wrong = 0;
    return 0;
}


static void
check_devices(int generation, const Device *devices, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        XmlTestParts parts = { .generation = generation, .devices = devices[i].devices };

        expect_refused(&parts, devices[i].code, devices[i].text);
    }
    assert_int_equal(wrong, 0);
}


static void
test_tpm_of_other_kinds(void **state G_GNUC_UNUSED)
{
    static const Device devices[] = {
        { "<tpm model='tpm-tis'><backend type='emulator'/></tpm>", CONFIG, "TPM model 'tpm-tis'" },
        { "<tpm model='tpm-spapr'><backend type='emulator'/></tpm>", CONFIG, "TPM model 'tpm-spapr'" },
        { "<tpm model='spapr-tpm-proxy'><backend type='passthrough'/></tpm>", CONFIG, "TPM backend type" },
        { "<tpm><backend type='emulator' version='1.2'/></tpm>", CONFIG, "TPM version '1.2'" },
        { "<tpm><backend type='passthrough'><device path='/dev/tpm0'/></backend></tpm>", CONFIG,
          "TPM backend type 'passthrough'" },
        { "<tpm><backend type='external'><source type='unix' mode='connect' path='/a'/></backend></tpm>", CONFIG,
          "TPM backend type 'external'" },
        { "<tpm><backend type='emulator' version='2.0'><active_pcr_banks><sha256/></active_pcr_banks></backend>"
          "</tpm>", CONFIG, "<active_pcr_banks> of <tpm>" },
        { "<tpm><backend type='emulator'><active_pcr_banks><sha256/></active_pcr_banks></backend></tpm>", CONFIG,
          "<active_pcr_banks> of <tpm>" },
        { "<tpm><backend type='emulator' persistent_state='no'/></tpm>", CONFIG, "persistent_state='no'" },
        { XML_TEST_TPM XML_TEST_TPM, CONFIG, "only one <tpm>" },
        { XML_TEST_TPM XML_TEST_TPM XML_TEST_TPM, XML, "two TPM" },
        { "<tpm/>", XML, "backend" },
    };
    static const Device bios[] = {
        { XML_TEST_TPM, CONFIG, "a TPM needs a machine of generation 2: give <os firmware='efi'>" },
    };

    check_devices(2, devices, G_N_ELEMENTS(devices));
    check_devices(1, bios, G_N_ELEMENTS(bios));
}


static void
test_disks_that_hyperv_has_not(void **state G_GNUC_UNUSED)
{
    static const Device devices[] = {
        { "<disk type='block' device='disk'><source dev='/dev/sda'/><target dev='sda' bus='scsi'/></disk>", CONFIG,
          "disk 'sda': type='block'" },
        { "<disk type='block' device='lun'><source dev='/dev/sda'/><target dev='sda' bus='scsi'/></disk>", CONFIG,
          "device='lun'" },
        { "<disk type='network'><source protocol='nbd' name='a'><host name='h'/></source><target dev='sda' "
          "bus='scsi'/></disk>", CONFIG, "type='network'" },
        { "<disk type='volume'><source pool='p' volume='v'/><target dev='sda' bus='scsi'/></disk>", CONFIG,
          "type='volume'" },
        { "<disk type='file'><source file='C:\\a.vhdx'/><target dev='vda' bus='virtio'/></disk>", CONFIG,
          "disk 'vda': device 'disk' on bus 'virtio'" },
        { "<disk type='file'><source file='C:\\a.vhdx'/><target dev='sda' bus='sata'/></disk>", CONFIG,
          "bus 'sata'" },
        { "<disk type='file'><source file='C:\\a.vhdx'/><target dev='sda' bus='usb'/></disk>", CONFIG, "bus 'usb'" },
        { "<disk type='file'><source file='C:\\a.vhdx'/><target dev='hda' bus='ide'/></disk>", CONFIG,
          "generation 2, which has scsi only" },
        { "<disk type='file' device='floppy'><source file='C:\\a.vfd'/><target dev='fda' bus='fdc'/></disk>", CONFIG,
          "device 'floppy'" },
        { "<disk type='file'><target dev='sda' bus='scsi'/></disk>", VIR_ERR_NO_SOURCE, "sda" },
        { "<disk type='file'><source file='/var/lib/a.vhdx'/><target dev='sda' bus='scsi'/></disk>", CONFIG,
          "'/var/lib/a.vhdx' is not an absolute path on a Windows host" },
        { "<disk type='file'><source file='a.vhdx'/><target dev='sda' bus='scsi'/></disk>", CONFIG, "absolute path" },
        { "<disk type='file'><source file='C:a.vhdx'/><target dev='sda' bus='scsi'/></disk>", CONFIG,
          "absolute path" },
        { "<disk type='file'><source file='\\\\\\a'/><target dev='sda' bus='scsi'/></disk>", CONFIG,
          "absolute path" },
        { DISK("", "<driver type='qcow2'/>"), CONFIG, "<driver type='qcow2'>" },
        { DISK("", "<driver type='raw'/>"), CONFIG, "<driver type='raw'>" },
        { DISK("", "<driver type='vpc'/>"), CONFIG, "<driver type='vpc'>" },
        { DISK("", "<driver name='qemu'/>"), CONFIG, "<driver name='qemu'> of disk 'sda'" },
        { DISK("", "<driver cache='none'/>"), CONFIG, "cache='none'" },
        { DISK("", "<driver io='native'/>"), CONFIG, "io='native'" },
        { DISK("", "<driver discard='unmap'/>"), CONFIG, "discard='unmap'" },
        { DISK("", "<readonly/>"), CONFIG, "<readonly/>" },
        { DISK("", "<shareable/>"), CONFIG, "<shareable> of disk 'sda'" },
        { DISK("", "<transient/>"), CONFIG, "<transient> of disk 'sda'" },
        { DISK("", "<serial>abc</serial>"), CONFIG, "<serial> of disk 'sda'" },
        { DISK("", "<wwn>5000c50015ea71ad</wwn>"), CONFIG, "<wwn> of disk 'sda'" },
        { DISK("", "<vendor>v</vendor>"), CONFIG, "vendor" },
        { DISK("", "<iotune><total_bytes_sec>1</total_bytes_sec></iotune>"), CONFIG, "<iotune> of disk 'sda'" },
        { DISK("", "<geometry cyls='1' heads='1' secs='1'/>"), CONFIG, "<geometry cyls='1'> of disk 'sda'" },
        { DISK("", "<blockio logical_block_size='512'/>"), CONFIG,
          "<blockio logical_block_size='512'> of disk 'sda'" },
        { DISK("", "<encryption format='luks'><secret type='passphrase' uuid='" XML_TEST_UUID "'/></encryption>"),
          CONFIG, "<encryption format='luks'> of disk 'sda'" },
        { DISK("", "<backingStore type='file'><format type='raw'/><source file='/a'/></backingStore>"), CONFIG,
          "<backingStore type='file'> of disk 'sda'" },
        { DISK(" snapshot='external'", ""), CONFIG, "snapshot='external'" },
        { DISK(" snapshot='no'", ""), CONFIG, "snapshot='no'" },
        { DISK(" rawio='yes'", ""), CONFIG, "rawio" },
        { "<disk type='file' device='cdrom'><target dev='sda' bus='scsi' tray='open'/></disk>", CONFIG,
          "tray='open'" },
        { "<disk type='file'><source file='C:\\a.vhdx' startupPolicy='optional'/><target dev='sda' bus='scsi'/>"
          "</disk>", CONFIG, "startupPolicy" },
        { "<disk type='file'><source file='C:\\a.vhdx'><reservations managed='yes'/></source><target dev='sda' "
          "bus='scsi'/></disk>", CONFIG, "eservations" },
        { "<disk type='file'><source file='C:\\a.vhdx'/><target dev='sda' bus='scsi' rotation_rate='7200'/></disk>",
          CONFIG, "rotation_rate" },
    };

    check_devices(2, devices, G_N_ELEMENTS(devices));
}


static void
test_places_that_hyperv_has_not(void **state G_GNUC_UNUSED)
{
#define AT(bus, c, b, t, u) "<disk type='file'><source file='C:\\a.vhdx'/><target dev='sda' bus='" bus "'/>" \
                            "<address type='drive' controller='" c "' bus='" b "' target='" t "' " \
                            "unit='" u "'/></disk>"
    static const Device scsi[] = {
        { AT("scsi", "4", "0", "0", "0"), CONFIG, "at most 4" },
        { AT("scsi", "0", "0", "0", "64"), CONFIG, "no place with controller 0, bus 0, target 0, unit 64 on scsi" },
        { AT("scsi", "0", "1", "0", "0"), CONFIG, "bus 1" },
        { AT("scsi", "0", "0", "1", "0"), CONFIG, "target 1" },
        { AT("scsi", "0", "0", "0", "0") "<disk type='file'><source file='C:\\b.vhdx'/><target dev='sdb' "
          "bus='scsi'/><address type='drive' unit='0'/></disk>", CONFIG, "duplicate drive address" },
        { "<disk type='file'><source file='C:\\a.vhdx'/><target dev='sda' bus='scsi'/><address type='pci' domain='0' "
          "bus='0' slot='1' function='0'/></disk>", CONFIG, "address type 'pci'" },
        { "<disk type='file'><source file='C:\\a.vhdx'/><target dev='foo' bus='scsi'/></disk>", XML, "foo" },
    };
    static const Device ide[] = {
        { AT("ide", "0", "2", "0", "0"), CONFIG, "on ide" },
        { AT("ide", "2", "0", "0", "0"), CONFIG, "controller type 'ide' index 1: a Hyper-V machine has at most 1" },
        { AT("ide", "0", "0", "0", "2"), CONFIG, "unit 2 on ide" },
        { AT("ide", "0", "1", "0", "0") "<disk type='file'><source file='C:\\b.vhdx'/><target dev='hdb' bus='ide'/>"
          "<address type='drive' controller='1'/></disk>", CONFIG, "" },
    };

    check_devices(2, scsi, G_N_ELEMENTS(scsi));
    check_devices(1, ide, G_N_ELEMENTS(ide));
#undef AT
}


static void
test_interfaces_that_hyperv_has_not(void **state G_GNUC_UNUSED)
{
    static const Device devices[] = {
        { "<interface type='user'/>", CONFIG, "type='user'" },
        { "<interface type='direct'><source dev='eth0'/></interface>", CONFIG, "type='direct'" },
        { "<interface type='ethernet'/>", CONFIG, "type='ethernet'" },
        { "<interface type='hostdev'><source><address type='pci' domain='0' bus='1' slot='0' function='0'/></source>"
          "</interface>", CONFIG, "" },
        { NIC("<model type='virtio'/>"), CONFIG, "interface 00:15:5d:00:00:01: model 'virtio'" },
        { NIC("<model type='e1000'/>"), CONFIG, "model 'e1000'" },
        { NIC("<model type='nonsense'/>"), CONFIG, "model 'nonsense'" },
        { NIC("<model type='dec21140'/>"), CONFIG, "generation 2 has no emulated adapters" },
        { NIC("") NIC(""), CONFIG, "another one has the same MAC address" },
        { NIC("<target dev='tap5'/>"), CONFIG, "<target dev='tap5'> of interface '00:15:5d:00:00:01'" },
        { NIC("<guest dev='eth0'/>"), CONFIG, "<guest dev='eth0'> of interface" },
        { NIC("<bandwidth><inbound average='1'/></bandwidth>"), CONFIG,
          "<inbound average='1'> in <bandwidth> of interface" },
        { NIC("<vlan><tag id='5'/></vlan>"), CONFIG, "<tag id='5'> in <vlan>" },
        { NIC("<mtu size='9000'/>"), CONFIG, "<mtu size='9000'> of interface" },
        { NIC("<filterref filter='clean-traffic'/>"), CONFIG, "<filterref filter='clean-traffic'> of interface" },
        { NIC("<port isolated='yes'/>"), CONFIG, "<port isolated='yes'> of interface" },
        { NIC("<virtualport type='openvswitch'/>"), CONFIG, "<virtualport type='openvswitch'> of interface" },
        { NIC("<driver name='vhost'/>"), CONFIG, "driver" },
        { NIC("<ip address='10.0.0.1'/>"), CONFIG, "<ip address='10.0.0.1'" },
        { NIC("<script path='/a'/>"), CONFIG, "cript" },
        { NIC("<rom bar='off'/>"), CONFIG, "rom" },
        { NIC("<coalesce><rx><frames max='7'/></rx></coalesce>"), CONFIG, "<frames max='7'> in <rx> of interface" },
        { NIC("<address type='pci' domain='0' bus='0' slot='3' function='0'/>"), CONFIG,
          "<address type='pci'> of interface" },
        { "<interface type='network' trustGuestRxFilters='yes'><source network='S'/></interface>", CONFIG,
          "trustGuestRxFilters" },
        { "<interface type='network'><source network='S' portgroup='p'/></interface>", CONFIG, "portgroup='p'" },
        { "<interface type='network'><mac address='00:15:5d:00:00:01' type='static'/><source network='S'/>"
          "</interface>", CONFIG, "type='static'" },
    };
    static const Device bios[] = {
        { "<interface type='network'><source network='S'/><boot order='1'/></interface>", CONFIG,
          "generation 1 boots from" },
    };

    check_devices(2, devices, G_N_ELEMENTS(devices));
    check_devices(1, bios, G_N_ELEMENTS(bios));
}


static void
test_devices_that_hyperv_has_not(void **state G_GNUC_UNUSED)
{
    static const Device devices[] = {
        { "<emulator>/usr/bin/qemu</emulator>", CONFIG, "<emulator>" },
        { "<filesystem type='mount'><source dir='/a'/><target dir='b'/></filesystem>", CONFIG, "<filesystem>" },
        { "<lease><lockspace>s</lockspace><key>k</key><target path='/a'/></lease>", CONFIG, "<lease>" },
        { "<sound model='ich6'/>", CONFIG, "<sound>" },
        { "<audio id='1' type='none'/>", CONFIG, "<audio>" },
        { "<graphics type='vnc'/>", CONFIG, "<graphics>" },
        { "<graphics type='spice'/>", CONFIG, "<graphics>" },
        { "<graphics type='rdp'/>", CONFIG, "<graphics>" },
        { "<video><model type='qxl'/></video>", CONFIG, "<video> model 'qxl'" },
        { "<video><model type='vga'/></video>", CONFIG, "its one adapter is 'gop'" },
        { "<video><model type='gop' heads='2'/></video>", CONFIG, "heads='2'" },
        { "<video><model type='gop'><resolution x='800' y='600'/></model></video>", CONFIG,
          "<resolution x='800'> in <model> of <video>" },
        { "<input type='tablet' bus='usb'/>", CONFIG, "<input type='tablet' bus='usb'>" },
        { "<input type='mouse' bus='ps2'/>", CONFIG, "<input type='mouse' bus='ps2'>" },
        { "<controller type='usb'/>", CONFIG, "controller type 'usb'" },
        { "<controller type='pci' model='pci-root'/>", CONFIG, "controller type 'pci'" },
        { "<controller type='virtio-serial'/>", CONFIG, "controller type 'virtio-serial'" },
        { "<controller type='sata'/>", CONFIG, "controller type 'sata'" },
        { "<controller type='ide' index='0'/>", CONFIG, "controller type 'ide'" },
        { "<controller type='scsi' index='4'/>", CONFIG, "at most 4" },
        { "<controller type='scsi' model='virtio-scsi'/>", CONFIG, "model='virtio-scsi' of <controller>" },
        { "<controller type='scsi'><driver queues='2'/></controller>", CONFIG,
          "<driver queues='2'> of controller 'scsi'" },
        { "<serial type='pty'/>", CONFIG, "<serial>" },
        { "<serial type='tcp'><source mode='bind' host='h' service='1'/></serial>", CONFIG, "<serial>" },
        { "<parallel type='pty'/>", CONFIG, "<parallel>" },
        { "<console type='pty'/>", CONFIG, "<" },
        { "<channel type='unix'><target type='virtio' name='a'/></channel>", CONFIG, "<channel>" },
        { "<hostdev mode='subsystem' type='usb'><source><address bus='1' device='2'/></source></hostdev>", CONFIG,
          "<hostdev>" },
        { "<redirdev bus='usb' type='spicevmc'/>", CONFIG, "<redirdev>" },
        { "<redirfilter><usbdev allow='yes'/></redirfilter>", CONFIG, "<redirfilter>" },
        { "<smartcard mode='host'/>", CONFIG, "<smartcard>" },
        { "<hub type='usb'/>", CONFIG, "<hub>" },
        { "<watchdog model='i6300esb'/>", CONFIG, "<watchdog>" },
        { "<memballoon model='virtio'/>", CONFIG, "<memballoon>" },
        { "<memballoon model='none'><stats period='5'/></memballoon>", CONFIG, "<stats period='5'> of <memballoon>" },
        { "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>", CONFIG, "<rng>" },
        { "<panic model='isa'/>", CONFIG, "<panic>" },
        { "<shmem name='s'/>", CONFIG, "<shmem>" },
        { "<memory model='dimm'><target><size unit='MiB'>128</size></target></memory>", CONFIG, "memory" },
        { "<iommu model='intel'/>", CONFIG, "<iommu>" },
        { "<vsock model='virtio'><cid auto='yes'/></vsock>", CONFIG, "<vsock>" },
        { "<nvram><address type='spapr-vio' reg='0x3000'/></nvram>", CONFIG, "<nvram>" },
    };

    check_devices(2, devices, G_N_ELEMENTS(devices));
}


static void
test_elements_above_devices(void **state G_GNUC_UNUSED)
{
    static const struct {
        const char *top;
        const char *text;
    } cases[] = {
        { "<genid/>", "<genid>" },
        { "<maxMemory slots='4' unit='GiB'>8</maxMemory>", "maxMemory" },
        { "<memoryBacking><hugepages/></memoryBacking>", "<memoryBacking>" },
        { "<memoryBacking><locked/></memoryBacking>", "<memoryBacking>" },
        { "<memtune><hard_limit>2000000</hard_limit></memtune>", "<memtune>" },
        { "<memtune><min_guarantee unit='GiB'>2</min_guarantee></memtune>", "<min_guarantee>" },
        { "<blkiotune><weight>500</weight></blkiotune>", "<blkiotune>" },
        { "<cputune><shares>512</shares></cputune>", "<cputune>" },
        { "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune>", "<cputune>" },
        { "<numatune><memory mode='strict' nodeset='0'/></numatune>", "<numatune>" },
        { "<iothreads>2</iothreads>", "<iothreads>" },
        { "<resource><partition>/a</partition></resource>", "<resource>" },
        { "<sysinfo type='smbios'><bios><entry name='vendor'>V</entry></bios></sysinfo>", "<sysinfo type='smbios'>" },
        { "<features><hap/></features>", "<features>" },
        { "<features><acpi/><hap/></features>", "<hap state='on'> in <features>" },
        { "<features><apic eoi='on'/></features>", "eoi='on'" },
        { "<features><hyperv><relaxed state='on'/></hyperv></features>", "<hyperv mode='custom'> in <features>" },
        { "<features><kvm><hidden state='on'/></kvm></features>", "<kvm>" },
        { "<features><smm state='on'/></features>", "<smm state='on'>" },
        { "<features><vmport state='off'/></features>", "<vmport state='off'>" },
        { "<features><pmu state='off'/></features>", "<pmu state='off'>" },
        { "<cpu mode='host-model'/>", "<cpu mode='host-model'>" },
        { "<cpu mode='custom'><model>qemu64</model></cpu>", "<cpu mode='custom'>" },
        { "<cpu><topology sockets='1' cores='1' threads='1'/></cpu>", "<topology sockets='1'> in <cpu>" },
        { "<cpu mode='host-passthrough' check='none'/>", "check='none'" },
        { "<cpu mode='host-passthrough'><feature policy='disable' name='vmx'/></cpu>",
          "<feature policy='disable'> in <cpu>" },
        { "<clock offset='variable' adjustment='5' basis='utc'/>", "attribute offset='variable' of <clock>" },
        { "<clock offset='timezone' timezone='Europe/Berlin'/>", "offset='timezone'" },
        { "<clock offset='utc'><timer name='rtc' tickpolicy='catchup'/></clock>", "<timer name='rtc'> in <clock>" },
        { "<on_poweroff>restart</on_poweroff>", "<on_poweroff>" },
        { "<on_poweroff>preserve</on_poweroff>", "<on_poweroff>" },
        { "<on_reboot>preserve</on_reboot>", "<on_reboot>" },
        { "<on_crash>coredump-destroy</on_crash>", "<on_crash>" },
        { "<on_crash>preserve</on_crash>", "<on_crash>" },
        { "<on_lockfailure>poweroff</on_lockfailure>", "<on_lockfailure>" },
        { "<pm><suspend-to-mem enabled='yes'/></pm>", "<pm>" },
        { "<perf><event name='cmt' enabled='yes'/></perf>", "<perf>" },
        { "<seclabel type='none'/>", "<seclabel type='none'>" },
        { "<seclabel type='dynamic' model='dac'/>", "<seclabel type='dynamic'>" },
        { "<keywrap><cipher name='aes' state='on'/></keywrap>", "<keywrap>" },
        { "<launchSecurity type='sev'><policy>0x0001</policy><cbitpos>47</cbitpos><reducedPhysBits>1"
          "</reducedPhysBits></launchSecurity>", "<launchSecurity type='sev'>" },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        XmlTestParts parts = { .top = cases[i].top };

        expect_refused(&parts, CONFIG, cases[i].text);
    }
    assert_int_equal(wrong, 0);
}


static void
test_elements_of_os(void **state G_GNUC_UNUSED)
{
    static const struct {
        int generation;
        const char *os;
        int code;
        const char *text;
    } cases[] = {
        { 2, "<firmware><feature enabled='yes' name='secure-boot'/><feature enabled='no' name='enrolled-keys'/>"
          "</firmware>", CONFIG, "'secure-boot' without 'enrolled-keys'" },
        { 2, "<firmware><feature enabled='no' name='secure-boot'/><feature enabled='yes' name='enrolled-keys'/>"
          "</firmware>", DETAIL, "enrolled-keys" },
        { 2, "<loader secure='yes'/><firmware><feature enabled='no' name='secure-boot'/></firmware>", CONFIG,
          "<loader secure='yes'> contradicts" },
        { 2, "<loader secure='no'/>", DETAIL, "secure" },
        { 2, "<loader readonly='yes' type='pflash'>/a</loader>", CONFIG, "a path of <loader>" },
        { 2, "<loader stateless='yes'/>", CONFIG, "<loader stateless='yes'> in <os>" },
        { 2, "<nvram>/a</nvram>", CONFIG, "<nvram>" },
        { 1, "<loader>/a</loader>", CONFIG, "<loader>" },
        { 1, "<firmware><feature enabled='yes' name='secure-boot'/></firmware>", CONFIG, "<firmware> of <os> needs" },
        { 2, "<kernel>/vmlinuz</kernel>", CONFIG, "<kernel> in <os>" },
        { 2, "<initrd>/i</initrd>", CONFIG, "<initrd> in <os>" },
        { 2, "<cmdline>quiet</cmdline>", CONFIG, "<cmdline> in <os>" },
        { 2, "<dtb>/d</dtb>", CONFIG, "<dtb> in <os>" },
        { 2, "<bootmenu enable='yes'/>", CONFIG, "<bootmenu enable='yes'> in <os>" },
        { 2, "<bios useserial='yes'/>", CONFIG, "<bios useserial='yes'> in <os>" },
        { 2, "<bios rebootTimeout='5'/>", CONFIG, "<bios rebootTimeout='5'> in <os>" },
        { 2, "<smbios mode='host'/>", CONFIG, "<smbios mode='host'> in <os>" },
        { 2, "<acpi><table type='slic'>/a</table></acpi>", CONFIG, "<table type='slic'> in <acpi>" },
        { 2, "<boot dev='hd'/><boot dev='hd'/>", XML, "<boot dev='hd'/> is given more than once" },
        { 1, "<boot dev='network'/>", CONFIG, "only from an emulated interface" },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        XmlTestParts parts = { .generation = cases[i].generation, .os = cases[i].os };

        expect_refused(&parts, cases[i].code, cases[i].text);
    }
    assert_int_equal(wrong, 0);
}


static void
test_domains_of_others(void **state G_GNUC_UNUSED)
{
    static const struct {
        const char *xml;
        int code;
        const char *text;
    } cases[] = {
        { "<domain type='kvm'><name>a</name><memory>65536</memory><os><type>hvm</type></os></domain>", CONFIG,
          "domain type 'kvm'" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><os><type>exe</type></os></domain>", CONFIG,
          "os type 'exe'" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><os><type arch='aarch64'>hvm</type></os>"
          "</domain>", CONFIG, "arch 'aarch64'" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><os firmware='efi'><type arch='i686'>hvm</type>"
          "</os></domain>", CONFIG, "arch='i686'" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><os><type machine='q35'>hvm</type></os>"
          "</domain>", CONFIG, "machine type 'q35'" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><os firmware='bios'><type>hvm</type></os>"
          "</domain>", CONFIG, "firmware='bios'" },
        { "<domain type='hyperv'><name>a</name><memory>16384</memory><os><type>hvm</type></os></domain>", CONFIG,
          "16384 KiB of memory" },
        { "<domain type='hyperv'><name>a</name><os><type>hvm</type></os></domain>", XML, "memory" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><vcpu current='1'>2</vcpu><os><type>hvm</type>"
          "</os></domain>", CONFIG, "<vcpu current=...>" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><vcpu placement='auto'>2</vcpu><os><type>hvm"
          "</type></os></domain>", CONFIG, "placement='auto' of <vcpu>" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><vcpu cpuset='1'>2</vcpu><os><type>hvm</type>"
          "</os></domain>", CONFIG, "cpuset='1' of <vcpu>" },
        { "<domain type='hyperv'><name>a</name><memory>65536</memory><vcpu>1</vcpu><vcpus><vcpu id='0' enabled='yes' "
          "hotpluggable='no'/></vcpus><os><type>hvm</type></os></domain>", CONFIG, "individual CPU" },
        { "<domain type='hyperv'><name>a</name><memory dumpCore='off'>65536</memory><os><type>hvm</type></os>"
          "</domain>", CONFIG, "dumpCore='off' of <memory>" },
        { "<domain type='hyperv'><memory>65536</memory><os><type>hvm</type></os></domain>", VIR_ERR_NO_NAME, "" },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MsvmPlan) plan = xml_test_plan(cases[i].xml, &xml_test_host_2022, NULL, NULL);

        expect(plan, cases[i].xml, cases[i].code, cases[i].text);
    }
    assert_int_equal(wrong, 0);
}


static void
test_boot_order_that_a_bios_cannot_have(void **state G_GNUC_UNUSED)
{
#define IDE(name, order) "<disk type='file'><source file='C:\\" name ".vhdx'/><target dev='" name "' bus='ide'/>" \
                         order "</disk>"
    static const Device devices[] = {
        { IDE("hda", "") IDE("hdb", "<boot order='1'/>"), CONFIG, "<boot order=...> of ide:0:1" },
        { "<disk type='file'><source file='C:\\a.vhdx'/><target dev='sda' bus='scsi'/><boot order='1'/></disk>",
          CONFIG, "<boot order=...> of scsi:0:0" },
        { "<disk type='file' device='floppy'><target dev='fda' bus='fdc'/><boot order='1'/></disk>", CONFIG,
          "<boot order='1'> of disk 'fda'" },
        { IDE("hda", "<boot order='1'/>") IDE("hdb", "<boot order='1'/>"), CONFIG, "boot order '1'" },
    };

    check_devices(1, devices, G_N_ELEMENTS(devices));
#undef IDE
}


int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_tpm_of_other_kinds, nothing_wrong),
        cmocka_unit_test_setup(test_disks_that_hyperv_has_not, nothing_wrong),
        cmocka_unit_test_setup(test_places_that_hyperv_has_not, nothing_wrong),
        cmocka_unit_test_setup(test_interfaces_that_hyperv_has_not, nothing_wrong),
        cmocka_unit_test_setup(test_devices_that_hyperv_has_not, nothing_wrong),
        cmocka_unit_test_setup(test_elements_above_devices, nothing_wrong),
        cmocka_unit_test_setup(test_elements_of_os, nothing_wrong),
        cmocka_unit_test_setup(test_domains_of_others, nothing_wrong),
        cmocka_unit_test_setup(test_boot_order_that_a_bios_cannot_have, nothing_wrong),
    };

    return cmocka_run_group_tests(tests, xml_test_setup, NULL);
}
