/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * References for the writers: their selectors in order.
 */
#pragma once

#include "wsman/wsman_epr.h"

const char *wsman_epr_selector_name(const WsmanEpr *epr, guint i);
/* NULL when it is a reference ... */
const char *wsman_epr_selector_value(const WsmanEpr *epr, guint i);
/* ... which this gives: borrowed, or NULL. */
const WsmanEpr *wsman_epr_selector_epr(const WsmanEpr *epr, guint i);
