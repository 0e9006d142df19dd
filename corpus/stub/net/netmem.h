/* SPDX-License-Identifier: GPL-2.0-only */
#include "netmem_stub.h"
