/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libcurl's results in the words of this client.
 */
#pragma once

#include <curl/curl.h>

#include "wsman/wsman_http.h"

/* Whether the result says that the connection ended under the request. */
gboolean wsman_http_is_broken_connection(CURLcode result);

/* text: libcurl's error buffer. sent: the whole request had gone out. */
void wsman_http_set_error(CURL *easy, CURLcode result, const char *text, const WsmanHttpConfig *config,
                          guint timeout_ms, gboolean sent, GError **error);
