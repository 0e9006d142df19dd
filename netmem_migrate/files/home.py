# SPDX-License-Identifier: GPL-2.0-only
"""Where in the user's home the tool keeps what it could get or work out again."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """The tool's folder in the user's cache folder; it need not be there.

    Raises RuntimeError for a user without a home.
    """
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The XDG base directory specification: a relative path is to be ignored.
    home = Path(base) if base.startswith("/") else Path.home() / ".cache"
    return home / "netmem-migrate"
