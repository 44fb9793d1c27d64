/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A host without a model, so that the service can be tested alone: machines
 * that are only names, and answers as the test wants them.
 */
#pragma once

#include "sim/host.h"

typedef struct {
    guint n_machines;
    SimStatus status;       /* of every call, when not SIM_OK */
    guint32 return_value;   /* of every method */
    guint calls;            /* of methods, so far */
    char *last_path;        /* of the last call that had one */
    gsize text_size;        /* of every machine's ElementName */
} FakeHost;

extern FakeHost fake;

void fake_reset(void);
