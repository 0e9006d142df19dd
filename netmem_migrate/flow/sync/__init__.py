# SPDX-License-Identifier: GPL-2.0-only
"""Raw syncs for the CPU of memory of a pool: what they are of, and whether the pool's can stand in
their place (docs/preparing.md)."""
