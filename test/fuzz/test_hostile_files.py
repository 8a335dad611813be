# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Damaged files are read or refused in one line; ``fuzz_files.py`` tries many more."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fuzz_files import fault_of, run
from kinds import kinds

KINDS = kinds()
FOUND = {
    'caffemodel': (58327,),
    'label_studio': (15472,),
    'card': (845, 5236, 5815),
    'onnx': (98, 157, 1246, 2871, 1014271),
    'prototxt': (11, 35),
    'data_yaml': (291, 1268, 5358),
    'frozen_graph': (620, 1443, 2751, 3246),
    'uff': (6152, 11741, 13010, 17066, 27034),
    'zip': (2,),
}
"""Numbers of files that were not refused as they should be once."""


@pytest.mark.parametrize('name', KINDS)
def test_whole_files_are_read(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    for data in kind.files if name != 'onnx' else kind.files[:1]:
        path = tmp_path / f'file{kind.suffix}'
        path.write_bytes(data)
        if name != 'card':
            kind.read(path)


@pytest.mark.parametrize(('name', 'seed'), [(k, seed) for k, v in FOUND.items() for seed in v])
def test_what_was_found_once(tmp_path: Path, name: str, seed: int) -> None:
    kind = KINDS[name]
    assert not fault_of(kind, seed, tmp_path / f'file{kind.suffix}')


@pytest.mark.parametrize('name', KINDS)
@pytest.mark.parametrize('count', [200, pytest.param(20_000, marks=pytest.mark.slow)])
def test_damaged_files_are_read_or_refused(tmp_path: Path, name: str, count: int) -> None:
    found = run(KINDS[name], 1_000_000, count, tmp_path)
    assert found['faults'] == {}
    assert found['refused']
