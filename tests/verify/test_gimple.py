# SPDX-License-Identifier: GPL-2.0-only
"""The graph that gcc prints, as it is read, and what is found in it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from netmem_migrate.verify import late
from netmem_migrate.verify.gimple import Graph, Graphs, split
from netmem_migrate.verify.unit import Unit

HEAD = """\
typedef unsigned long long dma_addr_t;
typedef unsigned int u32;
struct frag { unsigned long netmem; };
struct slot { dma_addr_t netmem_probe_dma; u32 len; };
struct ring { struct slot *slots; u32 next; dma_addr_t other; };
dma_addr_t netmem_sees_map(const void *frag, const void *dev, ...);
int netmem_sees_error(dma_addr_t addr, const void *dev);
void netmem_sees_set(unsigned long netmem, const volatile void *slot, dma_addr_t addr);
void netmem_sees_unmap(dma_addr_t addr, const void *dev, ...);
void netmem_sees_raw(dma_addr_t addr, const void *dev, ...);
void netmem_sees_single(dma_addr_t addr, const void *dev, ...);
unsigned long netmem_sees_netmem(const void *frag);
void use(dma_addr_t addr, ...);
void touch(void *what);
#define likely(x) __builtin_expect(!!(x), 1)
#define SET(f, s) netmem_sees_set(netmem_sees_netmem(f), &(s)->netmem_probe_dma, \\
				  (s)->netmem_probe_dma)
"""


def graphs(tmp_path: Path, text: str) -> str:
    """What gcc prints of a text."""
    source = tmp_path / "one.c"
    source.write_text(HEAD + text)
    return subprocess.run(
        ["gcc", "-O2", "-w", "-S", "-o", "/dev/null", "-fdump-tree-ssa-lineno-blocks=stdout",
         source.name], cwd=tmp_path, check=True, capture_output=True, text=True).stdout


def graph(tmp_path: Path, text: str, name: str) -> Graph:
    found = Graphs(graphs(tmp_path, text)).get(name)
    assert found is not None
    return found


def faults(tmp_path: Path, text: str, own: frozenset[str] = frozenset()) -> list[str]:
    """What is found, by its condition and the words of the marked line."""
    lines = (HEAD + text).splitlines()
    found = late.faults(Unit(graphs(tmp_path, text), "netmem_probe_dma"), own)
    return [f"{one[:2]} {lines[int(one.partition('one.c:')[2].split()[0].strip(',')) - 1].strip()}"
            for one in found]


def test_blocks_are_joined_by_their_edges(tmp_path: Path) -> None:
    one = graph(tmp_path, """
int f(int a, int *b)
{
	int sum = 0;

	while (a > 0) {
		if (likely(*b))
			sum += *b;
		a--;
	}
	return sum;
}
""", "f")
    assert one.parameters == ("a", "b")
    reached, todo = set(), [next(iter(one.blocks))]
    while todo:
        number = todo.pop()
        if number not in reached:
            reached.add(number)
            todo += one.blocks[number].successors
    assert reached == set(one.blocks)
    tests = [block for block in one.blocks.values() if block.sides is not None]
    assert len(tests) == 2 and all(set(block.successors) == set(block.sides or ())
                                   for block in tests)
    assert [one_.kind for one_ in one.statements].count("return") == 1
    joined = [one_ for one_ in one.statements if one_.kind == "phi"]
    assert joined and all(len(one_.sources) == len(one_.before) for one_ in joined)


def test_statements_have_their_lines(tmp_path: Path) -> None:
    text = "\nvoid f(struct slot *s)\n{\n\ts->len = 1;\n\tuse(\n\t\ts->netmem_probe_dma);\n}\n"
    one = graph(tmp_path, text, "f")
    line = HEAD.count("\n") + 4
    assert [(each.kind, each.line - line) for each in one.statements if each.text != "return;"] == [
        ("set", 0), ("set", 1), ("call", 1)] or [
        each.kind for each in one.statements][:3] == ["set", "set", "call"]


def test_arguments_are_split_at_their_commas() -> None:
    assert split('a, f (b, c), "x, \\"y", &d[1, 2]') == ("a", "f (b, c)", '"x, \\"y"', "&d[1, 2]")
    assert split("") == ()


def test_nothing_is_read_of_no_graph() -> None:
    assert not Graphs("") and Graphs("").get("f") is None


GOOD = {
    "a set behind the use": """
	s->netmem_probe_dma = netmem_sees_map(f, s);
	if (netmem_sees_error(s->netmem_probe_dma, s))
		return -1;
	use(s->netmem_probe_dma);
	SET(f, s);
	return 0;
