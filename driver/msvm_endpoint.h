/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a connection URI and the configuration to where and how to connect.
 *
 *   msvm://[user@]host[:port]/embed?root=DIR[&transport=https|http][&auth=NAME]
 *         [&cacert=FILE][&no_verify=0|1][&authfile=FILE]
 *
 * The path: /embed (libvirt's embedded mode, where root is given), / or
 * nothing or /system (a daemon), or /NAME for a host of the configuration.
 * What the URI says goes before what [host NAME] says.
 */
#pragma once

#include <stdbool.h>

#include "driver/msvm_config.h"

#include "internal.h"
#include "viruri.h"

#define MSVM_PORT_HTTPS 5986
#define MSVM_PORT_HTTP 5985

typedef struct {
    char *root;   /* of embedded mode, or NULL */
    char *name;   /* of the host, as the user called it; NULL: the default host */
    char *user;   /* or NULL */
    char *url;
    char *auth;   /* or NULL: the best there is */
    char *cacert; /* or NULL */
    bool no_verify;
    unsigned int connect_timeout;   /* seconds; 0: the default, here and below */
    unsigned int operation_timeout;
    unsigned int job_timeout;
    char *provisioning_directory;   /* on the host; or NULL */
    unsigned int provisioning_timeout;
} MsvmEndpoint;

void msvmEndpointFree(MsvmEndpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MsvmEndpoint, msvmEndpointFree)

/* What the URI alone says, so that the configuration of its root can be read.
 * NULL with VIR_ERR_INVALID_ARG that names the parameter. */
MsvmEndpoint *msvmEndpointParse(const virURI *uri);

/* Fills in what the URI left open. -1 with an error reported. */
int msvmEndpointComplete(MsvmEndpoint *endpoint, const virURI *uri, const MsvmConfig *config);
