# SPDX-License-Identifier: GPL-2.0-only
"""What all pages have in common: one file, no network, and nothing in it that can run but ours.

A page's only style sheet and script are named by their hashes in its content security policy, so
that text of a driver cannot run even if it got past the escaping. Pages hold no time, no name of
a machine and no random number: the same input gives the same bytes.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from netmem_migrate.report import wording
from netmem_migrate.report.requirements import REQUIREMENTS
from netmem_migrate.results import Verdict

# Characters that would change how the text around them is shown are spelled out.
_SPELLED = (0x061C, *range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2060, 0x2070), 0xFEFF)
_SHOWN: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), "\ufffd"),
    **{code: f"<U+{code:04X}>" for code in _SPELLED},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}


def visible(text: str) -> str:
    """The text with nothing invisible in it: controls and marks of direction become visible."""
    return text if text.isascii() and text.isprintable() else text.translate(_SHOWN)


def _finalize(value: Any) -> Any:
    return visible(value) if type(value) is str else value


@functools.cache
def _environment() -> Environment:
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True, finalize=_finalize,
                       loader=PackageLoader("netmem_migrate", "pages"))
    made.globals["requirements"] = REQUIREMENTS
    made.filters["verdict"] = lambda value: wording.verdict(Verdict(value))
    made.globals["version"] = version("netmem-migrate")
    return made


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def render(name: str, **values: Any) -> str:
    """The page of a template `NAME.j2`, with its `NAME.css.j2` and `NAME.js.j2`."""
    made = _environment()
    style, script = ("".join(made.get_template(f"{one}.{kind}.j2").render()
                             for one in ("base", name)) for kind in ("css", "js"))
    policy = (f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
              "base-uri 'none'; form-action 'none'")
    return made.get_template(f"{name}.j2").render(
        policy=policy, style=Markup(style), script=Markup(script), **values)