""",
    "a map that failed is not kept": """
	dma_addr_t dma = netmem_sees_map(f, s);

	if (!likely(!netmem_sees_error(dma, s)))
		return -1;
	s->netmem_probe_dma = dma;
	SET(f, s);
	return 0;
""",
    "each frag has its set": """
	int i;

	for (i = 0; i < n; i++, s++) {
		const struct frag *one = &f[i];

		s->netmem_probe_dma = netmem_sees_map(one, s);
		use(s->netmem_probe_dma);
		SET(one, s);
	}
	return 0;
""",
    "a local that others may set is the same until then": """
	u32 at = 0;

	touch(&at);
	s[at].netmem_probe_dma = netmem_sees_map(f, s);
	SET(f, &s[at]);
	return 0;
""",
    "the slot is found through memory": """
	struct ring *ring = (struct ring *)s;

	ring->slots[ring->next].netmem_probe_dma = netmem_sees_map(f, s);
	touch(ring);
	SET(f, &ring->slots[ring->next]);
	return 0;
""",
    "what is mapped is for nothing else": """
	struct ring *ring = (struct ring *)s;

	ring->other = netmem_sees_map(f, s);
	return 0;
""",
}
BAD = {
    "no set": ("""
	s->netmem_probe_dma = netmem_sees_map(f, s); /* here */
	return 0;
""", "T2"),
    "no set on one path": ("""
	s->netmem_probe_dma = netmem_sees_map(f, s); /* here */
	if (n > 3)
		return 1;
	SET(f, s);
	return 0;
""", "T2"),
    "no set before the next frag": ("""
	int i;

	for (i = 0; i < n; i++)
		s[i].netmem_probe_dma = netmem_sees_map(&f[i], s); /* here */
	SET(f, s);
	return 0;
""", "T2"),
    "a set before the address is kept": ("""
	dma_addr_t dma = netmem_sees_map(f, s); /* here */

	SET(f, s);
	s->netmem_probe_dma = dma;
	return 0;
""", "T2"),
    "kept again behind the set": ("""
	dma_addr_t dma = netmem_sees_map(f, s); /* here */

	s->netmem_probe_dma = dma;
	SET(f, s);
	s->netmem_probe_dma = dma;
	return 0;
""", "T2"),
    "another error is asked for": ("""
	dma_addr_t dma = netmem_sees_map(f, s); /* here */

	s->netmem_probe_dma = dma;
	if (netmem_sees_error(s[1].netmem_probe_dma, s))
		return -1;
	SET(f, s);
	return 0;
""", "T2"),
    "a frag of another turn": ("""
	dma_addr_t dma = netmem_sees_map(f, s);
	int i;

	for (i = 0; i < n; i++) {
		s->netmem_probe_dma = dma;
		SET(f, s); /* here */
		s++;
		f++;
		dma = netmem_sees_map(f, s);
	}
	return 0;
""", "T2"),
    "the slot moved": ("""
	s->netmem_probe_dma = netmem_sees_map(f, s);
	s++;
	SET(f, s); /* here */
	return 0;
""", "T2"),
    "a local that others may have set": ("""
	u32 at = 0;

	touch(&at);
	s[at].netmem_probe_dma = netmem_sees_map(f, s);
	touch(s);
	SET(f, &s[at]); /* here */
	return 0;
""", "T2"),
    "the slot is found through what was set": ("""
	struct ring *ring = (struct ring *)s;

	ring->slots[ring->next].netmem_probe_dma = netmem_sees_map(f, s);
	ring->next++;
	SET(f, &ring->slots[ring->next]); /* here */
	return 0;
""", "T2"),
    "no netmem of a frag": ("""
	s->netmem_probe_dma = netmem_sees_map(f, s);
	netmem_sees_set(f->netmem, &s->netmem_probe_dma, s->netmem_probe_dma); /* here */
	return 0;
""", "T2"),
    "a use behind the set": ("""
	s->netmem_probe_dma = netmem_sees_map(f, s);
	SET(f, s);
	use(s->netmem_probe_dma); /* here */
	return 0;
""", "T1"),
    "a use of another slot": ("""
	s->netmem_probe_dma = netmem_sees_map(f, s);
	use(s[1].netmem_probe_dma); /* here */
	SET(f, s);
	return 0;
""", "T1"),
    "a use in another turn": ("""
	int i;

	for (i = 0; i < n; i++) {
		use(s->netmem_probe_dma); /* here */
		s->netmem_probe_dma = netmem_sees_map(&f[i], s);
		SET(&f[i], s);
	}
	return 0;
