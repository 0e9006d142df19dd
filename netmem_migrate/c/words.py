# SPDX-License-Identifier: GPL-2.0-only
"""Kernel C as words, for searches that need no tree: each pattern stands here once.

They know nothing of comments and strings; who cares about those blanks them out first
(c/mask/text.py). Those without TEXT in their name search bytes.
"""

from __future__ import annotations

import re

# A name or a keyword.
WORD = re.compile(rb"[A-Za-z_]\w*")
TEXT_WORD = re.compile(WORD.pattern.decode())
# What is called, or a macro or keyword with a bracket behind it.
CALL = re.compile(rb"\b([A-Za-z_]\w*)\s*\(")
TEXT_CALL = re.compile(CALL.pattern.decode())
# `<` or a quote, and the name. A byte order mark may stand before the first.
INCLUDE = re.compile(
    rb'^(?:\xef\xbb\xbf)?[ \t]*#[ \t]*include[ \t]*(["<])([^">\n]+)[">]', re.MULTILINE)
# Literals are one token each, operators one a character.
TEXT_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\w+|[^\w\s]')
