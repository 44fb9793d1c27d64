/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wsman/wsman_http_error.h"

#include <gnutls/gnutls.h>
#include <string.h>

#include "wsman/wsman_error_private.h"
#include "wsman/wsman_text.h"

gboolean
wsman_http_is_broken_connection(CURLcode result)
{
    switch (result) {
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SEND_FAIL_REWIND:
        return TRUE;
    default:
        return FALSE;
    }
}

/* The bits that GnuTLS gave, when libcurl uses it; else NULL. */
static char *
verification_text(CURL *easy)
{
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    gnutls_datum_t printed = { NULL, 0 };
    long status = 0;
    char *text;

    if (!version->ssl_version || !g_str_has_prefix(version->ssl_version, "GnuTLS"))
        return NULL;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &status);
    if (status <= 0 ||
        gnutls_certificate_verification_status_print((unsigned)status, GNUTLS_CRT_X509, &printed, 0) < 0)
        return NULL;
    text = wsman_text_for_message((const char *)printed.data, WSMAN_MAX_MESSAGE_TEXT);
    gnutls_free(printed.data);
    return text;
}

static void
set_verification_error(CURL *easy, const char *text, const WsmanHttpConfig *config, GError **error)
{
    g_autofree char *reason = verification_text(easy);
    gboolean other_host = strstr(text, "match") != NULL;

    if (other_host)
        wsman_set_error(error, WSMAN_ERROR_TLS, NULL,
                        "the server's certificate was issued for another host name than '%s' (%s)",
                        config->target.host, text);
    else
        wsman_set_error(error, WSMAN_ERROR_TLS, NULL,
                        "the server's certificate cannot be trusted: %s Trusted certificates are read from "
                        "%s; cacert= names another file",
                        reason ? reason : text, config->cacert ? config->cacert : "the system's store");
}

static void
set_timeout_error(guint timeout_ms, gboolean sent, const WsmanHttpConfig *config, GError **error)
{
    if (sent)
        wsman_set_error(error, WSMAN_ERROR_TIMEOUT, NULL, "no complete answer within %.1f s",
                        timeout_ms / 1000.0);
    else
        wsman_set_error(error, WSMAN_ERROR_TIMEOUT, NULL, "no connection within %.1f s",
                        MIN(timeout_ms, config->connect_timeout_ms) / 1000.0);
}

static void
set_connect_error(CURL *easy, const char *text, GError **error)
{
    long number = 0;

    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
    wsman_set_error(error, WSMAN_ERROR_CONNECT, NULL, "cannot connect: %s",
                    number != 0 ? g_strerror((int)number) : text);
}

void
wsman_http_set_error(CURL *easy, CURLcode result, const char *curl_text, const WsmanHttpConfig *config,
                     guint timeout_ms, gboolean sent, GError **error)
{
    g_autofree char *text = wsman_text_for_message(*curl_text ? curl_text : curl_easy_strerror(result),
                                                   WSMAN_MAX_MESSAGE_TEXT);

    if (wsman_http_is_broken_connection(result)) {
        wsman_set_error(error, WSMAN_ERROR_CONNECT, NULL, "the connection broke: %s", text);
        return;
    }
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        wsman_set_error(error, WSMAN_ERROR_CONNECT, NULL, "the name '%s' cannot be resolved",
                        config->target.host);
        break;
    case CURLE_COULDNT_RESOLVE_PROXY:
        wsman_set_error(error, WSMAN_ERROR_CONNECT, NULL, "the name of the proxy cannot be resolved");
        break;
    case CURLE_COULDNT_CONNECT:
        set_connect_error(easy, text, error);
        break;
    case CURLE_OPERATION_TIMEDOUT:
        set_timeout_error(timeout_ms, sent, config, error);
        break;
    case CURLE_PEER_FAILED_VERIFICATION:
        set_verification_error(easy, text, config, error);
        break;
    case CURLE_SSL_CONNECT_ERROR:
        wsman_set_error(error, WSMAN_ERROR_TLS, NULL,
                        "no TLS connection: %s (is the port one for https? that of plain http is 5985)",
                        text);
        break;
    case CURLE_SSL_CACERT_BADFILE:
        wsman_set_error(error, WSMAN_ERROR_CONFIG, NULL, "the trusted certificates in %s cannot be read",
                        config->cacert ? config->cacert : "the system's store");
        break;
    /* How libcurl says that a line is longer than its own limit. */
#if LIBCURL_VERSION_NUM >= 0x080600
    case CURLE_TOO_LARGE:
#endif
    case CURLE_OUT_OF_MEMORY:
        wsman_set_error(error, WSMAN_ERROR_LIMIT, NULL, "the header of the answer has too long a line");
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL,
                        "what answers does not speak HTTP: %s (is the port one for https?)", text);
        break;
    default:
        wsman_set_error(error, WSMAN_ERROR_PROTOCOL, NULL, "the HTTP exchange failed: %s", text);
        break;
    }
}
