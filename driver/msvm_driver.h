/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What libvirt calls when it has loaded the module: at every open of an
 * embed URI, so that only the first call registers anything.
 */
#pragma once

/* 0, or -1 with an error reported: another libvirt than the module was built
 * for. */
int msvmRegister(void);
