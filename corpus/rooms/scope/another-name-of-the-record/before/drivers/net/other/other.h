/* SPDX-License-Identifier: GPL-2.0-only */
#include <net/demolib/rx.h>

/* A buffer of ours is one of the library's. */
#define other_rx_buf	demolib_buf
