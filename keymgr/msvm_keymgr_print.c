/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/msvm_keymgr_print.h"

#include <stdio.h>
#include <string.h>

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

static void
print_row(const char *name, const char *value)
{
    if (value)
        printf("%-12s %s\n", name, value);
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
    for (i = 0; acl->users[i]; i++)
        printf("%-12s user %s\n", "", acl->users[i]);
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

        if (label)
            printf("%-*s ", indent, i == 0 ? label : "");
        printf("%s,%s%s%s\n", consumer->service, consumer->resource_type ? consumer->resource_type : "",
               consumer->resource_type ? "," : "", consumer->resource_id);
    }
}
