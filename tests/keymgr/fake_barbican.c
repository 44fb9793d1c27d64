/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/keymgr/fake_barbican.h"

#include <stdlib.h>
#include <string.h>

#include "tests/keymgr/keymgr_test.h"


static void
record(FakeBarbican *fake, GPtrArray *list, const char *text)
{
    g_mutex_lock(&fake->lock);
    g_ptr_array_add(list, g_strdup(text));
    g_mutex_unlock(&fake->lock);
}

/* The payload of a secret is its UUID. */
gboolean
fake_barbican_payload(FakeRequest *request)
{
    g_auto(GStrv) parts = g_strsplit(request->path, "/", -1);

    return fake_reply(request, 200, OCTETS, "", g_strv_length(parts) > 3 ? parts[3] : "?");
}

/* Whether the token that a request shows is one of those to be refused. */
static gboolean
is_rejected(const FakeBarbican *fake, const char *head)
{
    const char *number = strstr(head, ": token-");

    return fake->reject > 0 && (!number || strtoul(number + strlen(": token-"), NULL, 10) <= fake->reject);
}

static gboolean
on_request(FakeServer *server, FakeRequest *request, gpointer opaque)
{
    FakeBarbican *fake = opaque;
    g_autofree char *token = NULL;

    if (g_str_has_prefix(request->path, "/v3/auth/tokens")) {
        token = g_strdup_printf("token-%d", g_atomic_int_add(&fake->tokens, 1) + 1);
        record(fake, fake->logins, request->body);
        for (guint waited = 0; waited < fake->token_delay_ms && !fake_server_is_stopping(server); waited += 5)
            g_usleep(5000);
        return fake_reply_token(request, token, fake->token_seconds,
                                fake->endpoint ? fake->endpoint : fake_server_url(server));
    }
    g_atomic_int_inc(&fake->calls);
    record(fake, fake->heads, request->head);
    if (is_rejected(fake, request->head))
        return fake_reply(request, 401, JSON, "", "{\"error\":{\"code\":401,\"title\":\"Unauthorized\","
                                                  "\"message\":\"The request needs authentication.\"}}");
    return fake->answer ? fake->answer(server, request, fake->opaque) : fake_barbican_payload(request);
}

FakeBarbican *
fake_barbican_new(void)
{
    FakeBarbican *fake = g_new0(FakeBarbican, 1);

    fake->token_seconds = 3600;
    g_mutex_init(&fake->lock);
    fake->heads = g_ptr_array_new_with_free_func(g_free);
    fake->logins = g_ptr_array_new_with_free_func(g_free);
    fake->server = fake_server_new(on_request, fake);
    return fake;
}

void
fake_barbican_free(FakeBarbican *fake)
{
    keymgr_unref(fake->keymgr);
    fake_server_free(fake->server);
    g_ptr_array_unref(fake->heads);
    g_ptr_array_unref(fake->logins);
    g_mutex_clear(&fake->lock);
    g_free(fake);
}

/* options: further lines of [barbican]. */
Keymgr *
fake_barbican_connect(FakeBarbican *fake, const char *options)
{
    g_autofree char *text = g_strdup_printf("[keymgr]\nbackend=barbican\n[barbican]\nauth_url=%s\n"
                                            "username=u\npassword=pw-canary\nuser_domain_name=Default\n"
                                            "project_name=p\nproject_domain_name=Default\n%s",
                                            fake_server_url(fake->server), options);

    keymgr_unref(fake->keymgr);
    return fake->keymgr = keymgr_test_new(text);
}

FakeBarbican *
fake_barbican_setup(const char *options)
{
    FakeBarbican *fake = fake_barbican_new();

    fake_barbican_connect(fake, options);
    return fake;
}

GPtrArray *
fake_barbican_fetch_one(FakeBarbican *fake, GError **error)
{
    const char *const references[] = { ID "0", NULL };

    return keymgr_fetch(fake->keymgr, references, NULL, error);
}

const char *const fake_six[] = { ID "0", ID "1", ID "2", ID "3", ID "4", ID "5", NULL };

void
fake_barbican_check_six(GPtrArray *secrets, GError *error)
{
    guint i;

    if (!secrets)
        fail_msg("fetch: %s", error->message);
    assert_int_equal(secrets->len, 6);
    for (i = 0; i < 6; i++)
        keymgr_test_bytes(secrets, i, fake_six[i], strlen(fake_six[i]));
}

gpointer
fake_barbican_fetch_in_thread(gpointer opaque)
{
    GError *error = NULL;
    GPtrArray *secrets = fake_barbican_fetch_one(opaque, &error);

    if (!secrets)
        return error;
    g_ptr_array_unref(secrets);
    return NULL;
}
