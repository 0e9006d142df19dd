# SPDX-License-Identifier: GPL-2.0-only
"""Modules of our own, outside of a real tree: converted, and proven there by kbuild's `M=`.

    run_modules.py [VERSION|TREE]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from click.testing import CliRunner
from run import IDENTITY, tree_of

from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode

HEADER = """\
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef OWN_RX_H
#define OWN_RX_H

#include <linux/netdevice.h>
#include <net/page_pool/helpers.h>

struct own_slot {
	struct page *page;
	dma_addr_t dma;
};

int own_fill(struct page_pool *pool, struct own_slot *slot);
void own_take(struct page_pool *pool, struct own_slot *slot, struct sk_buff *skb, int len);

#endif
"""
RX = """\
// SPDX-License-Identifier: GPL-2.0-only
#include "own_rx.h"

int own_fill(struct page_pool *pool, struct own_slot *slot)
{
	slot->page = page_pool_alloc_pages(pool, GFP_ATOMIC | __GFP_NOWARN);
	if (!slot->page)
		return -ENOMEM;

	slot->dma = page_pool_get_dma_addr(slot->page);
	return 0;
}

void own_take(struct page_pool *pool, struct own_slot *slot, struct sk_buff *skb, int len)
{
	int nr = skb_shinfo(skb)->nr_frags;

	if (len < ETH_ZLEN) {
		page_pool_put_full_page(pool, slot->page, true);
		slot->page = NULL;
		return;
	}
	skb_add_rx_frag(skb, nr, slot->page, 0, len, PAGE_SIZE);
	slot->page = NULL;
}
"""
MAIN = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>
#include "own_rx.h"

static int __init own_init(void)
{
	return sizeof(struct own_slot) ? 0 : -EINVAL;
}
module_init(own_init);
MODULE_DESCRIPTION("A module of our own");
MODULE_LICENSE("GPL");
"""
BOTH = MAIN.replace('#include "own_rx.h"\n', HEADER[HEADER.index("#include"):HEADER.index(
    "#endif")] + RX[RX.index("int own_fill"):])
WRAPPED = ("ifneq ($(KERNELRELEASE),)\nobj-m := own.o\nown-y := main.o rx.o\nelse\n"
           "all:\n\t$(MAKE) -C /lib/modules/none/build M=$(CURDIR)\nendif\n")
LAYOUTS: dict[str, dict[str, str]] = {
    "one file": {"Makefile": "obj-m := own.o\n", "own.c": BOTH},
    "composite": {"Makefile": WRAPPED, "main.c": MAIN, "rx.c": RX, "own_rx.h": HEADER},
    "Kbuild": {"Makefile": "all:\n\tfalse\n", "Kbuild": WRAPPED, "main.c": MAIN, "rx.c": RX,
               "own_rx.h": HEADER},
    "include folder": {"Makefile": WRAPPED + "ccflags-y += -I$(src)/include\n", "main.c": MAIN,
                       "rx.c": RX, "include/own_rx.h": HEADER},
    "option unset": {"Makefile": "obj-$(CONFIG_OWN_RX) := own.o\nown-y := main.o rx.o\n",
                     "main.c": MAIN, "rx.c": RX, "own_rx.h": HEADER},
    "source below": {"Makefile": WRAPPED.replace("rx.o", "hw/rx.o"), "main.c": MAIN.replace(
        '"own', '"hw/own'), "hw/rx.c": RX, "hw/own_rx.h": HEADER},
    "two modules": {"Makefile": "obj-m := own.o other.o\nown-y := main.o rx.o\n", "main.c": MAIN,
                    "rx.c": RX, "other.c": MAIN.replace("own_init", "other_init"),
                    "own_rx.h": HEADER},
}
FAULTY = "include folder"
FAULTS: dict[str, tuple[str, str]] = {
    "wrong value": ("+\tslot->netmem = 0;", "+\tslot->netmem = 2;"),
    "wrong order": ("slot->netmem, 0, len", "slot->netmem, len, 0"),
    "wrong test": ("+\tif (!slot->netmem)", "+\tif (slot->netmem)"),
}


def proven(root: Path, module: Path, name: str) -> list[str]:
    """What is wrong with the proof of one module, and of the same with faults put in."""
    for path, text in LAYOUTS[name].items():
        (module / path).parent.mkdir(parents=True, exist_ok=True)
        (module / path).write_text(text)
    wrong = _run(["format-patch", "--heads", str(module), "-o", f"{module}-out",
                  "--kernel", str(root)], 0)
    patches = sorted(Path(f"{module}-out").glob("*.patch"))
    if wrong or len(patches) != 1:
        return wrong or [f"{len(patches)} patches"]
    words = ["verify", str(patches[0]), "--kernel", str(root), "-M", str(module)]
    wrong = _run(words, 0)
    good = patches[0].read_text()
    for fault, (old, new) in FAULTS.items() if name == FAULTY else ():
        wrong += [] if old in good else [f"{fault}: cannot be put in"]
        patches[0].write_text(good.replace(old, new, 1))
        wrong += [f"{fault}: {text}" for text in _run(words, ExitCode.VERIFY)]
    return wrong


def _run(words: list[str], code: int) -> list[str]:
    done = CliRunner().invoke(cli, words)
    return [] if done.exit_code == code else [
        f"exit code {done.exit_code} of {words[0]}: {done.exception or done.output}"]


def main() -> int:
    os.environ.update(IDENTITY)
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    failed = 0
    for name in LAYOUTS:
        with tempfile.TemporaryDirectory() as folder:
            wrong = proven(root, Path(folder).resolve() / "own", name)
        failed += bool(wrong)
        good = f"proven, and {len(FAULTS)} faults caught" if name == FAULTY else "proven"
        print(f"{name}: {'FAILED: ' + '; '.join(wrong) if wrong else good}", flush=True)
    print(f"{len(LAYOUTS) - failed} passed, {failed} failed: modules outside of {root}, "
          f"{time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
