# SPDX-License-Identifier: GPL-2.0-only
"""Addresses of mails, whatever stands in them."""

from __future__ import annotations

import pytest

from netmem_migrate.git.mail import address


@pytest.mark.parametrize(("person", "known"), [
    ("A Person <a@example.org>", ("A Person", "a@example.org")),
    ("a@example.org (A Person)", ("A Person", "a@example.org")),
    ('"Person, A" <a@example.org>', ("Person, A", "a@example.org")),
    ("(" * 5000 + ")" * 5000 + " A <a@example.org>", ("A", "a@example.org")),
    ("A <a@example.org> " + "(" * 5000, ("A", "a@example.org")),
    ("", ("", "")),
])
def test_name_and_address(person: str, known: tuple[str, str]) -> None:
    assert address(person) == known
