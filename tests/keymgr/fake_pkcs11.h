/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PKCS#11 module that does what a good one never does: it hangs, counts
 * logins, and tells sizes that are not. It has tokens "fake" with the PIN
 * "right", and objects that fit every search.
 */
#pragma once

#include <pthread.h>

#include <p11-kit/pkcs11.h>

typedef enum {
    FAKE_NOWHERE,
    FAKE_INITIALIZE,
    FAKE_SLOTS,
    FAKE_LOGIN,
    FAKE_FIND,
    FAKE_READ,
    FAKE_CREATE,
    FAKE_FINALIZE,
    FAKE_ELSEWHERE,
} FakePlace;

/* The symbol fake_pkcs11 of the module. Look at it and change it with lock
 * held; broadcast changed after hang was changed. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    FakePlace hang;            /* calls block there as long as it says so */
    unsigned waiting;          /* calls that do */
    unsigned logins;           /* calls of C_Login() */
    unsigned created;
    unsigned destroyed;
    unsigned sessions;         /* open now */
    CK_FLAGS token_flags;      /* beside those that it needs */
    CK_ULONG slots;
    CK_ULONG tokens;           /* in the first slots */
    CK_ULONG objects;          /* that a search finds */
    CK_ULONG size;             /* of a value, as it is asked for */
    CK_ULONG given;            /* as it is given */
    CK_RV read_result;
    int logged_in;
} FakePkcs11;
