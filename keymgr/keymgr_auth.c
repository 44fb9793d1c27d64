/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_auth.h"

#include <string.h>

#include "keymgr/keymgr_json.h"

/* A request: a secret of KEYMGR_CONFIG_MAX_SECRET bytes, each escaped, and
 * names of any sensible size. */
#define MAX_REQUEST (256 * 1024)
#define MAX_NAME 1024

/* Something that has an id, or a name within a domain. */
typedef struct {
    char *id;
    char *name;
    char *domain_id;
    char *domain_name;
} Named;

struct KeymgrAuth {
    KeymgrAuthKind kind;
    char *url;
    Named user;
    Named project;
    Named scope_domain; /* id and name alone */
    Named credential;   /* id and name alone */
    char *trust_id;
    gboolean system_scope;
    KeymgrSecret *secret;
    char *endpoint; /* of a service without Keystone */
    char *who;
};

const char *const keymgr_auth_groups[] = {
    "barbican_service_user", "keystone_authtoken", "service_user", NULL,
};

const KeymgrConfigKey keymgr_auth_keys[] = {
    { "auth_section", FALSE },
    { "auth_type", FALSE },
    { "auth_url", FALSE },
    { "auth_endpoint", FALSE },
    { "username", FALSE },
    { "user_name", FALSE },
    { "user_id", FALSE },
    { "password", TRUE },
    { "password_file", FALSE },
    { "user_domain_id", FALSE },
    { "user_domain_name", FALSE },
    { "project_id", FALSE },
    { "tenant_id", FALSE },
    { "project_name", FALSE },
    { "tenant_name", FALSE },
    { "project_domain_id", FALSE },
    { "project_domain_name", FALSE },
    { "default_domain_id", FALSE },
    { "default_domain_name", FALSE },
    { "domain_id", FALSE },
    { "domain_name", FALSE },
    { "system_scope", FALSE },
    { "trust_id", FALSE },
    { "application_credential_id", FALSE },
    { "application_credential_name", FALSE },
    { "application_credential_secret", TRUE },
    { "application_credential_secret_file", FALSE },
    { "token", TRUE },
    { "token_file", FALSE },
    { "endpoint", FALSE },
    { NULL, FALSE },
};

static const struct {
    const char *name;
    KeymgrAuthKind kind;
    const char *secret_key;
} auth_types[] = {
    { "password", KEYMGR_AUTH_PASSWORD, "password" },
    { "v3password", KEYMGR_AUTH_PASSWORD, "password" },
    { "keystone_password", KEYMGR_AUTH_PASSWORD, "password" },
    { "v3applicationcredential", KEYMGR_AUTH_APPLICATION_CREDENTIAL, "application_credential_secret" },
    { "token", KEYMGR_AUTH_TOKEN, "token" },
    { "v3token", KEYMGR_AUTH_TOKEN, "token" },
    { "keystone_token", KEYMGR_AUTH_TOKEN, "token" },
    { "none", KEYMGR_AUTH_NONE, NULL },
    { "noauth", KEYMGR_AUTH_NONE, NULL },
};

static void
named_clear(Named *named)
{
    g_free(named->id);
    g_free(named->name);
    g_free(named->domain_id);
    g_free(named->domain_name);
}

void
keymgr_auth_free(KeymgrAuth *auth)
{
    if (!auth)
        return;
    g_free(auth->url);
    named_clear(&auth->user);
    named_clear(&auth->project);
    named_clear(&auth->scope_domain);
    named_clear(&auth->credential);
    g_free(auth->trust_id);
    keymgr_secret_unref(auth->secret);
    g_free(auth->endpoint);
    g_free(auth->who);
    g_free(auth);
}

static gboolean
read_type(const KeymgrConfig *config, KeymgrAuth *auth, const char **secret_key, GError **error)
{
    g_autofree char *type = keymgr_config_string(config, "auth_type");
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(auth_types); i++) {
        if (strcmp(type ? type : "password", auth_types[i].name) == 0) {
            auth->kind = auth_types[i].kind;
            *secret_key = auth_types[i].secret_key;
            return TRUE;
        }
    }
    return keymgr_config_fail(config, "auth_type",
                              "'%s' is not supported (password, v3applicationcredential, token and none are)",
                              error, type);
}

