# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Small hand-made wheels, a private pip and a small hand-made SSD graph."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph_writer import GraphWriter

from ros_deep_learning.cards.card import SourceSpec
from ros_deep_learning.downloads import package_fetch
from ros_deep_learning.progress import Progress, silent

_CONTENT = bytes(range(256)) * 40
_MEMBER = 'rdl_test_data/weights.bin'


@pytest.fixture
def graph_writer() -> GraphWriter:
    return GraphWriter()


_ANCHORS = 18


def _tiny_ssd_parts() -> dict[str, np.ndarray]:
    """Weights of an SSD for 9x9 images: one 3x3 map with two anchors a cell, two classes."""
    rng = np.random.default_rng(7)
    low = rng.uniform(0, 0.5, (_ANCHORS, 2))
    return {
        'kernel': rng.normal(0, 0.3, (4, 4, 3, 5)).astype(np.float32),
        'scale': rng.uniform(0.5, 1.5, 5).astype(np.float32),
        'offset': rng.normal(0, 1, 5).astype(np.float32),
        'depth': rng.normal(0, 0.5, (3, 3, 5, 1)).astype(np.float32),
        'box': rng.normal(0, 0.5, (1, 1, 5, 8)).astype(np.float32),
        'box_bias': rng.normal(0, 0.5, 8).astype(np.float32),
        'class': rng.normal(0, 0.5, (1, 1, 5, 6)).astype(np.float32),
        'anchors': np.hstack([low, low + rng.uniform(0.1, 0.5, low.shape)]).astype(np.float32),
    }


def _write_tiny_ssd(path: Path, change: Callable[[GraphWriter], object] | None = None) -> Path:
    """Write the tiny SSD with the names of the Object Detection API."""
    g, parts = GraphWriter(), _tiny_ssd_parts()
    conv = {'strides': [1, 3, 3, 1], 'padding': 'SAME'}
    one = {'strides': [1, 1, 1, 1], 'padding': 'SAME'}
    for key in ('kernel', 'scale', 'offset', 'depth', 'box', 'box_bias', 'class'):
        g.const(f'{key}/value', parts[key])
        g.node('Identity', key, f'{key}/value')
    g.node('Placeholder', 'image_tensor')
    g.node('Sub', 'Preprocessor/sub', 'image_tensor', g.const('one', 1))
    g.node('Conv2D', 'conv', 'Preprocessor/sub', 'kernel', **conv)
    g.node('Mul', 'norm/mul', 'conv', 'scale')
    g.node('Add', 'norm/add', 'norm/mul', 'offset')
    g.node('Relu6', 'relu', 'norm/add:0')
    g.node('DepthwiseConv2dNative', 'depthwise', 'relu', 'depth', **one)
    g.node('Add', 'residual', 'relu', 'depthwise')
    g.node('BiasAdd', 'boxes_b', g.node('Conv2D', 'boxes_c', 'residual', 'box', **one), 'box_bias')
    g.node('Conv2D', 'classes_c', 'residual', 'class', **one)
    g.const('zero', [0], np.int32)
    g.const('first', [1], np.int32)
    g.node('Shape', 'shape', 'residual')
    g.node(*('StridedSlice', 'batch', 'shape', 'zero', 'first', 'first'), shrink_axis_mask=1)
    for name, value in {'n': -1, 'i1': 1, 'i3': 3, 'i4': 4}.items():
        g.const(name, value, np.int32)
    g.node('Reshape', 'boxes_r', 'boxes_c_out', g.node('Pack', 'p1', 'batch', 'n', 'i1', 'i4'))
    g.node('Identity', 'boxes_c_out', 'boxes_b', '^classes_c')
    g.node('Reshape', 'classes_r', 'classes_c', g.node('Pack', 'p2', 'batch', 'n', 'i3'))
    g.node('Squeeze', 'Squeeze', g.node('ConcatV2', 'concat', 'boxes_r', 'i1'), squeeze_dims=[2])
    g.node('RealDiv', 'logits', g.node('ConcatV2', 'concat_1', 'classes_r', 'i1'), 'one')
    g.node('Sigmoid', 'Postprocessor/convert_scores', 'logits')
    g.const('a', parts['anchors'][:6])
    g.const('b', parts['anchors'][6:])
    g.node('ConcatV2', 'Concatenate/concat', 'a', 'b', g.const('i0', 0, np.int32))
    for suffix, scale in (('', 10), ('_1', 9), ('_2', 5), ('_3', 4)):
        g.const(f'Postprocessor/Decode/div{suffix}/y', scale)
    if change is not None:
        change(g)
    return g.write(path)


@pytest.fixture
def pip_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all pip can take packages from."""
    folder = tmp_path / 'index'
    folder.mkdir()
    monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(folder))
    monkeypatch.setenv('PIP_DISABLE_PIP_VERSION_CHECK', '1')
    return folder


def _copy_wheel(
    package: str,
    folder: Path,
    max_bytes: int,
    *,
    wheel_tags: str | None = None,
    progress: Progress = silent,
    index: Path,
) -> Path:
    progress(f'downloading {package}', 0.0)
    (wheel,) = index.glob('*.whl')
    return Path(shutil.copy(wheel, folder))


@pytest.fixture
def copied_wheels(pip_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of ``pip_folder``, whose one wheel is copied instead of starting pip.

    A start of pip takes seconds of CPU. Use it where the download itself is not under test.
    """
    copy = partial(_copy_wheel, index=pip_folder)
    monkeypatch.setattr(package_fetch, 'download_wheel', copy)
    return pip_folder


def _make_wheel(folder: Path, content: bytes = _CONTENT, member: str = _MEMBER) -> Path:
    """Write a wheel with one data file, by hand."""
    wheel = folder / 'rdl_test_data-1.0-py3-none-any.whl'
    info = 'rdl_test_data-1.0.dist-info'
    with zipfile.ZipFile(wheel, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, content)
        archive.writestr(
            f'{info}/METADATA', 'Metadata-Version: 2.1\nName: rdl-test-data\nVersion: 1.0\n'
        )
        archive.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\nTag: py3-none-any\n')
        archive.writestr(f'{info}/RECORD', '')
    return wheel


def _source_of(wheel: Path, content: bytes = _CONTENT, **changes: Any) -> SourceSpec:
    """Describe a hand-made wheel's data file truthfully, but for the changes."""
    facts = {
        'package': 'rdl-test-data==1.0',
        'member': _MEMBER,
        'sha256': hashlib.sha256(content).hexdigest(),
        'size_bytes': len(content),
        'package_size_bytes': wheel.stat().st_size,
    }
    return SourceSpec(**{**facts, **changes})


@pytest.fixture
def tiny_ssd_parts() -> dict[str, np.ndarray]:
    return _tiny_ssd_parts()


@pytest.fixture
def write_tiny_ssd() -> Callable[..., Path]:
    return _write_tiny_ssd


@pytest.fixture
def wheel_content() -> bytes:
    return _CONTENT


@pytest.fixture
def make_wheel() -> Callable[..., Path]:
    return _make_wheel


@pytest.fixture
def source_of() -> Callable[..., SourceSpec]:
    return _source_of
