/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/msvm_keymgr_print.h"

#include <stdio.h>
#include <string.h>

char *
msvm_keymgr_shown(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    const char *p;

    for (p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (g_unichar_isprint(c))
            g_string_append_unichar(out, c);
        else if (c == '\n')
            g_string_append(out, "\\n");
        else
            g_string_append_printf(out, c < 0x80 ? "\\x%02x" : "\\u{%x}", c);
    }
    return g_string_free(out, FALSE);
}

void
msvm_keymgr_add_text(KeymgrJson *object, const char *name, const char *text)
{
    json_object_object_add(object, name, text ? json_object_new_string(text) : NULL);
}

void
msvm_keymgr_print_json(KeymgrJson *json)
{
    puts(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    keymgr_json_unref(json);
}

KeymgrJson *
msvm_keymgr_party_json(const KeymgrParty *party)
{
    KeymgrJson *object;

    if (!party->id && !party->name)
        return NULL;
    object = json_object_new_object();
    msvm_keymgr_add_text(object, "id", party->id);
    msvm_keymgr_add_text(object, "name", party->name);
    msvm_keymgr_add_text(object, "domain", party->domain);
    return object;
}

KeymgrJson *
msvm_keymgr_info_json(const KeymgrInfo *info)
{
    KeymgrJson *object = json_object_new_object();

    msvm_keymgr_add_text(object, "id", info->id);
    msvm_keymgr_add_text(object, "name", info->name);
    msvm_keymgr_add_text(object, "type", info->type);
    msvm_keymgr_add_text(object, "status", info->status);
    msvm_keymgr_add_text(object, "created", info->created);
    msvm_keymgr_add_text(object, "updated", info->updated);
    msvm_keymgr_add_text(object, "expiration", info->expiration);
    msvm_keymgr_add_text(object, "algorithm", info->algorithm);
    json_object_object_add(object, "bit_length", info->bit_length ? json_object_new_int64(info->bit_length)
                                                                  : NULL);
    msvm_keymgr_add_text(object, "mode", info->mode);
    msvm_keymgr_add_text(object, "creator", info->creator);
    msvm_keymgr_add_text(object, "content_type", info->content_type);
    json_object_object_add(object, "has_payload", json_object_new_boolean(info->has_payload));
    return object;
}

void
msvm_keymgr_print_line(const KeymgrInfo *info)
{
    g_autofree char *id = msvm_keymgr_shown(info->id);
    g_autofree char *type = msvm_keymgr_shown(info->type ? info->type : "");
    g_autofree char *name = msvm_keymgr_shown(info->name ? info->name : "");

    printf("%s  %-12s  %s\n", id, type, name);
}

static void
print_row(const char *name, const char *value)
{
    g_autofree char *shown = value ? msvm_keymgr_shown(value) : NULL;

    if (shown)
        printf("%-12s %s\n", name, shown);
}

void
msvm_keymgr_print_info(const KeymgrInfo *info)
{
    g_autofree char *bits = info->bit_length ? g_strdup_printf("%u", info->bit_length) : NULL;

    print_row("id", info->id);
    print_row("name", info->name);
    print_row("type", info->type);
    print_row("status", info->status);
    print_row("created", info->created);
    print_row("updated", info->updated);
    print_row("expiration", info->expiration ? info->expiration : "never");
    print_row("algorithm", info->algorithm);
    print_row("bits", bits);
    print_row("mode", info->mode);
    print_row("creator", info->creator);
    print_row("payload", !info->has_payload ? "no" : info->content_type ? info->content_type : "yes");
}

KeymgrJson *
msvm_keymgr_acl_json(const KeymgrAcl *acl)
{
    KeymgrJson *object;
    KeymgrJson *users;
    gsize i;

    if (!acl)
        return NULL;
    object = json_object_new_object();
    users = json_object_new_array();
    for (i = 0; acl->users[i]; i++)
        json_object_array_add(users, json_object_new_string(acl->users[i]));
    json_object_object_add(object, "project_access", json_object_new_boolean(acl->project_access));
    json_object_object_add(object, "users", users);
    msvm_keymgr_add_text(object, "created", acl->created);
    msvm_keymgr_add_text(object, "updated", acl->updated);
    return object;
}

void
msvm_keymgr_print_acl(const KeymgrAcl *acl)
{
    gsize i;

    if (!acl)
        return;
    print_row("readers", acl->project_access ? "its project" : "its creator");
    for (i = 0; acl->users[i]; i++) {
        g_autofree char *user = g_strconcat("user ", acl->users[i], NULL);

        print_row("", user);
    }
}

KeymgrJson *
msvm_keymgr_consumers_json(const GPtrArray *consumers)
{
    KeymgrJson *array = consumers ? json_object_new_array() : NULL;
    guint i;

    for (i = 0; consumers && i < consumers->len; i++) {
        const KeymgrConsumer *consumer = g_ptr_array_index(consumers, i);
        KeymgrJson *object = json_object_new_object();

        msvm_keymgr_add_text(object, "service", consumer->service);
        msvm_keymgr_add_text(object, "resource_type", consumer->resource_type);
        msvm_keymgr_add_text(object, "resource_id", consumer->resource_id);
        json_object_array_add(array, object);
    }
    return array;
}

void
msvm_keymgr_print_consumers(const char *label, const GPtrArray *consumers)
{
    int indent = label ? MAX((int)strlen(label), 12) : 0;
    guint i;

    for (i = 0; consumers && i < consumers->len; i++) {
        const KeymgrConsumer *consumer = g_ptr_array_index(consumers, i);

        g_autofree char *whole = g_strconcat(consumer->service, ",",
                                             consumer->resource_type ? consumer->resource_type : "",
                                             consumer->resource_type ? "," : "", consumer->resource_id, NULL);
        g_autofree char *shown = msvm_keymgr_shown(whole);

        if (label)
            printf("%-*s ", indent, i == 0 ? label : "");
        puts(shown);
    }
}
