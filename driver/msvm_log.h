/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the parts below the driver, which know GLib alone, write their log: to
 * libvirt's, under the name "msvm.below". At debug level each request to a host
 * or a key store is a line, and each look at a job.
 */
#pragma once

/* Once in a process. */
void msvmLogInit(void);
