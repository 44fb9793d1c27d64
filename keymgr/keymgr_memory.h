/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Wiping what libraries free. libcurl keeps copies of header lines, request
 * bodies and answers in buffers of its own, and GnuTLS of what it decrypted;
 * their allocator hooks are the one place where all of them pass.
 */
#pragma once

/* Starts libcurl and GnuTLS with allocators that wipe what is freed, also
 * where libcurl has had other users before. Any number of calls, from any
 * thread. */
void keymgr_memory_init(void);

/* Overwrites the vector registers of this thread. Copying and decrypting leave
 * bytes there, which a core file holds with the registers of every thread. */
void keymgr_memory_clear_registers(void);
