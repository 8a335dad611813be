# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests that docs/models.md has every family of exporters, with its decoders and commands."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from ros_deep_learning.recognition.evidence import Family
from ros_deep_learning.recognition.families import FAMILIES
from ros_deep_learning.tasks.decoders.registry import DECODERS

DOCUMENT = (Path(__file__).parents[2] / 'docs' / 'models.md').read_text()


def documented() -> list[list[str]]:
    """Return the rows of the table of exporters: exporter, command, evidence, decoder, input."""
    table = DOCUMENT[DOCUMENT.index('| exporter | command |') :].partition('\n\n')[0]
    return [line.strip('| ').split(' | ') for line in table.splitlines()[2:]]


def decoders_in(text: str) -> set[str]:
    """Return the decoders that a text has in quotes of code or of a document."""
    return {word for word in re.findall(r"['`](\w+)['`]", text) if word in DECODERS}


@pytest.mark.parametrize('family', FAMILIES, ids=lambda family: family.name)
def test_every_family_is_documented_with_its_decoders(family: Family) -> None:
    parts = re.split(', | and ', re.sub(' (detectors|classifiers|transformers)', '', family.name))
    rows = [row for row in documented() if any(part in ' '.join(row) for part in parts)]
    assert {part for part in parts if any(part in ' '.join(row) for row in rows)} == set(parts)
    told = set().union(*(decoders_in(row[3]) for row in rows))
    module = inspect.getsource(inspect.getmodule(family.recognise))  # type: ignore[arg-type]
    assert decoders_in(module) <= told


def test_the_table_of_exporters_is_whole() -> None:
    rows = documented()
    for row in rows:
        assert len(row) == 5, row
        assert all(cell.strip() for cell in row), row
        assert set(re.findall(r'`(\w+)`', row[3])) <= set(DECODERS), row
        assert '`' in row[1] or 'above' in row[1] or row[0] in COMMANDLESS, row
    assert set().union(*(decoders_in(row[3]) for row in rows)) == set(DECODERS)


def test_every_exporter_has_the_way_to_a_node() -> None:
    table = DOCUMENT[DOCUMENT.index('| exporter | first command |') :].partition('\n\n')[0]
    rows = [line.strip('| ').split(' | ') for line in table.splitlines()[2:]]
    assert [row[0] for row in rows] == list(dict.fromkeys(row[0] for row in documented()))
    for row in rows:
        assert row[1].startswith('`rdl models add '), row
        assert set(re.findall(r'`(\w+)`', row[2])) <= {'detectnet', 'imagenet', 'segnet'}, row


COMMANDLESS = (
    'Azure Custom Vision',
    'YOLOv8 with its output turned',
    'others of boxes and scores',
)
