# SPDX-License-Identifier: GPL-2.0-only
"""The shape of what is written: 80 columns, continuation lines, the order of declarations."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tools import MOVED, PRELUDE, check_transformed, compiles, convert

from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.convert.layout import rewrite
from netmem_migrate.convert.text import columns
from netmem_migrate.results import Edit


def body(tmp_path: Path, source: str) -> str:
    """What becomes of source behind the prelude."""
    tmp_path.mkdir(exist_ok=True)
    _, after = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    text = after["d.c"].decode()
    assert text.startswith(MOVED)
    return text[len(MOVED):]


def test_continuation_lines_follow_their_parenthesis(tmp_path: Path) -> None:
    check_transformed(tmp_path, """\
void t(struct ring *ring)
{
	page_pool_put_page(ring->pool,
			   ring->spare,
			   min(ring->buf[0].offset,
			       ring->buf[1].offset),
			   false);
}
""", """\
void t(struct ring *ring)
{
	page_pool_put_netmem(ring->pool,
			     ring->spare,
			     min(ring->buf[0].offset,
				 ring->buf[1].offset),
			     false);
}
""")


def test_continuation_that_was_not_aligned_stays(tmp_path: Path) -> None:
    check_transformed(tmp_path, """\
void t(struct ring *ring)
{
	page_pool_put_page(ring->pool,
		ring->spare, 1, false);
}
""", """\
void t(struct ring *ring)
{
	page_pool_put_netmem(ring->pool,
		ring->spare, 1, false);
}
""")


def test_long_line_is_broken_after_an_argument(tmp_path: Path) -> None:
    check_transformed(tmp_path, """\
void t(struct ring *ring_of_the_queue, int budget)
{
	page_pool_put_page(ring_of_the_queue->pool, ring_of_the_queue->spare, 1, 0);
}
""", """\
void t(struct ring *ring_of_the_queue, int budget)
{
	page_pool_put_netmem(ring_of_the_queue->pool, ring_of_the_queue->spare,
			     1, 0);
}
""")


def test_rest_of_a_broken_line_never_joins_a_comment(tmp_path: Path) -> None:
    source = """\
void t(struct ring *ring_of_the_queue)
{
	page_pool_put_page(ring_of_the_queue->pool, ring_of_the_queue->spare, // one,
			   1,
			   false);
}
"""
    lines = body(tmp_path, source).split("\n")
    assert [line.strip() for line in lines if "// one," not in line][-4:] == [
        "1,", "false);", "}", ""]


def test_line_that_was_long_and_is_not_touched_stays(tmp_path: Path) -> None:
    long = "\tint number_of_the_things = " + " + ".join(["one_of_the_things"] * 5) + ";\n"
    source = ("int one_of_the_things;\n\nint t(struct rx_buf *buf)\n{\n" + long
              + "\n\treturn buf->page ? number_of_the_things : 0;\n}\n")
    assert long in body(tmp_path, source)


TREE = """\
void t(struct ring *ring, u32 *cursor)
{
	struct page *p = %s;
	%s

	ring->spare = p;
	ring->buf[0].offset = ix;
}
"""


def test_declarations_stay_in_order(tmp_path: Path) -> None:
    check_transformed(
        tmp_path, TREE % ("ring->spare", "u32 ix = 100 + 20000 + 3;"),
        "void t(struct ring *ring, u32 *cursor)\n{\n\tnetmem_ref p = ring->spare;\n"
        "\tu32 ix = 100 + 20000 + 3;\n\n\tring->spare = p;\n\tring->buf[0].offset = ix;\n}\n")
    source = TREE % ("ring->spare", "u32 ix = 100 + 20000 + 34;")
    (tmp_path / "2").mkdir()
    after = body(tmp_path / "2", source)
    lengths = [len(line) for line in after.split("\n")[2:4]]
    assert lengths == sorted(lengths, reverse=True)


def test_declarations_that_were_in_no_order_are_not_sorted(tmp_path: Path) -> None:
    source = TREE % ("ring->spare", "u32 ix = 100 + 20000 + 3000 + 4000;")
    after = body(tmp_path, source)
    assert after == source.replace("struct page *p", "netmem_ref p")


def test_order_gives_way_to_a_dependency(tmp_path: Path) -> None:
    source = TREE % ("ring->spare", "u32 ix = sizeof(p) + 100;")
    assert body(tmp_path, source) == source.replace("struct page *p", "netmem_ref p")


def test_order_of_calls_never_changes(tmp_path: Path) -> None:
    source = """\
static struct page *take(struct ring *ring)
{
	return ring->spare;
}

u32 step(struct ring *ring);

