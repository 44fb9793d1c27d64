/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "virerror.h"

#include "xml/msvm_policy.h"

#define VIR_FROM_THIS VIR_FROM_HYPERV

/* Nova's emulated TPM ("hw:tpm_version" in its list of extra specs), and the
 * values that Hyper-V can honour. Without a model Nova means tpm-tis, and says
 * so in the <tpm> that it writes, which is refused there. */
static const struct {
    const char *image;
    const char *flavor;
    const char *values[3]; /* that Nova has */
    const char *honoured;
} msvmNovaTPM[] = {
    { "hw_tpm_version", "hw:tpm_version", { "2.0", "1.2", NULL }, "2.0" },
    { "hw_tpm_model", "hw:tpm_model", { "tpm-crb", "tpm-tis", NULL }, "tpm-crb" },
};


static int
msvmPolicyNovaCheck(const char *what, const char *name, const char *value, size_t row)
{
    if (!value || g_str_equal(value, msvmNovaTPM[row].honoured))
        return 0;
    if (!g_strv_contains(msvmNovaTPM[row].values, value)) {
        virReportError(VIR_ERR_XML_ERROR, "invalid value '%s' of %s '%s': it must be %s or %s", value, what, name,
                       msvmNovaTPM[row].values[0], msvmNovaTPM[row].values[1]);
        return -1;
    }
    virReportError(VIR_ERR_CONFIG_UNSUPPORTED, "%s '%s' is %s, but the TPM of Hyper-V is %s", what, name, value,
                   msvmNovaTPM[row].honoured);
    return -1;
}


int
msvmPolicyNovaTPM(GHashTable *image, GHashTable *flavor, bool *asked)
{
    size_t i;

    *asked = g_hash_table_contains(image, "hw_tpm_version") || g_hash_table_contains(flavor, "hw:tpm_version");
    for (i = 0; i < G_N_ELEMENTS(msvmNovaTPM); i++) {
        const char *from_image = g_hash_table_lookup(image, msvmNovaTPM[i].image);
        const char *from_flavor = g_hash_table_lookup(flavor, msvmNovaTPM[i].flavor);

        if (msvmPolicyNovaCheck("image property", msvmNovaTPM[i].image, from_image, i) < 0 ||
            msvmPolicyNovaCheck("flavor extra spec", msvmNovaTPM[i].flavor, from_flavor, i) < 0)
            return -1;
    }
    return 0;
}
