/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymgr/keymgr_party.h"

#include <string.h>

#include "keymgr/keymgr_text.h"

void
keymgr_party_clear(KeymgrParty *party)
{
    g_clear_pointer(&party->id, g_free);
    g_clear_pointer(&party->name, g_free);
    g_clear_pointer(&party->domain, g_free);
}

void
keymgr_party_copy(KeymgrParty *to, const KeymgrParty *from)
{
    to->id = g_strdup(from->id);
    to->name = g_strdup(from->name);
    to->domain = g_strdup(from->domain);
}

/* NULL when there is none, or it cannot be shown. */
static char *
member(KeymgrJson *json, const char *name, const KeymgrSecret *const *hidden)
{
    const char *text = keymgr_json_string(json, name);

    if (!text || !*text)
        return NULL;
    for (; *hidden; hidden++) {
        if (keymgr_text_holds_secret(text, strlen(text), *hidden))
            return NULL;
    }
    return keymgr_text_quote(text, strlen(text));
}

void
keymgr_party_parse(KeymgrJson *json, const KeymgrSecret *const *hidden, KeymgrParty *party)
{
    KeymgrJson *domain = keymgr_json_object(json, "domain");

    party->id = member(json, "id", hidden);
    party->name = member(json, "name", hidden);
    party->domain = member(domain, "name", hidden);
    if (!party->domain)
        party->domain = member(domain, "id", hidden);
}

void
keymgr_party_append(GString *sentence, const char *what, const KeymgrParty *party)
{
    if (!party->name && !party->id)
        g_string_append_printf(sentence, ", no %s", what);
    else
        g_string_append_printf(sentence, ", %s %s", what, party->name ? party->name : party->id);
    if (party->name && party->domain)
        g_string_append_printf(sentence, " (domain %s)", party->domain);
}
