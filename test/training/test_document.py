# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The commands of docs/training.md and of what replaces DIGITS run as they are written."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from labelled_pictures import cut, write_rgb

from ros_deep_learning import ImageNet
from ros_deep_learning.cli import imagenet
from ros_deep_learning.cli.rdl import main as rdl

pytestmark = [pytest.mark.slow, pytest.mark.training]

DOCS = Path(__file__).parents[2] / 'docs'
# Where the network is not what matters.
QUICK = {'train': ['--size', '32', '--epochs', '2', '--batch', '8', '--weights', 'none']}
ELSEWHERE = ('pip', 'ros2', 'tensorboard', 'python3')
"""Programs of others; test/nodes starts launch files with cards."""
PROGRAMS = {'rdl': rdl, 'imagenet': imagenet.main}


# Those of jetson-inference.
PLANTS = [
    *('ash', 'beech', 'cattail', 'cedar', 'clover', 'cyprus', 'daisy', 'dandelion', 'dogwood'),
    *('elm', 'fern', 'fig', 'fir', 'juniper', 'maple', 'poison_ivy', 'sweetgum', 'sycamore'),
    *('trout_lily', 'tulip_tree'),
]


def commands(example: str, name: str = 'training.md') -> list[list[str]]:
    """List the commands of a page that name files of an example."""
    page = (DOCS / name).read_text()
    blocks = re.findall(r'```sh\n(.*?)```', page, flags=re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    lines += [line for line in re.findall(r'`([^`\n]+)`', page) if line.startswith('rdl ')]
    return [shlex.split(line, comments=True) for line in lines if example in line]


def test_each_command_of_the_page_runs(libraries, class_folders, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(class_folders, 'cat_dog')
    shutil.copy(next(class_folders.glob('val/cat/*')), 'photo.jpg')
    run = [words for words in commands('cat_dog') if words[0] not in ELSEWHERE]
    assert [words[0] for words in run].count('rdl') >= 4
    for program, *arguments in run:
        if 'data/cat_dog' in arguments:
            continue
        more = [] if '--resume' in arguments else QUICK.get(arguments[0], [])
        assert PROGRAMS[program]([*arguments, *more]) == 0, [program, *arguments]
        if '--int8' in arguments:
            said = Path('runs/cat_dog/report.html').read_text()
            assert re.search(r'int8 with onnxruntime: top1 \d\.\d{3}, .* float32; ', said)
    assert Path('runs/cat_dog/int8.onnx').is_file()


def test_each_command_that_replaces_a_step_of_digits_runs(
    libraries, class_folders, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(class_folders, 'cat_dog')
    shutil.copy(next(class_folders.glob('val/cat/*')), 'photo.jpg')
    run = commands('cat_dog', 'digits.md')
    assert [words[1] for words in run] == ['dataset', 'dataset', 'train', 'evaluate']
    shown = 'imagenet --network=runs/digits/card.yaml photo.jpg'
    assert f'`{shown}`' in (DOCS / 'digits.md').read_text()
    for program, *arguments in (*run, shlex.split(shown)):
        assert PROGRAMS[program]([*arguments, *QUICK.get(arguments[0], [])]) == 0, arguments
    for name in ('best.ckpt', 'last.ckpt', 'report.html', 'tensorboard'):
        assert Path('runs/digits', name).exists()


def test_each_command_of_the_plants_runs(
    libraries, astronaut, chelsea, coffee, tmp_path, monkeypatch
):
    """On a folder as jetson-inference has it, with parts of other pictures in it."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(11)
    for k, name in enumerate(PLANTS):
        for place in (f'train/{name}/0', f'train/{name}/1', f'val/{name}/0', f'test/{name}'):
            write_rgb(
                Path(f'plants/{place}.jpg'), cut((astronaut, chelsea, coffee)[k % 3], random)
            )
    Path('plants/labels.txt').write_text('\n'.join(PLANTS) + '\n')
    run = [words for words in commands('plants') if words[0] in PROGRAMS]
    assert [words[0] for words in run] == ['rdl', 'rdl', 'imagenet', 'imagenet', 'rdl']
    for program, *arguments in run:
        more = QUICK.get(arguments[0], [])
        assert PROGRAMS[program]([*arguments, *more]) == 0, [program, *arguments]
    assert len(list(Path('test_output').glob('*.jpg'))) == len(PLANTS)
    assert Path('cattail.jpg').is_file()
    with ImageNet('runs/plants/card.yaml') as net:
        assert net.labels == tuple(PLANTS)
