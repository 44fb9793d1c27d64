# SPDX-License-Identifier: LGPL-2.1-or-later
"""Domain XML that several tests use: one generation-2 domain whose TPM,
metadata, firmware and devices a case chooses."""

KEY = "6f1c24c8-5bd7-4a4e-9f43-0e8e2d0a5f51"
KEYS = [f"6f1c24c8-5bd7-4a4e-9f43-0e8e2d0a5f6{i}" for i in range(7)]

FIRMWARE = """
    <firmware>
      <feature enabled='yes' name='enrolled-keys'/>
      <feature enabled='yes' name='secure-boot'/>
    </firmware>"""

TEMPLATE = """<domain type='hyperv'>
  <name>{name}</name>{uuid}{metadata}
  <memory unit='GiB'>2</memory>
  <vcpu>2</vcpu>
  <os{efi}>
    <type arch='x86_64'>hvm</type>{firmware}
  </os>
  <devices>
    <disk type='file' device='disk'>
      <source file='C:\\VMs\\{name}.vhdx'/>
      <target dev='{disk}' bus='{bus}'/>
    </disk>
    {devices}{tpm}
  </devices>
</domain>"""

TPM = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
NIC = ("<interface type='bridge'><source bridge='Default Switch'/>"
       "<mac address='00:15:5d:00:00:01'/></interface>")


def tpm_with_key(key=KEY):
    return ("<tpm model='tpm-crb'><backend type='emulator' version='2.0'>"
            f"<encryption secret='{key}'/></backend></tpm>")


def security(inner):
    return ("<metadata><msvm:security xmlns:msvm='urn:libvirt-msvm:domain:1'>"
            f"{inner}</msvm:security></metadata>") if inner else ""


def image(**properties):
    return "<msvm:image>" + "".join(
        f"<msvm:property name='{name}' value='{value}'/>" for name, value in properties.items()
    ) + "</msvm:image>"


def flavor(**specs):
    return "<msvm:flavor>" + "".join(
        f"<msvm:extraSpec name='{name.replace('__', ':')}' value='{value}'/>"
        for name, value in specs.items()) + "</msvm:flavor>"


def keys(*uuids):
    return "<msvm:keys>" + "".join(f"<msvm:key secret='{uuid}'/>" for uuid in uuids) + "</msvm:keys>"


def domain(tpm=TPM, inner="", name="tpm", uuid=None, devices="", generation=2):
    second = generation == 2
    return TEMPLATE.format(
        name=name, uuid=f"<uuid>{uuid}</uuid>" if uuid else "", metadata=security(inner), tpm=tpm,
        efi=" firmware='efi'" if second else "", firmware=FIRMWARE if second else "",
        disk="sda" if second else "hda", bus="scsi" if second else "ide", devices=devices)