/* Keystone's users write the URL with or without its version. */
static gboolean
read_url(const KeymgrConfig *config, KeymgrAuth *auth, GError **error)
{
    g_autofree char *url = NULL;

    if (!keymgr_config_url(config, "auth_url", &url, error))
        return FALSE;
    if (!url && !keymgr_config_url(config, "auth_endpoint", &url, error))
        return FALSE;
    if (!url)
        return TRUE;
    if (g_str_has_suffix(url, "/v2.0"))
        return keymgr_config_fail(config, "auth_url", "Keystone's version 2 is not supported, use /v3", error);
    auth->url = g_str_has_suffix(url, "/v3") ? g_steal_pointer(&url) : g_strconcat(url, "/v3", NULL);
    return TRUE;
}

static void
read_named(const KeymgrConfig *config, Named *named, const char *const *id_keys,
           const char *const *name_keys, const char *domain_key)
{
    g_autofree char *domain_id_key = g_strconcat(domain_key, "_id", NULL);
    g_autofree char *domain_name_key = g_strconcat(domain_key, "_name", NULL);

    named->id = keymgr_config_string_any(config, id_keys);
    named->name = keymgr_config_string_any(config, name_keys);
    named->domain_id = keymgr_config_string_any(
        config, (const char *const[]){ domain_id_key, "default_domain_id", NULL });
    named->domain_name = keymgr_config_string_any(
        config, (const char *const[]){ domain_name_key, "default_domain_name", NULL });
}

static gboolean
check_named(const KeymgrConfig *config, const Named *named, const char *key, const char *domain_key,
            GError **error)
{
    if (named->id || !named->name || named->domain_id || named->domain_name)
        return TRUE;
    return keymgr_config_fail(config, key, "a name needs %s_name or %s_id beside it", error, domain_key,
                              domain_key);
}

static gboolean
read_scope(const KeymgrConfig *config, KeymgrAuth *auth, GError **error)
{
    g_autofree char *system_scope = keymgr_config_string(config, "system_scope");

    read_named(config, &auth->project, (const char *const[]){ "project_id", "tenant_id", NULL },
               (const char *const[]){ "project_name", "tenant_name", NULL }, "project_domain");
    auth->scope_domain.id = keymgr_config_string(config, "domain_id");
    auth->scope_domain.name = keymgr_config_string(config, "domain_name");
    auth->trust_id = keymgr_config_string(config, "trust_id");
    auth->system_scope = g_strcmp0(system_scope, "all") == 0;
    if (system_scope && !auth->system_scope)
        return keymgr_config_fail(config, "system_scope", "only 'all' is possible", error);
    if ((auth->project.id || auth->project.name) + (auth->scope_domain.id || auth->scope_domain.name) +
            (auth->trust_id != NULL) + auth->system_scope > 1)
        return keymgr_config_fail(config, "project_name",
                                  "project, domain, trust_id and system_scope exclude each other", error);
    return check_named(config, &auth->project, "project_name", "project_domain", error);
}

static gboolean
read_user(const KeymgrConfig *config, KeymgrAuth *auth, GError **error)
{
    read_named(config, &auth->user, (const char *const[]){ "user_id", NULL },
               (const char *const[]){ "username", "user_name", NULL }, "user_domain");
    auth->credential.id = keymgr_config_string(config, "application_credential_id");
    auth->credential.name = keymgr_config_string(config, "application_credential_name");
    if (auth->kind == KEYMGR_AUTH_APPLICATION_CREDENTIAL && auth->credential.id)
        return TRUE;
    if (auth->kind == KEYMGR_AUTH_APPLICATION_CREDENTIAL && !auth->credential.name)
        return keymgr_config_fail(config, "application_credential_id", "is needed, or a name with a user",
                                  error);
    if ((auth->kind == KEYMGR_AUTH_PASSWORD || auth->kind == KEYMGR_AUTH_APPLICATION_CREDENTIAL) &&
        !auth->user.id && !auth->user.name)
        return keymgr_config_fail(config, "username", "is needed, or user_id", error);
    return auth->kind == KEYMGR_AUTH_TOKEN || auth->kind == KEYMGR_AUTH_NONE ||
           check_named(config, &auth->user, "username", "user_domain", error);
}

