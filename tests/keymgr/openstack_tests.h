/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests against the real services that are run twice: over HTTP, and over
 * HTTPS. Each list ends with an entry without a name.
 */
#pragma once

#include "tests/keymgr/keymgr_test.h"

extern const struct CMUnitTest openstack_auth_tests[];
extern const struct CMUnitTest openstack_secret_tests[];
extern const struct CMUnitTest openstack_store_tests[];
