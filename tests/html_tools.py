# SPDX-License-Identifier: GPL-2.0-only
"""Pages as trees, by the standard library's parser; and a driver that has one of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tools import PRELUDE

VOID = {"meta", "link", "img", "input", "br", "hr", "base", "source", "wbr"}
_BLOCKS = {"td", "th", "tr", "li", "div", "p", "summary"}
_TABLE = "".join(f"\t{number},\n" for number in range(20))
# Converted, bridged, kept by design and refused, in one file.
DRIVER = PRELUDE + f"static const int table[] = {{\n{_TABLE}}};\n" + """
void bridged(struct ring *ring, void *data)
{
	ring->spare = virt_to_page(data);
}

void drop(struct ring *ring, int i)
{
	page_pool_put_full_page(ring->pool, ring->buf[i].page, false);
	ring->buf[i].page = NULL;
}

/*
 * Lines
 * that
 * no
 * hunk
 * shows.
 */

void by_design(struct page_pool *pool, struct sk_buff *skb)
{
	struct page *host = page_pool_dev_alloc_pages(pool);

	memcpy(page_address(host), skb->data, 64);
}

void blocked(struct page_pool *pool)
{
	struct page *kept = page_pool_dev_alloc_pages(pool);

	foreign(kept);
}
"""
# Text of a driver that would like to be markup.
HOSTILE = """\
static const char *const words = "</script><script>alert(1)</script>";
/* </style></pre></del><img src=x onerror="alert(2)"> --> <!-- ]]> &amp; &lt; {{ 7 * 7 }} */
static const char quote = '"'; /* '" onclick="alert(3) */
"""


@dataclass(eq=False)
class Node:
    """An element; `children` are elements and text."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            if isinstance(child, Node):
                yield from child.walk()

    def all(self, tag: str, class_: str = "") -> list[Node]:
        return [one for one in self.walk() if one.tag == tag
                and (not class_ or class_ in one.attributes.get("class", "").split())]

    def one(self, tag: str, class_: str = "") -> Node:
        found = self.all(tag, class_)
        assert len(found) == 1, (tag, class_, len(found))
        return found[0]

    def id(self, name: str) -> Node:
        return next(one for one in self.walk() if one.attributes.get("id") == name)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    @property
    def words(self) -> str:
        """The text with single blanks, also between cells and items."""
        return " ".join("".join(self._spaced()).split())

    def _spaced(self) -> Iterator[str]:
        yield " " if self.tag in _BLOCKS else ""
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._spaced()


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "li" and self.open[-1].tag == "li":
            self.open.pop()
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"an attribute twice in {tag}: {names}"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag == "ol" and self.open[-1].tag == "li":
            self.open.pop()
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parsed(page: str) -> Node:
    """The page as a tree; fails where tags are not nested as they are opened."""
    builder = _Builder()
    builder.feed(page)
    builder.close()
    assert builder.open == [builder.root], [node.tag for node in builder.open]
    return builder.root