static char *
describe(const KeymgrAuth *auth)
{
    const char *user = auth->user.name ? auth->user.name : auth->user.id;
    const char *project = auth->project.name ? auth->project.name : auth->project.id;
    const char *credential = auth->credential.name ? auth->credential.name : auth->credential.id;

    switch (auth->kind) {
    case KEYMGR_AUTH_PASSWORD:
        return project ? g_strdup_printf("user %s, project %s", user, project)
                       : g_strdup_printf("user %s", user);
    case KEYMGR_AUTH_APPLICATION_CREDENTIAL:
        return g_strdup_printf("application credential %s", credential);
    case KEYMGR_AUTH_TOKEN:
        return g_strdup("a ready token");
    case KEYMGR_AUTH_NONE:
    default:
        return g_strdup("no authentication");
    }
}

static gboolean
check_lengths(const KeymgrConfig *config, GError **error)
{
    const KeymgrConfigKey *key;

    for (key = keymgr_auth_keys; key->name; key++) {
        g_autofree char *value = key->secret ? NULL : keymgr_config_string(config, key->name);

        if (value && strlen(value) > MAX_NAME)
            return keymgr_config_fail(config, key->name, "longer than %d bytes", error, MAX_NAME);
        if (value && !g_utf8_validate(value, -1, NULL))
            return keymgr_config_fail(config, key->name, "is not UTF-8", error);
    }
    return TRUE;
}

/* Passwords go into JSON, tokens into a header line: each has its alphabet. */
static gboolean
check_secret(const KeymgrConfig *config, const KeymgrAuth *auth, const char *key, GError **error)
{
    const char *data = (const char *)keymgr_secret_data(auth->secret);
    gsize size = keymgr_secret_size(auth->secret);
    gsize i;

    if (auth->kind != KEYMGR_AUTH_TOKEN)
        return g_utf8_validate(data, (gssize)size, NULL) ||
               keymgr_config_fail(config, key, "is not UTF-8", error);
    for (i = 0; i < size; i++) {
        if (!g_ascii_isgraph(data[i]))
            return keymgr_config_fail(config, key, "is not a token: it has other than visible characters", error);
    }
    return TRUE;
}

static KeymgrAuth *
read_group(const KeymgrConfig *config, GError **error)
{
    g_autoptr(KeymgrAuth) auth = g_new0(KeymgrAuth, 1);
    const char *secret_key = NULL;

    if (!check_lengths(config, error) || !read_type(config, auth, &secret_key, error) ||
        !read_url(config, auth, error) || !read_user(config, auth, error) ||
        !read_scope(config, auth, error))
        return NULL;
    if (secret_key && !keymgr_config_secret(config, secret_key, &auth->secret, error))
        return NULL;
    if (secret_key && !auth->secret) {
        keymgr_config_fail(config, secret_key, "is needed, or %s_file", error, secret_key);
        return NULL;
    }
    if (auth->secret && !check_secret(config, auth, secret_key, error))
        return NULL;
    if (!auth->url && (auth->kind == KEYMGR_AUTH_PASSWORD || auth->kind == KEYMGR_AUTH_APPLICATION_CREDENTIAL)) {
        keymgr_config_fail(config, "auth_url", "is needed: Keystone's URL", error);
        return NULL;
    }
    if (auth->kind == KEYMGR_AUTH_NONE && !keymgr_config_url(config, "endpoint", &auth->endpoint, error))
        return NULL;
    auth->who = describe(auth);
    return g_steal_pointer(&auth);
}

KeymgrAuth *
keymgr_auth_new(const KeymgrConfig *config, GError **error)
{
    g_autofree char *section = keymgr_config_string(config, "auth_section");
    KeymgrConfig group = *config;

    if (section && !g_strv_contains(keymgr_auth_groups, section)) {
        g_autofree char *known = g_strjoinv(", ", (char **)keymgr_auth_groups);

        keymgr_config_fail(config, "auth_section", "'%s' is none of %s", error, section, known);
        return NULL;
    }
    if (section)
        group.group = section;
    return read_group(&group, error);
}

KeymgrAuthKind
keymgr_auth_kind(const KeymgrAuth *auth)
{
    return auth->kind;
}

const char *
keymgr_auth_url(const KeymgrAuth *auth)
{
    return auth->url;
}

