# SPDX-License-Identifier: GPL-2.0-only
"""What two assemblies are compared by."""

from __future__ import annotations

from netmem_migrate.verify import code

# A string for each of two conditions of WARN(), in the table that the kernel makes of them.
TWO = """\
\t.text
f:
\tud2
\t.section\t.rodata.str1.1,"aMS",@progbits,1
.LC1:
\t.string\t"page"
.LC2:
\t.string\t"netmem"
\t.text
g:
\tmovl\t$.LC3, %edi
\t.section\t.rodata.str1.1
.LC3:
\t.string\t"said"
\t.text
\t.long .LC1 - .\t# bug_entry::format
\t.long .LC2 - .\t# bug_entry::format
"""
ONE = TWO.replace('.LC2:\n\t.string\t"netmem"\n', "").replace("LC2", "LC1")


def test_conditions_that_are_one_string_are_no_other_code() -> None:
    assert code.normal(TWO) == code.normal(ONE)


def test_a_string_that_is_used_otherwise_stays() -> None:
    used = TWO.replace("movl\t$.LC3", "movl\t$.LC1")
    assert code.normal(used) != code.normal(TWO)
    less = TWO.replace('.LC3:\n\t.string\t"said"\n', "")
    assert code.normal(less) != code.normal(TWO)


def test_a_condition_less_is_another_code() -> None:
    less = TWO.replace("\t.long .LC2 - .\t# bug_entry::format\n", "")
    assert code.normal(less) != code.normal(TWO)


def test_sections_that_hold_nothing_are_none() -> None:
    more = TWO.replace("\t.text\ng:", "\t.section\t.rodata.str1.8\n\t.text\n\t.text\ng:")
    assert code.normal(more) == code.normal(TWO)
