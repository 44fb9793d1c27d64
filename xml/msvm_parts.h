/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of a plan, and of a definition made from a machine: one pair of
 * functions for each kind of device. Inside xml/ only.
 */
#pragma once

#include "hyperv/hyperv_machine.h"
#include "xml/msvm_policy.h"
#include "xml/msvm_record.h"

#include "domain_conf.h"

/* --- from a definition: machine and hints grow; -1 with an error reported -- */

/* current: what is there, or NULL. -1 where problems were added. */
int msvmPlanDisks(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def,
                  const HypervMachine *current, MsvmProblems *problems);
int msvmPlanNets(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def,
                 const HypervMachine *current, MsvmProblems *problems);
/* Disks and interfaces must be there. */
int msvmPlanBoot(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def);
/* Writes into the definition what it left open and the policy decides: a
 * <tpm>, the firmware features. */
int msvmPlanCompleteSecurity(virDomainDef *def, const MsvmPolicy *policy);
/* current: what is there, or NULL. */
int msvmPlanCheckTemplate(const virDomainDef *def, const MsvmPolicy *policy, const HypervMachine *current);
void msvmPlanSecurity(HypervMachine *machine, MsvmRecord *record, const virDomainDef *def,
                      const MsvmPolicy *policy, const HypervMachine *current);
/* Devices that every machine has, and words that change nothing. */
void msvmPlanFixed(MsvmRecord *record, const virDomainDef *def);

/* --- from a machine: the definition grows; nothing fails ------------------- */

void msvmDomainDisks(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
                     virDomainXMLOption *xmlopt);
void msvmDomainNets(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
                    virDomainXMLOption *xmlopt);
/* Disks and interfaces must be there. */
void msvmDomainBoot(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record);
void msvmDomainSecurity(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
                        virDomainXMLOption *xmlopt);
void msvmDomainFixed(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
                     virDomainXMLOption *xmlopt);

/* The disk or interface that shows a drive or an adapter, or NULL. */
virDomainDiskDef *msvmDomainFindDisk(const virDomainDef *def, const HypervDrive *drive);
virDomainNetDef *msvmDomainFindNet(const virDomainDef *def, const HypervNic *nic);

/* Where a disk sits; false when it is nowhere that Hyper-V has. */
bool msvmDiskPlace(const virDomainDiskDef *disk, HypervBus *bus, guint *controller, guint *unit);
/* Stands for a disk of the host itself whose name is not known: domain XML
 * must name something. */
#define MSVM_DISK_PHYSICAL "passthrough"
/* "sda" for the first place, "sdbm" for the first on the second controller. */
char *msvmDiskDefaultTarget(const HypervDrive *drive);
/* "00155D0A0B0C", or NULL for all zeroes, which leaves it to the host. */
char *msvmNetMac(const virDomainNetDef *net);