void t(struct ring *ring)
{
	struct page *p = take(ring);
	u32 ix = step(ring) + 1234;

	ring->spare = p;
	ring->buf[0].offset = ix;
}
"""
    after = body(tmp_path, source)
    assert after.index("= take(ring)") < after.index("= step(ring)")


# One line of a little C, and what may stand in for its words.
WORDS = st.sampled_from(["a", "buf->page", "page_pool_put_page", "netmem", "x + y", "f(a, b)"])
LINES = st.lists(st.lists(WORDS, min_size=1, max_size=6), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(lines=LINES, data=st.data())
def test_bytes_outside_of_edits_stay(lines: list[list[str]], data: st.DataObject) -> None:
    source = b"".join(f"\tcall({', '.join(words)});\n".encode() for words in lines)
    size = len(source)
    points = sorted(data.draw(st.sets(st.integers(0, size), max_size=6)))
    edits = []
    for start, end in list(pairwise(points))[::2]:
        if b"\n" not in source[start:end] and source[start:end].replace(b"_", b"").isalnum():
            text = data.draw(st.sampled_from([b"n", b"a_longer_word", b"page_pool_alloc_netmem"]))
            edits.append(Edit("d.c", start, end, text, "test"))
    after, kept = rewrite(source, source, edits)
    assert rewrite(source, source, edits) == (after, kept)
    assert rewrite(after, after, []) == (after, [])
    plain = source
    for edit in reversed(edits):
        plain = plain[:edit.start] + edit.text + plain[edit.end:]
    # Nothing but white space is the layout's own.
    assert b"".join(after.split()) == b"".join(plain.split())
    touched = {source.count(b"\n", 0, edit.start) for edit in edits}
    new = after.split(b"\n")
    for number, line in enumerate(source.split(b"\n")):
        if number not in touched:
            assert line in new
    for line, following in pairwise(new):
        assert not (line.rstrip()[-1:].isalnum() and following.lstrip().startswith(b"("))
    for line in new:
        assert columns(line) <= 80 or line in source.split(b"\n") or b" " not in line.strip()


LONG = """\
static void t(struct ring *ring, struct sk_buff *skb)
{
	if (ring) {
		if (skb) {
			if (ring->spare) {
				skb_add_rx_frag(skb,
						%s,
						ring->spare, 0,
						64, 64);
			}
		}
	}
}
"""


@pytest.mark.parametrize(("width", "column"), [
    (80, 55),  # 87 now: there is nothing to break behind the parenthesis
    (93, 55),
    (94, 48),  # 101 is too far, so it stays where it was
    (100, 48),
    (101, 55),  # was over 100 columns
])
def test_an_argument_that_fits_nowhere_stays_in_its_call(tmp_path: Path, width: int,
                                                         column: int) -> None:
    argument = "ring->" + "a" * (width - 55)
    text = body(tmp_path, LONG % argument)
    assert "\t\t\t\tskb_add_rx_frag_netmem(skb,\n" in text
    line = next(one for one in text.split("\n") if one.endswith(f"{argument},"))
    assert columns(line.removesuffix(f"{argument},").encode()) == column
    assert "\n\t\t\t\t\t\t       ring->spare, 0,\n" in text


def test_a_call_stays_in_one_piece_if_all_fits(tmp_path: Path) -> None:
    text = body(tmp_path, LONG % "ring->frags")
    assert "\t\t\t\tskb_add_rx_frag_netmem(skb,\n\t\t\t\t\t\t       ring->frags,\n" in text


def test_a_line_is_broken_as_far_as_it_can_be_unless_it_was_too_long(tmp_path: Path) -> None:
    source = LONG.replace("(skb,\n" + "\t" * 6, "(skb, ")
    for more, text in ((0, "(skb,\n\t\t\t\t\t\t       "), (1, "(skb, ")):
        argument = "ring->" + "a" * (20 + more)
        after = body(tmp_path / str(more), source % argument)
        assert f"skb_add_rx_frag_netmem{text}{argument},\n" in after


def test_a_call_is_broken_behind_an_assignment_first(tmp_path: Path) -> None:
    offset = "ring->buf[ring->next].offset"
    text = body(tmp_path, f"""\
void t(struct ring *ring)
{{
	if (ring) {{
		if (ring->spare) {{
			ring->spare = page_pool_alloc_frag(ring->pool,
							   &{offset},
							   64, GFP_ATOMIC);
		}}
	}}
}}
""")
    assert f"""\
			ring->spare =
				page_pool_alloc_frag_netmem(ring->pool,
							    &{offset},
							    64, GFP_ATOMIC);
""" in text


COMMENTS = {
    "one-line": ("""\
	/* the skb takes all of it with it: the length, the offset, the page */