""", "T1"),
    "a copy of what was set": ("""
	s[1].netmem_probe_dma = s->netmem_probe_dma; /* here */
	return 0;
""", "T1"),
    "the answer of a test is kept": ("""
	return s->netmem_probe_dma != 0; /* here */
""", "T1"),
    "its own address": ("""
	touch(&s->netmem_probe_dma); /* here */
	return 0;
""", "T1"),
    "a raw unmap": ("""
	netmem_sees_raw(s->netmem_probe_dma, s); /* here */
	return 0;
""", "T3"),
    "a raw unmap through a local": ("""
	dma_addr_t dma = s->netmem_probe_dma;

	if (dma)
		netmem_sees_raw(dma, s); /* here */
	return 0;
""", "T3"),
    "a raw unmap of what was mapped": ("""
	dma_addr_t dma = netmem_sees_map(f, s);

	if (n) {
		netmem_sees_raw(dma, s); /* here */
		return -1;
	}
	s->netmem_probe_dma = dma;
	SET(f, s);
	return 0;
""", "T3"),
    "what is kept is from what is not read": ("""
	dma_addr_t dma = 0;

	touch(&dma);
	s->netmem_probe_dma = dma; /* here */
	return 0;
""", "T2"),
    "what was mapped goes to what is not read": ("""
	use(netmem_sees_map(f, s)); /* here */
	return 0;
""", "T2"),
}


def function(body: str) -> str:
    return f"\nint f(struct slot *s, const struct frag *f, int n)\n{{{body}}}\n"


@pytest.mark.parametrize("name", GOOD)
def test_nothing_is_found(name: str, tmp_path: Path) -> None:
    assert faults(tmp_path, function(GOOD[name])) == []


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_hold_is_found(name: str, tmp_path: Path) -> None:
    body, condition = BAD[name]
    found = faults(tmp_path, function(body))
    assert any(one.startswith(condition) and "/* here */" in one for one in found), found


STORE = """
static __attribute__((noinline)) void keep(struct slot *s, int i, dma_addr_t dma)
{
	s[i].netmem_probe_dma = dma;
	s[i].len = 1;
}
"""


def test_a_function_that_keeps_is_followed(tmp_path: Path) -> None:
    body = "\n\tdma_addr_t dma = netmem_sees_map(f, s); /* here */\n\n\tkeep(s, n, dma);\n%s"
    late_ = body % "\tSET(f, &s[n]);\n\treturn 0;\n"
    assert faults(tmp_path, STORE + function(late_)) == []
    other = body % "\tSET(f, &s[n + 1]);\n\treturn 0;\n"
    assert faults(tmp_path, STORE + function(other))[0].startswith("T2")
    none = body % "\treturn 0;\n"
    assert faults(tmp_path, STORE + function(none)) == [
        "T2 dma_addr_t dma = netmem_sees_map(f, s); /* here */"]


MAP = """
%sdma_addr_t map(const struct frag *f, void *dev)
{
	return netmem_sees_map(f, dev); /* mapped */
}
"""


def test_a_function_that_maps_is_followed(tmp_path: Path) -> None:
    text = MAP % "static __attribute__((noinline)) "
    own = frozenset(("map",))
    good = "\n\ts->netmem_probe_dma = map(f, s);\n\tSET(f, s);\n\treturn 0;\n"
    assert faults(tmp_path, text + function(good), own) == []
    bad = good.replace("SET(f, s)", "SET(f + 1, s)")
    assert any(one.startswith("T2") for one in faults(tmp_path, text + function(bad), own))
    assert faults(tmp_path, text.replace("static ", "") + function(good)) == [
        "T2 return netmem_sees_map(f, dev); /* mapped */"]


UNMAP = """
static __attribute__((noinline)) void unmap(dma_addr_t dma, int page)
{
	if (page)
		%s(dma, 0); /* unmapped */
	else
		netmem_sees_single(dma, 0);
}
"""


def test_a_function_that_unmaps_is_followed(tmp_path: Path) -> None:
    body = function("\n\tunmap(s->netmem_probe_dma, n);\n\treturn 0;\n")
    assert faults(tmp_path, UNMAP % "netmem_sees_unmap" + body) == []
    assert faults(tmp_path, UNMAP % "netmem_sees_raw" + body) == [
        "T3 netmem_sees_raw(dma, 0); /* unmapped */"]
    assert faults(tmp_path, UNMAP % "use" + body) == ["T1 unmap(s->netmem_probe_dma, n);"]
