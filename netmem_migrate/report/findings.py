# SPDX-License-Identifier: GPL-2.0-only
"""What `check` found, as text for a person, JSON, an answer to b4, or SARIF."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from netmem_migrate.escape import shown
from netmem_migrate.report import sarif
from netmem_migrate.report.norms import Norm
from netmem_migrate.results import Finding, Severity, Waypoint

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan", "pass": "green",
            "warn": "yellow", "fail": "red"}
_KEYS = ("id", "severity", "file", "line", "column", "function", "message", "why", "fix",
         "path")
_LINES = 20  # of a path, for a person
_B4 = {"error": "fail", "warning": "warn", "note": "pass"}


def text(findings: Sequence[Finding], norms: Sequence[Norm]) -> list[str]:
    """Lines for a terminal: those of a series first, then the findings as a compiler's."""
    said = [f"{_coloured(one.status)}  {one.name}: {shown(one.text)}" for one in norms]
    for one in findings:
        where = f" in {one.function}()" if one.function else ""
        said.append(f"{shown(one.file)}:{one.line}:{one.column}: {_coloured(one.severity)}: "
                    f"{shown(one.message + where)} [{one.id}]")
        said += _path(one.path)
        if one.fix:
            said.append(f"  fix: {shown(one.fix)}")
    return said


def _path(path: Sequence[Waypoint]) -> list[str]:
    """The way to a finding; of a long one, what is nearest to its end."""
    lines = [f"  {one.side + ' ' if one.side else ''}{shown(one.file)}:{one.line}: "
             f"{shown(one.text)}" for one in path]
    left = len(lines) - _LINES
    return lines if left <= 0 else [f"  ({left} lines before these are in --json)",
                                    *lines[left:]]


def counts(findings: Sequence[Finding], norms: Sequence[Norm]) -> dict[str, int]:
    """How much there is of each severity, a series' own list included; the worst first."""
    every = [*(one.severity for one in findings), *(one.severity for one in norms)]
    return {level.value: sum(one == level for one in every) for level in Severity}


def counted(findings: Sequence[Finding], norms: Sequence[Norm]) -> str:
    """The same as a line."""
    return ", ".join(f"{number} {level}{'' if number == 1 else 's'}"
                     for level, number in counts(findings, norms).items())


def fails(findings: Sequence[Finding], norms: Sequence[Norm], least: Severity) -> bool:
    """Whether there is anything of a severity, or worse."""
    levels = list(Severity)
    said = counts(findings, norms)
    return any(said[level.value] for level in levels[:levels.index(least) + 1])


def as_json(findings: Sequence[Finding], norms: Sequence[Norm]) -> str:
    """The document of `check --json`, version 1."""
    told = [asdict(one) for one in findings]
    for one in told:
        one["path"] = [{key: at[key] for key in ("file", "line", "text", "side") if at[key]}
                       for at in one["path"]]
    listed = [{"name": one.name, "status": one.status, "severity": one.severity, "text": one.text}
              for one in norms]
    return json.dumps({"version": 1, "findings": [{key: one[key] for key in _KEYS} for one in told],
                       "series": listed}, indent=2)


def as_b4(findings: Sequence[Finding], norms: Sequence[Norm]) -> str:
    """What an external check of b4 answers: never an empty list."""
    said = [{"tool": "netmem-migrate", "status": _B4[one.severity],
             "summary": f"{one.file}:{one.line}: {one.message} [{one.id}]",
             "details": "\n".join([one.why, *_path(one.path)])}
            for one in findings]
    said += [{"tool": "netmem-migrate", "status": one.status,
              "summary": f"{one.name}: {one.text}", "details": ""} for one in norms]
    return json.dumps(said or [{"tool": "netmem-migrate", "status": "pass",
                                "summary": "no finding of the netmem API model", "details": ""}],
                      indent=2)


def b4_failed(why: str) -> str:
    """The same where nothing could be judged."""
    return json.dumps([{"tool": "netmem-migrate", "status": "fail",
                        "summary": f"not checked: {why}", "details": ""}], indent=2)


def as_sarif(rules: Sequence[sarif.Descriptor], findings: Sequence[Finding],
             norms: Sequence[Norm] = ()) -> str:
    """A log of SARIF 2.1.0; each finding's rule must be one of `rules`. What is wrong with a series
    is said of its folder."""
    wrong = [(one, one.severity) for one in norms if one.severity is not None]
    listed = [sarif.Descriptor(f"series-{name}", f"netdev's list for a series: {name}")
              for name in dict.fromkeys(one.name for one, _ in wrong)]
    return sarif.text([*rules, *listed], [
        *(sarif.Result(f"series-{one.name}", level.value, one.text, sarif.Location(one.place, 0))
          for one, level in wrong),
        *(sarif.Result(one.id, one.severity, one.message,
                       sarif.Location(one.file, one.line, one.column, function=one.function),
                       path=tuple(sarif.Location(at.file, at.line, text=" ".join(
                           filter(None, (at.side, at.text)))) for at in one.path))
          for one in findings)])


def _coloured(word: str) -> str:
    return click.style(word, fg=_COLOURS[word])
