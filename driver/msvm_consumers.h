/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Consumers: a note in the key manager of which domain needs a secret, or the
 * container of its shielding data, for the people who look after the secrets.
 * Only where the configuration asks for it ([barbican] register_consumers). It
 * gives nobody access, stops no deletion, and never deletes a secret.
 *
 * A secret that a definition names anew is noted before anything is changed on
 * the host, and a failure of that is an error; what is named no longer is
 * taken back afterwards, and a failure of that is a warning in the log.
 */
#pragma once

#include "driver/msvm_private.h"

typedef struct MsvmConsumers MsvmConsumers;

/* Whether there is anything to do at all. */
bool msvmConsumersWanted(MsvmPrivate *priv);

/* The secrets that a machine's definition names; NULL-terminated, empty
 * without one. Caller frees with g_strfreev(). */
char **msvmConsumersKeys(MsvmPrivate *priv, const HypervMachine *machine);

/* Before a domain is changed: registers it with the secrets that are in after
 * and not in before. Both NULL-terminated, or NULL for none.
 * NULL with an error reported; then nothing is registered. */
MsvmConsumers *msvmConsumersBegin(MsvmPrivate *priv, const char *uuid, const char *name,
                                  const char *const *before, const char *const *after);

/* Afterwards: takes away what is only in before, or, when the change did not
 * come about, what was registered for it. Reports no error; frees. */
void msvmConsumersEnd(MsvmConsumers *consumers, bool changed);

/* For a domain that is gone: takes all away. Reports no error. */
void msvmConsumersForget(MsvmPrivate *priv, const char *uuid, const char *name, const char *const *keys);
