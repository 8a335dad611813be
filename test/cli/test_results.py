# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Results of the programs as files, read by other tools."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cli import detectnet, imagenet, segnet
from ros_deep_learning.cli.frames.results import Results

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


def found(number: int) -> list[dict[str, Any]]:
    box = {'label': 'cat', 'class_id': 0, 'score': 0.5, 'box_xyxy': [1.0, 2.0, 3.0, 4.0]}
    return [{**box, 'track_id': None}] * number


def read(path: Path) -> list[int]:
    """Return the numbers of the frames with findings."""
    text = path.read_text('utf-8')
    if path.suffix == '.csv':
        return [int(row['frame']) for row in csv.DictReader(text.splitlines())]
    if path.suffix == '.jsonl':
        frames = [json.loads(line) for line in text.splitlines()]
        return [one['frame'] for one in frames for _ in one['found']]
    return [one['image_id'] - 1 for one in json.loads(text)['annotations']]


@pytest.mark.parametrize('suffix', ['.csv', '.jsonl'])
def test_what_was_found_is_in_the_file_at_once(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f'new/out{suffix}'
    results = Results(path, has_boxes=True, force=False)
    assert not path.parent.exists()
    for number, wanted in ((0, []), (2, [2, 2]), (1, [2, 2, 1])):
        results.add(number, f'frame {number}', (4, 5), found(number))
        assert read(path) == wanted
    results.close()
    results.close()
    assert read(path) == [2, 2, 1]


def test_coco_replaces_a_file_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / 'out.json'
    path.write_text('mine')
    results = Results(path, has_boxes=True, force=True)
    for number in range(4):
        results.add(number, f'frame {number}', (4, 5), found(number))
        assert path.read_text() == 'mine'
    results.labels = ('cat', 'dog')
    results.close()
    whole = json.loads(path.read_text())
    assert read(path) == [1, 2, 2, 3, 3, 3]
    assert [one['id'] for one in whole['annotations']] == [1, 2, 3, 4, 5, 6]
    assert [one['file_name'] for one in whole['images']] == [f'frame {k}' for k in range(4)]
    assert whole['categories'] == [{'id': 0, 'name': 'cat'}, {'id': 1, 'name': 'dog'}]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('suffix', ['.csv', '.json', '.jsonl'])
def test_frames_without_findings_are_a_whole_file_and_none_is_no_file(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f'out{suffix}'
    Results(path, has_boxes=True, force=False).close()
    assert not path.exists()
    results = Results(path, has_boxes=True, force=False)
    results.add(0, 'frame 0', (4, 5), [])
    results.close()
    assert read(path) == []


@pytest.mark.parametrize('suffix', ['.csv', '.json', '.jsonl'])
def test_an_interrupted_run_leaves_a_whole_file(
    picture: Path, tmp_path: Path, ssd_onnx: Path, suffix: str
) -> None:
    path = tmp_path / f'out{suffix}'
    command = [sys.executable, '-m', 'ros_deep_learning.cli.detectnet', str(picture), ON_CPU]
    options = ['--input-loop=-1', f'--results={path}', '--threshold=0.3']
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        # A frame is told before it is written.
        told = (line for line in running.stdout if line.startswith('astronaut.png'))
        next(told), next(told)
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.returncode == 130
    played = 2 + sum(line.startswith('astronaut.png') for line in rest.splitlines())
    assert set(read(path)) in ({*range(played)}, {*range(played - 1)})


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
