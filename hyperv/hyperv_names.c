/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hyperv/hyperv_names.h"

#include <string.h>

#include "hyperv/hyperv_host.h"

#define GUID_LENGTH 36

char *hyperv_settings_id(const char *guid)
{
    return g_strconcat("Microsoft:", guid, NULL);
}

WsmanEpr *hyperv_setting_epr(const char *class_name, const char *instance_id)
{
    WsmanEpr *epr = wsman_epr_new(HYPERV_NS_VIRTUALIZATION, class_name);

    wsman_epr_add_selector(epr, "InstanceID", instance_id);
    return epr;
}

WsmanEpr *hyperv_settings_epr(const char *guid)
{
    g_autofree char *id = hyperv_settings_id(guid);

    return hyperv_setting_epr("Msvm_VirtualSystemSettingData", id);
}

WsmanEpr *hyperv_system_epr(const char *guid)
{
    WsmanEpr *epr = wsman_epr_new(HYPERV_NS_VIRTUALIZATION, "Msvm_ComputerSystem");

    wsman_epr_add_selector(epr, "CreationClassName", "Msvm_ComputerSystem");
    wsman_epr_add_selector(epr, "Name", guid);
    return epr;
}

WsmanEpr *hyperv_service_epr(const char *class_name)
{
    WsmanEpr *epr = wsman_epr_new(HYPERV_NS_VIRTUALIZATION, class_name);

    wsman_epr_add_selector(epr, "CreationClassName", class_name);
    return epr;
}

char *hyperv_setting_path(const char *class_name, const char *instance_id)
{
    g_autoptr(WsmanEpr) epr = hyperv_setting_epr(class_name, instance_id);

    return wsman_epr_to_object_path(epr);
}

/* Where the value of the key starts, after its quote; NULL when absent. */
static const char *find_key(const char *path, const char *key)
{
    gsize length = strlen(key);
    const char *at = path;

    while ((at = strchr(at, '=')) != NULL) {
        if (at - path > (gssize)length && at[1] == '"' &&
            g_ascii_strncasecmp(at - length, key, length) == 0 && (at[-1 - (gssize)length] == '.' ||
                                                                   at[-1 - (gssize)length] == ','))
            return at + 2;
        at++;
    }
    return NULL;
}

char *hyperv_path_get_key(const char *path, const char *key)
{
    const char *at = path ? find_key(path, key) : NULL;
    g_autoptr(GString) value = NULL;

    if (!at)
        return NULL;
    value = g_string_new(NULL);
    for (; *at != '\0' && *at != '"'; at++) {
        if (*at == '\\' && (at[1] == '\\' || at[1] == '"'))
            at++;
        g_string_append_c(value, *at);
    }
    if (*at != '"')
        return NULL;
    return g_string_free(g_steal_pointer(&value), FALSE);
}

gboolean hyperv_id_equal(const char *a, const char *b)
{
    return a && b && g_ascii_strcasecmp(a, b) == 0;
}

char *hyperv_guid_normalize(const char *text)
{
    g_autofree char *guid = NULL;
    gsize length = text ? strlen(text) : 0;

    if (length == GUID_LENGTH + 2 && text[0] == '{' && text[length - 1] == '}')
        guid = g_ascii_strup(text + 1, GUID_LENGTH);
    else if (length == GUID_LENGTH)
        guid = g_ascii_strup(text, GUID_LENGTH);
    if (!guid || !g_uuid_string_is_valid(guid))
        return NULL;
    return g_steal_pointer(&guid);
}

/* ASSUMED: hosts show the property in braces; readers here take both forms. */
char *hyperv_bios_guid_format(const char *guid)
{
    return g_strconcat("{", guid, "}", NULL);
}

char **hyperv_notes_split(const char *notes)
{
    return g_strsplit(notes ? notes : "", "\n", -1);
}

char *hyperv_notes_join(const char *const *lines)
{
    g_autofree char *notes = g_strjoinv("\n", (char **)lines);

    return *notes != '\0' ? g_steal_pointer(&notes) : NULL;
}
