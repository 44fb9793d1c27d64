/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wiping what libraries free. libcurl keeps copies of header lines, request
 * bodies and answers in buffers of its own; its documented allocator hooks
 * are the one place where all of them pass.
 */
#pragma once

/* Starts libcurl with an allocator that wipes what is freed. Only the first
 * user of libcurl in a process can choose it, hence keymgr_global_init().
 * Any number of calls, from any thread. */
void keymgr_memory_init(void);
