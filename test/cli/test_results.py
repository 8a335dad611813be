# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Results of the programs as files, read by other tools."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cli import detectnet, imagenet, segnet

ON_CPU = '--backend=onnxruntime'


@pytest.fixture
def picture(astronaut: NDArray[np.uint8], tmp_path: Path) -> Path:
    path = tmp_path / 'astronaut.png'
    cv2.imwrite(str(path), astronaut[..., ::-1])
    return path


def test_detections_as_coco_lines_and_a_table(
    picture: Path, tmp_path: Path, ssd_onnx: Path
) -> None:
    for suffix in ('json', 'jsonl', 'csv'):
        results = f'--results={tmp_path}/new/out.{suffix}'
        assert detectnet.main([str(picture), results, ON_CPU, '--threshold=0.3']) == 0
    coco = json.loads((tmp_path / 'new' / 'out.json').read_text())
    assert coco['images'] == [{'id': 1, 'file_name': 'astronaut.png', 'width': 512, 'height': 512}]
    names = {row['id']: row['name'] for row in coco['categories']}
    (line,) = (tmp_path / 'new' / 'out.jsonl').read_text().splitlines()
    found = json.loads(line)['found']
    with (tmp_path / 'new' / 'out.csv').open(newline='') as stream:
        table = list(csv.DictReader(stream))
    assert 'person' in {names[one['category_id']] for one in coco['annotations']}
    assert len(coco['annotations']) == len(found) == len(table) > 0
    for one, same, row in zip(coco['annotations'], found, table, strict=True):
        x1, y1, x2, y2 = same['box_xyxy']
        assert one['bbox'] == [x1, y1, x2 - x1, y2 - y1]
        assert names[one['category_id']] == same['label'] == row['label']
        assert [float(row[edge]) for edge in ('x1', 'y1', 'x2', 'y2')] == same['box_xyxy']
        assert row['name'] == 'astronaut.png'


@pytest.mark.parametrize(('program', 'key'), [(imagenet, 'score'), (segnet, 'share')])
def test_classes_and_masks_as_a_table(
    picture: Path, tmp_path: Path, program: Any, key: str
) -> None:
    assert program.main([str(picture), '--results', f'{tmp_path}/out.csv', ON_CPU]) == 0
    with (tmp_path / 'out.csv').open(newline='') as stream:
        rows = list(csv.DictReader(stream))
    assert all(0 <= float(row[key]) <= 1 for row in rows)
    assert rows


@pytest.mark.parametrize(
    ('program', 'name', 'words'),
    [
        (imagenet, 'out.json', 'is for boxes; use .jsonl or .csv'),
        (detectnet, 'out.txt', 'expected a name that ends with .json, .jsonl or .csv'),
        (detectnet, 'there.csv', 'is there already; add --force'),
        (detectnet, 'there.csv/out.csv', 'there.csv/out.csv: Not a directory'),
    ],
)
def test_files_that_cannot_be(
    picture: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    program: Any,
    name: str,
    words: str,
) -> None:
    (tmp_path / 'there.csv').write_text('mine')
    assert program.main([str(picture), f'--results={tmp_path / name}', ON_CPU]) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    # Before the network is loaded.
    assert printed.out == ''
    assert (tmp_path / 'there.csv').read_text() == 'mine'


@pytest.mark.parametrize('option', ['--results=~nosuchuser/x.csv', '--save-crops=~nosuchuser/x'])
def test_the_home_of_nobody_is_no_path(
    picture: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    assert detectnet.main([str(picture), option, ON_CPU]) == 1
    assert "x' is not a path: " in capsys.readouterr().err.replace("x.csv'", "x'")
