/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A small Hyper-V behind fake_wsman: machines with components and security
 * settings, and the methods that hyperv/ calls, each as plain as can be. The
 * rules of a real host are hvsim's business; this one is for failing at every
 * single call.
 */
#pragma once

#include "hyperv/hyperv_host.h"
#include "tests/hyperv/fake_wsman.h"

typedef struct {
    char *guid;
    WsmanInstance *system;
    WsmanInstance *settings;
    WsmanInstance *security; /* NULL: none */
    GPtrArray *components;   /* WsmanInstance */
    GBytes *protector;
} FakeMachine;

typedef struct {
    FakeWsman *wsman;
    HypervHost *host;
    GPtrArray *machines;
    guint next_id;
    /* behaviour */
    gboolean no_hyperv;      /* the namespace is not there */
    gboolean jobs;           /* methods start jobs, and then name no results */
    gboolean deaf;           /* ModifySecuritySettings is accepted and dropped */
    gboolean deaf_to_protector; /* SetKeyProtector likewise */
    gboolean deaf_to_secure_boot; /* DefineSystem does not take it */
    guint guard_mode;        /* 0: no HGS classes; else Mode */
    const char *guard_service; /* KeyProtectionServerUrl */
    gboolean has_guardian;
    const char *boot_suffix; /* of boot sources' ids; "\\B" is the rule */
    guint max_summaries;     /* more in one answer is too large; 0: no limit */
} FakeHost;

FakeHost *fake_host_new(void);
void fake_host_free(FakeHost *fake);
/* A ready-made one, off, with the default parts of its generation. */
FakeMachine *fake_host_add_machine(FakeHost *fake, const char *name, guint generation);
/* NULL when there is none. */
FakeMachine *fake_host_find(FakeHost *fake, const char *name);
/* Every property of everything, sorted: for before and after. */
char *fake_host_dump(FakeHost *fake);
