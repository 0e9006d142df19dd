# SPDX-License-Identifier: GPL-2.0-only
"""A pool that maps memory syncs it for the device, or does not, with the reason and the place.

The cases are in corpus/rooms/flags; here is what they do not say.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from command_tools import refused, run
from kernel_tools import make_kernel
from tools import CORPUS

from netmem_migrate.api import migrate
from netmem_migrate.model.runtime import pool
from netmem_migrate.model.runtime.orders import shown
from netmem_migrate.reasons import Why
from netmem_migrate.report import wording
from netmem_migrate.results import Migration

CASES = CORPUS / "rooms/flags"
REASONS = {
    "a-caller-gives-the-parameters": Why.FLAGS_UNKNOWN,
    "a-caller-says-what-was-touched": Why.FLAGS_PUT,
    "a-comment-names-the-flag": Why.FLAGS_ON_PURPOSE,
    "a-comment-where-the-pool-is-made": Why.FLAGS_ON_PURPOSE,
    "a-macro-gives-memory-back": Why.FLAGS_UNSEEN,
    "a-size-that-does-something": Why.FLAGS_PUT,
    "a-turn-that-takes-nothing": Why.FLAGS_FOR_DEVICE,
    "an-address-that-nobody-knows-is-synced": Why.FLAGS_FOR_DEVICE,
    "an-offset-before-all-of-it": Why.FLAGS_OFFSET,
    "an-order-that-is-asked-for": Why.FLAGS_SET,
    "another-buffer-by-the-same-name": Why.FLAGS_FOR_DEVICE,
    "flags-from-a-caller": Why.FLAGS_UNKNOWN,
    "flags-from-a-macro": Why.FLAGS_UNKNOWN,
    "flags-that-are-added-to": Why.FLAGS_UNKNOWN,
    "flags-under-a-condition": Why.FLAGS_UNKNOWN,
    "it-is-synced-both-ways": Why.FLAGS_FOR_DEVICE,
    "it-is-synced-by-an-address-that-is-kept": Why.FLAGS_FOR_DEVICE,
    "it-is-synced-for-another-device": Why.FLAGS_FOR_DEVICE,
    "it-is-synced-under-a-test": Why.FLAGS_FOR_DEVICE,
    "max-len-of-its-own": Why.FLAGS_SET,
    "memory-goes-back-to-one-of-two-pools": Why.FLAGS_PUT,
    "memory-is-taken-from-one-of-two-pools": Why.FLAGS_POOL,
    "memory-that-may-be-the-pool-s-is-mapped": Why.FLAGS_MAPPED,
    "no-dma-address-is-asked-for": Why.FLAGS_NO_ADDRESS,
    "nothing-is-synced-for-the-cpu": Why.FLAGS_NO_SYNC,
    "somebody-has-it-before-it-is-synced": Why.FLAGS_FOR_DEVICE,
    "the-cpu-writes-before-it-is-synced": Why.FLAGS_FOR_DEVICE,
    "the-driver-maps-memory-itself": Why.FLAGS_MAPPED,
    "the-pool-has-no-flags": Why.FLAGS_NO_MAP,
    "the-pool-maps-nothing": Why.FLAGS_NO_MAP,
    "what-the-ring-kept-is-synced-too": Why.FLAGS_FOR_DEVICE,
}
KINDS = {
    "a-refill-syncs-what-it-took": "moved", "nothing-syncs-for-the-device": "flag",
    "only-a-put-says-less": "puts", "buffers-share-a-page": "moved",
    "the-ring-keeps-a-part": "flag-kept", "memory-stays-in-its-place": "flag-kept",
}


def text_of(case: str) -> str:
    return (CASES / case / "before.c").read_text()


PLAIN = text_of("a-refill-syncs-what-it-took")


def flagged(tmp_path: Path, text: str, **options: object) -> Migration:
    file = tmp_path / "d.c"
    file.write_text(text)
    whole = migrate([file], api="7.3", wanted=("flags",), **options)
    assert not whole.stopped
    return whole.drivers[0]


def after(migration: Migration) -> str:
    (step,) = (one for one in migration.steps if one.room is not None)
    return step.changes[0].after.decode()


def test_without_it_nothing_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    (one,) = migrate([file], api="7.3").drivers
    assert len(one.steps) == 1 and not one.report.behind and not one.report.undone


def test_every_refused_case_has_its_reason() -> None:
    refused_ = {path.name for path in CASES.iterdir() if not (path / "after.c").exists()}
    assert refused_ == set(REASONS)
    words = {one for one in Why if one.value.startswith("flags-")} - {
        Why.FLAGS_LACKING, Why.FLAGS_PART, Why.FLAGS_STAYS, Why.FLAGS_TOUCHED, Why.FLAGS_STALE}
    assert set(REASONS.values()) == words - {Why.FLAGS_MODEL}


@pytest.mark.parametrize("case", REASONS)
def test_refused_for_the_reason_of_its_case(case: str, tmp_path: Path) -> None:
    migration = flagged(tmp_path, text_of(case))
    (why,) = migration.report.undone
    assert why.why is REASONS[case] and why.slot == "demo_create()"
    assert not any(one.room is not None for one in migration.steps)


@pytest.mark.parametrize("case", KINDS)
def test_the_message_is_of_what_was_done(case: str, tmp_path: Path) -> None:
    (room,) = flagged(tmp_path, text_of(case)).report.behind
    assert room.kind == KINDS[case]


def test_what_stays_unsynced_is_named_with_its_place(tmp_path: Path) -> None:
    for case, word in (("the-ring-keeps-a-part", "page_pool_ref_netmem"),
                       ("memory-stays-in-its-place", "page_pool_dma_sync_netmem_for_cpu")):
        migration = flagged(tmp_path, text_of(case))
        step = next(one for one in migration.steps if one.room is not None)
        assert step.room is not None
        said = wording.text(step.room.reason)
        lines = step.changes[0].before.decode().splitlines()
        (line,) = (number for number, one in enumerate(lines, 1) if word in one)
        assert f"d.c:{line})" in said and "before or after" in said


WRITES = {
    "behind the driver's own sync": PLAIN.replace(
        "\t*desc = cpu_to_le64(dma);", "\tmemset(page_address(buf->page), 0, 64);\n"
        "\t*desc = cpu_to_le64(dma);"),
    "with no sync": text_of("nothing-syncs-for-the-device").replace(
        "\t*desc = cpu_to_le64(dma);", "\tmemset(page_address(buf->page), 0, 64);\n"
        "\t*desc = cpu_to_le64(dma);"),
}


@pytest.mark.parametrize("name", WRITES)
def test_what_the_cpu_writes_at_the_refill_is_named(name: str, tmp_path: Path) -> None:
    migration = flagged(tmp_path, WRITES[name])
    (step,) = (one for one in migration.steps if one.room is not None)
    assert step.room is not None and step.room.kind.endswith("-kept")
    said = wording.text(step.room.reason)
    lines = step.changes[0].before.decode().splitlines()
    (at,) = (number for number, one in enumerate(lines, 1) if "memset" in one)
    assert f"before the device has it (d.c:{at})" in said


def test_memory_that_its_place_keeps_is_named(tmp_path: Path) -> None:
    ring = ("void demo_rx(struct demo_ring *ring, int i, struct sk_buff *skb, u32 len)\n{\n"
            "\tstruct demo_buf *buf = &ring->bufs[i];\n\n")
    text = PLAIN.replace("void demo_rx(struct demo_ring *ring, struct demo_buf *buf, "
                         "struct sk_buff *skb,\n\t     u32 len)\n{\n", ring)
    text = text.replace("\telse\n\t\tpage_pool_put_page(ring->pool, buf->page, 0, true);\n\tbuf",
                        "\telse {\n\t\tpage_pool_put_page(ring->pool, buf->page, 0, true);\n"
                        "\t\treturn;\n\t}\n\tbuf")
    text += ("\nint demo_refill(struct demo_ring *ring, int i, __le64 *desc)\n{\n"
             "\tstruct demo_buf *buf = &ring->bufs[i];\n\n\tif (!buf->page)\n"
             "\t\treturn demo_fill(ring, buf, desc);\n\treturn 0;\n}\n")
    migration = flagged(tmp_path, text)
    (step,) = (one for one in migration.steps if one.room is not None)
    assert step.room is not None
    said = wording.text(step.room.reason)
    lines = step.changes[0].before.decode().splitlines()
    at = next(number for number, one in enumerate(lines, 1)
              if "put_netmem(ring->pool, buf->" in one)
    assert f"while its place keeps it (d.c:{at})" in said


def test_a_pool_with_both_flags_is_left_alone(tmp_path: Path) -> None:
    text = PLAIN.replace("PP_FLAG_DMA_MAP", "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV")
    migration = flagged(tmp_path, text)
    assert not migration.report.behind and not migration.report.undone


def test_flags_that_are_there_together_or_not_at_all_are_left_alone(tmp_path: Path) -> None:
    text = text_of("flags-that-are-added-to").replace(
        "\t\t.flags = PP_FLAG_DMA_MAP,\n", "").replace(
        "|= PP_FLAG_DMA_MAP", "|= PP_FLAG_DMA_SYNC_DEV | PP_FLAG_DMA_MAP")
    migration = flagged(tmp_path, text)
    assert not migration.report.behind and not migration.report.undone


@pytest.mark.parametrize("case", ["a-refill-syncs-what-it-took", "buffers-share-a-page"])
def test_calls_that_stayed_pages_are_done_as_well(case: str, tmp_path: Path) -> None:
    migration = flagged(tmp_path, text_of(case), keep=("demo_buf.page",))
    found = after(migration)
    assert "page_pool_put_page(ring->pool, buf->page, -1, true)" in found
    assert "for_device" not in found and ".max_len = PAGE_SIZE" in found


def test_a_driver_on_netmem_gets_that_patch_alone(tmp_path: Path) -> None:
    text = PLAIN.replace("struct page *page;", "netmem_ref netmem;").replace(
        "buf->page", "buf->netmem").replace("NULL", "0").replace(
        "page_pool_dev_alloc_pages", "page_pool_dev_alloc_netmems").replace(
        "page_pool_get_dma_addr(", "page_pool_get_dma_addr_netmem(").replace(
        "page_pool_dma_sync_for_cpu(", "page_pool_dma_sync_netmem_for_cpu(").replace(
        "skb_add_rx_frag(", "skb_add_rx_frag_netmem(").replace(
        "page_pool_put_page(", "page_pool_put_netmem(").replace("put_full_page", "put_full_netmem")
    migration = flagged(tmp_path, text)
    (step,) = migration.steps
    assert step.room is not None and step.room.step == "flags"
    assert "buf->netmem, -1, true" in after(migration)


def test_the_flag_is_written_below_where_it_does_not_fit(tmp_path: Path) -> None:
    text = PLAIN.replace(".flags = PP_FLAG_DMA_MAP,",
                         ".flags = PP_FLAG_DMA_MAP | PP_FLAG_ALLOW_UNREADABLE_NETMEM,")
    assert ("\t\t.flags = PP_FLAG_DMA_MAP | PP_FLAG_ALLOW_UNREADABLE_NETMEM |\n"
            "\t\t\t PP_FLAG_DMA_SYNC_DEV,\n") in after(flagged(tmp_path, text))


def test_the_sync_of_a_local_that_is_used_elsewhere_leaves_it(tmp_path: Path) -> None:
    text = text_of("buffers-share-a-page").replace(
        "\t*desc = cpu_to_le64(dma);", "\tif (!dev)\n\t\treturn -ENOMEM;\n"
        "\t*desc = cpu_to_le64(dma);")
    assert "struct device *dev = ring->dev;" in after(flagged(tmp_path, text))


def test_a_sync_for_the_device_of_its_own_mapping_is_left_alone(tmp_path: Path) -> None:
    text = PLAIN + (
        "\nvoid demo_copy(struct demo_ring *ring, void *data)\n{\n"
        "\tdma_addr_t own = dma_map_single(ring->dev, data, 64, DMA_FROM_DEVICE);\n\n"
        "\tdma_sync_single_for_device(ring->dev, own, 64, DMA_FROM_DEVICE);\n}\n")
    found = after(flagged(tmp_path, text))
    assert "dma_sync_single_for_device(ring->dev, own, 64, DMA_FROM_DEVICE);" in found
    assert found.count("for_device") == 1


MORE = {
    "the pool's device is another": (".dev = ring->dev,", ".dev = demo_parent(ring),",
                                     Why.FLAGS_FOR_DEVICE),
    "taken by another function": ("page_pool_dev_alloc_pages(ring->pool)", "demo_take(ring)",
                                  Why.FLAGS_FOR_DEVICE),
    "a reference of the page itself": ("\tbuf->page = NULL;\n}\n\nvoid demo_free",
                                       "\tget_page(buf->page);\n}\n\nvoid demo_free", None),
    "an offset that is a name": (".dma_dir = DMA_FROM_DEVICE,",
                                 ".dma_dir = DMA_FROM_DEVICE,\n\t\t.offset = DEMO_PAD,",
                                 Why.FLAGS_OFFSET),
    "max_len in numbers": (".dma_dir = DMA_FROM_DEVICE,",
                           ".dma_dir = DMA_FROM_DEVICE,\n\t\t.max_len = 4096,", Why.FLAGS_SET),
    "a raw sync that may be of the pool's": (
        "\tbuf->page = NULL;\n}\n\nvoid demo_free",
        "\tbuf->page = NULL;\n}\n\nvoid demo_look(struct demo_ring *ring, dma_addr_t dma)\n{\n"
        "\tdma_sync_single_for_cpu(ring->dev, dma, 64, DMA_FROM_DEVICE);\n}\n\nvoid demo_free",
        Why.FLAGS_NO_SYNC),
}


@pytest.mark.parametrize("name", MORE)
def test_more_that_is_refused_or_named(name: str, tmp_path: Path) -> None:
    old, new, why = MORE[name]
    text = PLAIN.replace(old, new)
    assert text != PLAIN
    migration = flagged(tmp_path, text)
    if why is None:
        (room,) = migration.report.behind
        assert room.reason.because is not None and room.reason.because.why is Why.FLAGS_PART
    else:
        assert [one.why for one in migration.report.undone] == [why]


def test_what_the_model_does_not_show_is_not_done(tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that syncs nothing when memory comes back: the step would lose the driver's sync."""
    monkeypatch.setattr(pool.PagePool, "_sync_for_device", lambda *_: None)
    shown.cache_clear()
    try:
        migration = flagged(tmp_path, PLAIN)
    finally:
        shown.cache_clear()
    (why,) = migration.report.undone
    assert why.why is Why.FLAGS_MODEL and "the device writes bytes" in wording.undone(why)
    assert len(migration.steps) == 1


