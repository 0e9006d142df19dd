# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree on disk: found, fetched, prepared; its drivers, Makefiles and includes."""
