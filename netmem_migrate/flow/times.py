# SPDX-License-Identifier: GPL-2.0-only
"""How often texts have a name; most texts do not have one that is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable


def times(name: bytes, texts: Iterable[bytes]) -> int:
    """How often some texts have a name as a word of its own."""
    # Beginning with the name, not with a boundary, lets the search skip what is none.
    word = re.compile(rb"%b(?<!\w%b)\b" % (re.escape(name), re.escape(name)))
    return sum(len(word.findall(text)) for text in texts if name in text)