def test_a_comment_that_names_the_flag_is_quoted(tmp_path: Path) -> None:
    (why,) = flagged(tmp_path, text_of("a-comment-names-the-flag")).report.undone
    assert '"Each buffer is synced alone, PP_FLAG_DMA_SYNC_DEV would sync all of it."' \
        in wording.undone(why)


def test_both_steps_are_two_patches(tmp_path: Path) -> None:
    text = (CORPUS / "rooms/sync/the-pool-s-offset-is-added-once/before.c").read_text().replace(
        "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV", "PP_FLAG_DMA_MAP").replace(
        "\tparams.offset = DEMO_PAD;\n", "")
    file = tmp_path / "d.c"
    file.write_text(text)
    (one,) = migrate([file], api="7.3", wanted=("flags", "sync")).drivers
    assert [step.room.step for step in one.steps if step.room is not None] == ["sync", "flags"]


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_refused_without_a_kernel_that_can_prove_it(command: str, tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    refused(run(command, "--with", "flags", str(file)), "cannot be proven")
    assert file.read_text() == PLAIN


def test_refused_in_a_tree_that_is_not_prepared(tmp_path: Path) -> None:
    root = make_kernel(tmp_path / "linux")
    (root / ".config").unlink()
    refused(run("diff", "--with", "flags", str(root / "drivers/net/demo")),
            "not prepared for compiling")
