# SPDX-License-Identifier: GPL-2.0-only
"""Each option is said once: the command line, messages and `review` follow from that."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tools import PRELUDE

from netmem_migrate import api, options
from netmem_migrate.cli import COMMANDS, cli
from netmem_migrate.commands import _options
from netmem_migrate.convert.passes import flags
from netmem_migrate.options import Conversion
from netmem_migrate.patch.series import SeriesOptions, write_series

ACCESSED = PRELUDE + """\
void demo_show(struct rx_buf *buf)
{
	foreign(buf->page);
}
"""
FULL = Conversion(api="7.3", only=("names", "release"), skip=("nulls",), keep_names=True,
                  keep=("rx_buf.page", "ring.spare"), opted=("accessor",))


def _parsed(words: tuple[str, ...]) -> Conversion:
    """What a command's function gets for some words."""
    found: list[Conversion] = []

    @click.command()
    @_options.conversion_options
    def command(**given: object) -> None:
        found.append(_options.taken(given)[0])

    result = CliRunner().invoke(command, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return found[0]


@pytest.mark.parametrize("given", [Conversion(), FULL, Conversion(keep=("a b.c",))])
def test_arguments_are_what_would_be_typed(given: Conversion) -> None:
    assert _parsed(given.arguments(flags())) == given


def test_a_tree_of_this_machine_is_not_repeated() -> None:
    assert Conversion(kernel=Path("/home/me/linux")).arguments(flags()) == ()


@pytest.mark.parametrize("name", ["diff", "apply", "format-patch", "review"])
def test_every_field_is_an_option_of_a_conversion(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    known = {word for one in command.params for word in one.opts}
    fields = {**options.flags_of(options.Conversion), **options.flags_of(options.Output)}
    assert {word for flag in fields.values() for word in flag.names} <= known
    assert set(flags().values()) <= known


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_says_an_option_again(name: str) -> None:
    module = Path(_options.__file__).with_name(name.replace("-", "_") + ".py")
    fields = {**options.flags_of(options.Conversion), **options.flags_of(options.Output)}
    for flag in fields.values():
        for word in flag.names:
            assert f'"{word}"' not in module.read_text(encoding="utf-8")


@pytest.fixture
def accessed(tmp_path: Path) -> Path:
    folder = tmp_path / "drv"
    folder.mkdir()
    (folder / "d.c").write_text(ACCESSED)
    return folder


def _run(*words: str, stdin: str = "") -> str:
    result = CliRunner().invoke(cli, list(words), input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _comparable(folder: Path) -> str:
    (patch,) = folder.glob("*.patch")
    return re.sub(r"^(?:From|Date): .*\n|^From .*\n", "", patch.read_text(), flags=re.MULTILINE)


def test_review_writes_the_patch_that_its_message_repeats(accessed: Path,
                                                          home: Path) -> None:
    out, again = accessed.parent / "out", accessed.parent / "again"
    _run("format-patch", str(accessed), "-o", str(out), "--allow-accessor", "--api", "7.3")
    _run("review", str(accessed), "-o", str(again), "--allow-accessor", "--api", "7.3", stdin="a\n")
    assert "netmem_to_page(netmem)" in _comparable(out)
    assert "format-patch --api=7.3 --allow-accessor ." in _comparable(out)
    assert _comparable(out) == _comparable(again)


def test_a_review_of_a_part_names_the_command_that_makes_it(accessed: Path, home: Path) -> None:
    out, again = accessed.parent / "out", accessed.parent / "again"
    _run("review", str(accessed), "-o", str(out), "--allow-accessor", stdin="y\nn\n")
    text = _comparable(out)
    (words,) = re.findall(r"^  netmem-migrate format-patch (.*) \.$", text, re.MULTILINE)
    assert "--allow-accessor" in words and "--keep=" in words
    _run("format-patch", str(accessed), "-o", str(again), *words.split())
    assert _comparable(again) == text


def test_each_message_names_only_what_its_driver_knows(tmp_path: Path, home: Path) -> None:
    root = tmp_path / "linux"
    for name in ("one", "two"):
        folder = root / "drivers" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.c").write_text(PRELUDE.replace("struct ring", f"struct {name}_ring"))
        (folder / "Makefile").write_text(f"obj-y += {name}.o\n")
    for name in ("MAINTAINERS", "Kbuild"):
        (root / name).write_text("")
    (root / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\n")
    (root / "include/linux").mkdir(parents=True)
    run = api.migrate([root / "drivers/one", root / "drivers/two"], api="7.3",
                      keep=("one_ring.spare",))
    files = write_series(run, tmp_path / "out", SeriesOptions())
    said = {file.parent.name: file.read_text() for file in files}
    assert "--keep=one_ring.spare drivers/one" in said["one"]
    assert "--keep" not in said["two"]


def test_the_library_refuses_an_option_that_there_is_not(accessed: Path) -> None:
    with pytest.raises(TypeError, match="accessor"):
        api.migrate([accessed], accessor=True)


def test_a_driver_that_is_given_twice_is_converted_once(accessed: Path) -> None:
    assert len(api.migrate([accessed, accessed], api="7.3").drivers) == 1
