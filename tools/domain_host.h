/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a host has that libvirt's capabilities have no word for.
 */
#pragma once

#include <json-c/json.h>

#include "tools/domain_live.h"

/* A new object; NULL with libvirt's error set. */
json_object *host_describe(const Live *live);

/* The same for people. */
void host_print(const json_object *host);