KeymgrSecret *
keymgr_auth_secret(const KeymgrAuth *auth)
{
    return auth->secret;
}

const char *
keymgr_auth_project_id(const KeymgrAuth *auth)
{
    return auth->project.id;
}

const char *
keymgr_auth_endpoint(const KeymgrAuth *auth)
{
    return auth->endpoint;
}

const char *
keymgr_auth_who(const KeymgrAuth *auth)
{
    return auth->who;
}

/* The request cannot outgrow MAX_REQUEST: every part has its own limit. */
static void
put(KeymgrSecret *out, const char *raw)
{
    g_assert_true(keymgr_json_write(out, raw));
}

static void
put_member(KeymgrSecret *out, const char *name, const char *value)
{
    put(out, "\"");
    put(out, name);
    put(out, "\":");
    g_assert_true(keymgr_json_write_string(out, value, strlen(value)));
}

static void
put_secret(KeymgrSecret *out, const char *name, const KeymgrSecret *value)
{
    put(out, "\"");
    put(out, name);
    put(out, "\":");
    g_assert_true(keymgr_json_write_secret(out, value));
}

/* "id":"..." or "name":"...","domain":{...} */
static void
put_named(KeymgrSecret *out, const Named *named)
{
    if (named->id) {
        put_member(out, "id", named->id);
        return;
    }
    put_member(out, "name", named->name);
    if (!named->domain_id && !named->domain_name)
        return;
    put(out, ",\"domain\":{");
    if (named->domain_id)
        put_member(out, "id", named->domain_id);
    else
        put_member(out, "name", named->domain_name);
    put(out, "}");
}

static void
put_password(KeymgrSecret *out, const KeymgrAuth *auth)
{
    put(out, "\"methods\":[\"password\"],\"password\":{\"user\":{");
    put_named(out, &auth->user);
    put(out, ",");
    put_secret(out, "password", auth->secret);
    put(out, "}}");
}

static void
put_application_credential(KeymgrSecret *out, const KeymgrAuth *auth)
{
    put(out, "\"methods\":[\"application_credential\"],\"application_credential\":{");
    if (auth->credential.id) {
        put_member(out, "id", auth->credential.id);
    } else {
        put_member(out, "name", auth->credential.name);
        put(out, ",\"user\":{");
        put_named(out, &auth->user);
        put(out, "}");
    }
    put(out, ",");
    put_secret(out, "secret", auth->secret);
    put(out, "}");
}

static void
put_token(KeymgrSecret *out, const KeymgrAuth *auth)
{
    put(out, "\"methods\":[\"token\"],\"token\":{");
    put_secret(out, "id", auth->secret);
    put(out, "}");
}

/* An application credential has its scope in itself; Keystone refuses one
 * beside it. Without any scope Keystone takes the user's default project. */
static void
put_scope(KeymgrSecret *out, const KeymgrAuth *auth)
{
    if (auth->kind == KEYMGR_AUTH_APPLICATION_CREDENTIAL)
        return;
    if (auth->project.id || auth->project.name) {
        put(out, ",\"scope\":{\"project\":{");
        put_named(out, &auth->project);
        put(out, "}}");
    } else if (auth->scope_domain.id || auth->scope_domain.name) {
        put(out, ",\"scope\":{\"domain\":{");
        put_named(out, &auth->scope_domain);
        put(out, "}}");
    } else if (auth->trust_id) {
        put(out, ",\"scope\":{\"OS-TRUST:trust\":{");
        put_member(out, "id", auth->trust_id);
        put(out, "}}");
    } else if (auth->system_scope) {
        put(out, ",\"scope\":{\"system\":{\"all\":true}}");
    }
}

KeymgrSecret *
keymgr_auth_request(const KeymgrAuth *auth)
{
    KeymgrSecret *out = keymgr_secret_new_buffer(MAX_REQUEST);

    put(out, "{\"auth\":{\"identity\":{");
    if (auth->kind == KEYMGR_AUTH_PASSWORD)
        put_password(out, auth);
    else if (auth->kind == KEYMGR_AUTH_APPLICATION_CREDENTIAL)
        put_application_credential(out, auth);
    else
        put_token(out, auth);
    put(out, "}");
    put_scope(out, auth);
    put(out, "}}");
    return out;
}
