/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every Hyper-V machine has, or does in one way only: authors may say
 * so, in the words of domain XML, and get it back. Saying anything else is
 * refused, by validation or because it does not come back.
 */
#include <config.h>

#include "viralloc.h"

#include "xml/msvm_parts.h"
#include "xml/msvm_validate.h"

static const virDomainFeature msvmFixedFeatures[] = {
    VIR_DOMAIN_FEATURE_ACPI, VIR_DOMAIN_FEATURE_APIC, VIR_DOMAIN_FEATURE_PAE,
};

static const virDomainInputType msvmFixedInputs[] = { VIR_DOMAIN_INPUT_TYPE_MOUSE, VIR_DOMAIN_INPUT_TYPE_KBD };

/* --- from a definition --------------------------------------------------- */

static void
msvmPlanFeatures(MsvmRecord *record, const virDomainDef *def)
{
    g_autoptr(GString) names = g_string_new(NULL);
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(msvmFixedFeatures); i++) {
        if (def->features[msvmFixedFeatures[i]] == VIR_TRISTATE_SWITCH_ON)
            g_string_append_printf(names, "%s%s", names->len ? "," : "",
                                   virDomainFeatureTypeToString(msvmFixedFeatures[i]));
    }
    msvmRecordSetHint(record, "features", names->str);
}


static void
msvmPlanInputs(MsvmRecord *record, const virDomainDef *def)
{
    g_autoptr(GString) names = g_string_new(NULL);
    size_t i;

    for (i = 0; i < def->ninputs; i++)
        g_string_append_printf(names, "%s%s", i ? "," : "", virDomainInputTypeToString(def->inputs[i]->type));
    if (names->len)
        msvmRecordSetHint(record, "input", names->str);
}


void
msvmPlanFixed(MsvmRecord *record, const virDomainDef *def)
{
    msvmPlanFeatures(record, def);
    msvmPlanInputs(record, def);
    if (def->os.arch == VIR_ARCH_I686)
        msvmRecordSetHint(record, "os:arch", "i686");
    if (def->cpu && def->cpu->mode == VIR_CPU_MODE_HOST_PASSTHROUGH)
        msvmRecordSetHint(record, "cpu", "host-passthrough");
    /* Hyper-V's time service, not the clock's offset, sets a guest's time: the
     * two usual offsets describe the guest, not the host, and are kept. */
    if (def->clock.offset == VIR_DOMAIN_CLOCK_OFFSET_LOCALTIME)
        msvmRecordSetHint(record, "clock", "localtime");
    if (def->onCrash == VIR_DOMAIN_LIFECYCLE_ACTION_RESTART)
        msvmRecordSetHint(record, "on_crash", "restart");
    if (def->nvideos > 0)
        msvmRecordSetHint(record, "video", virDomainVideoTypeToString(def->videos[0]->type));
    if (def->memballoon)
        msvmRecordSetHint(record, "memballoon", "none");
}


/* --- from a machine ------------------------------------------------------ */

static void
msvmDomainFeatures(virDomainDef *def, const MsvmRecord *record)
{
    const char *hint = msvmRecordGetHint(record, "features");
    /* All three are there; nobody names PAE on x86_64. */
    g_auto(GStrv) names = g_strsplit(hint ? hint : "acpi,apic", ",", -1);
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(msvmFixedFeatures); i++) {
        if (g_strv_contains((const char *const *)names, virDomainFeatureTypeToString(msvmFixedFeatures[i])))
            def->features[msvmFixedFeatures[i]] = VIR_TRISTATE_SWITCH_ON;
    }
}


static void
msvmDomainInputs(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record)
{
    const char *hint = msvmRecordGetHint(record, "input");
    g_auto(GStrv) names = NULL;
    size_t i, j;

    if (!hint || machine->generation != 1)
        return;
    names = g_strsplit(hint, ",", -1);
    for (i = 0; names[i]; i++) {
        for (j = 0; j < G_N_ELEMENTS(msvmFixedInputs); j++) {
            if (g_str_equal(names[i], virDomainInputTypeToString(msvmFixedInputs[j])))
                virDomainDefMaybeAddInput(def, msvmFixedInputs[j], VIR_DOMAIN_INPUT_BUS_PS2);
        }
    }
}


static void
msvmDomainVideo(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
                virDomainXMLOption *xmlopt)
{
    virDomainVideoType type = machine->generation == 2 ? VIR_DOMAIN_VIDEO_TYPE_GOP : VIR_DOMAIN_VIDEO_TYPE_VGA;
    virDomainVideoDef *video;

    if (g_strcmp0(msvmRecordGetHint(record, "video"), virDomainVideoTypeToString(type)) != 0)
        return;
    video = virDomainVideoDefNew(xmlopt);
    video->type = type;
    video->vram = virDomainVideoDefaultRAM(def, type);
    video->primary = true;
    def->videos = g_new0(virDomainVideoDef *, 1);
    def->videos[0] = video;
    def->nvideos = 1;
}


void
msvmDomainFixed(virDomainDef *def, const HypervMachine *machine, const MsvmRecord *record,
                virDomainXMLOption *xmlopt)
{
    bool arch_32 = machine->generation == 1 && g_strcmp0(msvmRecordGetHint(record, "os:arch"), "i686") == 0;

    def->os.arch = arch_32 ? VIR_ARCH_I686 : VIR_ARCH_X86_64;
    msvmDomainFeatures(def, record);
    msvmDomainInputs(def, machine, record);
    msvmDomainVideo(def, machine, record, xmlopt);
    if (g_strcmp0(msvmRecordGetHint(record, "cpu"), "host-passthrough") == 0) {
        def->cpu = virCPUDefNew();
        def->cpu->type = VIR_CPU_TYPE_GUEST;
        def->cpu->mode = VIR_CPU_MODE_HOST_PASSTHROUGH;
    }
    def->clock.offset = g_strcmp0(msvmRecordGetHint(record, "clock"), "localtime") == 0
                        ? VIR_DOMAIN_CLOCK_OFFSET_LOCALTIME : VIR_DOMAIN_CLOCK_OFFSET_UTC;
    def->onPoweroff = VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY;
    def->onReboot = machine->turn_off_on_guest_restart ? VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY
                                                       : VIR_DOMAIN_LIFECYCLE_ACTION_RESTART;
    def->onCrash = g_strcmp0(msvmRecordGetHint(record, "on_crash"), "restart") == 0
                   ? VIR_DOMAIN_LIFECYCLE_ACTION_RESTART : VIR_DOMAIN_LIFECYCLE_ACTION_DESTROY;
    if (g_strcmp0(msvmRecordGetHint(record, "memballoon"), "none") == 0) {
        def->memballoon = g_new0(virDomainMemballoonDef, 1);
        def->memballoon->model = VIR_DOMAIN_MEMBALLOON_MODEL_NONE;
    }
}
