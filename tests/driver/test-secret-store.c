/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "tests/driver/test.h"

#include "driver/msvm_secret_store.h"
#include "tests/keymgr/fake_barbican.h"

#define LONG_US (5 * G_USEC_PER_SEC)
#define EPHEMERAL ID "e"

static Keymgr *
give_keymgr(gpointer opaque)
{
    return keymgr_ref(opaque);
}

static void
define_ephemeral(MsvmSecretStore *store)
{
    KeymgrDefinition definition = { .id = g_strdup(EPHEMERAL), .usage_type = -1, .is_ephemeral = TRUE };

    assert_int_equal(msvmSecretStoreDefine(store, &definition), 0);
    assert_int_equal(msvmSecretStoreSetValue(store, &definition, (const unsigned char *)"from memory", 11), 0);
    g_free(definition.id);
}

/* Whoever comes here waits for the others, but the container's secret. */
static gboolean
answer_when_three_are_here(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    gint64 end = g_get_monotonic_time() + LONG_US;
    gint *inside = opaque;

    if (strstr(request->path, ID "9/"))
        return fake_barbican_payload(request);
    if (strstr(request->path, "/containers/"))
        return fake_reply(request, 200, JSON, "", "{\"secret_refs\":[{\"name\":\"1\",\"secret_ref\":"
                                                  "\"http://x/v1/secrets/" ID "9\"}]}");
    g_atomic_int_inc(inside);
    while (g_atomic_int_get(inside) < 3 && g_get_monotonic_time() < end)
        g_usleep(1000);
    if (g_atomic_int_get(inside) < 3)
        return fake_reply(request, 500, JSON, "", "{}");
    return fake_barbican_payload(request);
}

static void
test_stored_secrets_beside_an_ephemeral_one_are_fetched_at_once(void **state)
{
    static const char *const references[] = { ID "0", EPHEMERAL, "http://h/v1/containers/" ID "c", ID "1", ID "2",
                                              NULL };
    static const char *const expected[] = { ID "0", "from memory", ID "9", ID "1", ID "2" };
    FakeBarbican *fake = fake_barbican_setup("");
    g_autoptr(MsvmSecretStore) store = msvmSecretStoreNew("/test", give_keymgr, fake->keymgr);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) values = NULL;
    gint inside = 0;
    size_t i;

    define_ephemeral(store);
    g_ptr_array_unref(fake_barbican_fetch_one(fake, NULL)); /* so that the token is known */
    fake->opaque = &inside;
    fake->answer = answer_when_three_are_here;
    values = msvmSecretStoreFetch(store, fake->keymgr, references, &error);
    if (!values)
        fail_msg("%s", error->message);
    assert_int_equal(values->len, G_N_ELEMENTS(expected));
    for (i = 0; i < values->len; i++) {
        KeymgrSecret *value = g_ptr_array_index(values, i);

        assert_int_equal(keymgr_secret_size(value), strlen(expected[i]));
        assert_memory_equal(keymgr_secret_data(value), expected[i], strlen(expected[i]));
    }
    fake_barbican_free(fake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored_secrets_beside_an_ephemeral_one_are_fetched_at_once),
    };

    return cmocka_run_group_tests_name("driver/secret-store", tests, test_setup_libvirt, NULL);
}
