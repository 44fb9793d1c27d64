/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes domain XML from image properties and flavor extra specs, as they are
 * given on OpenStack's command lines, and from what else a machine needs.
 */
#pragma once

#include <glib.h>

#define CREATE_MAX_DEVICES 64

typedef struct {
    char *name;
    char *uuid;      /* NULL: libvirt makes one */
    char *memory;    /* "4096" MiB, "4G"; NULL: 1024 */
    int vcpus;       /* 0: 1 */
    char **disks;    /* paths on the host, NULL-terminated, or NULL; here and below */
    char **cdroms;
    char **networks; /* "SWITCH" or "SWITCH,mac=ADDRESS" */
    char **keys;     /* UUIDs */
    char *template;  /* of Secure Boot */
    char *owner;
    gboolean create_owner;
    gboolean shielded;
    gboolean encrypt_traffic;
    GHashTable *image;  /* name -> value */
    GHashTable *flavor;
} CreateOptions;

/* "NAME=VALUE" into a table. FALSE with an error that names what. */
gboolean create_add(GHashTable *table, const char *what, const char *text, GError **error);

/*
 * Command lines, one a line, as they were typed:
 *
 *   glance image-update --property NAME=VALUE ... IMAGE
 *   openstack image set --property NAME=VALUE ... IMAGE
 *   nova flavor-key FLAVOR set NAME=VALUE ...
 *   openstack flavor set --property NAME=VALUE ... FLAVOR
 *
 * A backslash at the end of a line continues it. Empty lines, and those that
 * begin with "#", are left out. FALSE with an error
 * that names the line.
 */
gboolean create_add_commands(CreateOptions *options, const char *text, GError **error);

/* The XML, NULL with an error for what is no value. Caller frees. Whether the
 * driver takes it is for a check to say. */
char *create_xml(const CreateOptions *options, GError **error);