""", """\
	/* the skb takes all of it with it: the length, the offset, the
	 * netmem
	 */
"""),
    "goes-on": ("""\
	/* the skb takes all of it with it, the length, the offset, and the page
	 * is gone
	 */
""", """\
	/* the skb takes all of it with it, the length, the offset, and the
	 * netmem is gone
	 */
"""),
    "goes-on-with-no-room": ("""\
	/* the skb takes all of it with it, the length, the offset, and the page
	 * is gone, since nobody is left who would give it back or could use it
	 */
""", """\
	/* the skb takes all of it with it, the length, the offset, and the
	 * netmem
	 * is gone, since nobody is left who would give it back or could use it
	 */
"""),
    "paragraph-of-its-own": ("""\
	/* the skb takes all of it with it, the length, the offset, and the page
	 * - and
	 */
""", """\
	/* the skb takes all of it with it, the length, the offset, and the
	 * netmem
	 * - and
	 */
"""),
    "last-line": ("""\
	/* it goes:
	 * the skb takes all of it with it, the length, the offset, the page */
""", """\
	/* it goes:
	 * the skb takes all of it with it, the length, the offset, the
	 * netmem */
"""),
    "line-comment": ("""\
	// the skb takes all of it with it: the length, the offset, and the page
""", """\
	// the skb takes all of it with it: the length, the offset, and the
	// netmem
"""),
    "was-too-long": ("""\
	/* the skb takes all of it with it: the length, the offset, and then also the page */
""", """\
	/* the skb takes all of it with it: the length, the offset, and then
	 * also the netmem
	 */
"""),
    "no-longer-than-80": ("""\
	/* the skb takes all of it: the length, the offset, the page */
""", """\
	/* the skb takes all of it: the length, the offset, the netmem */
"""),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_a_comment_is_broken_between_words(name: str, tmp_path: Path) -> None:
    old, new = COMMENTS[name]
    frame = "void t(struct rx_buf *buf)\n{{\n{}\tbuf->{} = {};\n}}\n"
    assert body(tmp_path, frame.format(old, "page", "NULL")) == frame.format(new, "netmem", "0")


def test_a_long_comment_of_one_line_closes_once(tmp_path: Path) -> None:
    """Broken twice, it has its end on a line of its own, which is no text to join."""
    long = ("/* the ring keeps rx_buf.page until the frame is complete, and hands over what "
            "rx_buf.page has then; a frame that is dropped leaves rx_buf.page where it was, so "
            "that the next one can take it */\n")
    _, files = convert(tmp_path / "d", {"d.c": (long + PRELUDE).encode()})
    head = files["d.c"].decode().partition("#include")[0]
    assert head.count("/*") == head.count("*/") == 1 and head.endswith(" */\n")
    assert head.count("rx_buf.netmem") == 3 and "rx_buf.page" not in head
    told = long.replace("rx_buf.page", "rx_buf.netmem").replace("it */", "it /")
    assert head.replace("\n *", " ").split() == told.split()
    compiles(tmp_path / "gcc", files)


SAID = st.lists(st.sampled_from(["page", "a", "word", "the_name_of_it", "@page:", "-", "One."]),
                min_size=1, max_size=40).map(" ".join)
MARKED = st.sampled_from(["{0}/* {1} */\n", "{0}/* {1}\n{0} * {2}\n{0} */\n",
                          "{0}/**\n{0} * {1}\n{0} *\n{0} * {2} */\n", "{0}// {1}\n{0}// {2}\n"])


def _words(comment: bytes) -> list[bytes]:
    """What a comment says, without what marks it as one."""
    return [word for line in comment.split(b"\n")
            for word in re.sub(rb"^[ \t]*(?:/\*+|\*(?!/)|//)|\*/$", b"", line).split()]


@settings(max_examples=150, deadline=None)
@given(indent=st.sampled_from(["", "\t", "\t\t\t"]), marked=MARKED, one=SAID, two=SAID)
def test_a_comment_keeps_its_words(indent: str, marked: str, one: str, two: str) -> None:
    source = f"int a;\n{marked.format(indent, one, two)}{indent}int b;\n".encode()
    edits = [Edit("d.c", match.start(), match.end(), b"netmem", "test")
             for match in re.finditer(rb"\bpage\b", source)]
    after, _ = rewrite(source, source, edits)
    assert without_comments(after).split() == without_comments(source).split()
    assert after.startswith(b"int a;\n") and after.endswith(f"\n{indent}int b;\n".encode())
    assert _words(after) == _words(re.sub(rb"\bpage\b", b"netmem", source))
    for line in after.split(b"\n"):
        assert columns(line) <= 80 or line in source.split(b"\n")
