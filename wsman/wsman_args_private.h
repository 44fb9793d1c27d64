/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * In parameters on their way into a request.
 */
#pragma once

#include "wsman/wsman_args.h"
#include "wsman/wsman_client.h"
#include "wsman/wsman_writer.h"

/* Whether a request with them has to be kept secret; args may be NULL. */
gboolean wsman_args_have_secrets(const WsmanArgs *args);
/* The parameters as elements with the prefix p; args may be NULL. */
void wsman_args_write(const WsmanArgs *args, WsmanBytesForm form, WsmanBuffer *out);
