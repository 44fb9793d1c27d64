/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a live host would protect a machine as its definition wants: the
 * checks that define makes on its way, asked beforehand. No key is fetched, so
 * that what only its content tells stays open.
 */
#pragma once

#include "tools/domain_live.h"

/* After check_plan(). Problems go into the report. FALSE with the error set
 * when the host does not answer, or reported when error stays NULL. */
gboolean protection_check(Live *live, Check *check, GError **error);
