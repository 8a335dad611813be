# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the user's own networks: copied with their files, found by name, no duplicates."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from ros_deep_learning.cards.card import InputSpec, ModelCard
from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.cards.zoo import find_card, list_cards
from ros_deep_learning.downloads.own_cards import add_card
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.errors import CardError, FetchError


def network(name: str, value: float = 1.0) -> onnx.ModelProto:
    """A network that always returns one number."""
    graph = helper.make_graph(
        [helper.make_node('Identity', ['weight'], ['prob'])],
        name,
        [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info('prob', TensorProto.FLOAT, [1, 1])],
        [numpy_helper.from_array(np.full((1, 1), value, np.float32), 'weight')],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=7)


WEIGHTS = network('trained').SerializeToString()
BETTER = network('trained for longer').SerializeToString()


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder, which does not exist yet."""
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'own'))
    return tmp_path / 'own'


@pytest.fixture
def card(tmp_path: Path) -> ModelCard:
    model, labels = tmp_path / 'trained.onnx', tmp_path / 'names.txt'
    model.write_bytes(WEIGHTS)
    labels.write_text('cat\n')
    return ModelCard(
        name='my-net',
        task='classification',
        source=SourceSpec(file=model),
        format='onnx',
        input=InputSpec(8, 8),
        licence='MIT',
        folder=tmp_path,
        aliases=('mine',),
        outputs={'scores': 'prob'},
        labels=labels,
    )


def test_it_is_found_by_its_names(card: ModelCard, own: Path, tmp_path: Path) -> None:
    path = add_card(card)
    assert path == own / 'cards' / 'my-net.yaml'
    for name in ('my-net', 'MY_NET', 'mine'):
        assert find_card(name).folder == path.parent
    assert list_cards()[-1].name == 'my-net'
    # Its files are copies, with SHA-256 and bare names.
    (tmp_path / 'trained.onnx').unlink()
    (tmp_path / 'names.txt').unlink()
    kept = find_card('mine')
    assert kept.source.sha256 is not None
    assert ModelStore(tmp_path).onnx_path(kept).read_bytes() == WEIGHTS
    assert kept.labels is not None
    assert kept.labels.parent == own / 'labels'
    assert kept.labels.read_text() == 'cat\n'
    assert str(own) not in path.read_text()
    own.rename(tmp_path / 'moved')


def test_the_folder_can_move(
    card: ModelCard, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_card(card)
    own.rename(tmp_path / 'moved')
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'moved'))
    kept = find_card('mine').source.file
    assert kept is not None
    assert kept.parent == tmp_path / 'moved' / 'weights'
    assert kept.read_bytes() == WEIGHTS


@pytest.mark.parametrize('name', ['googlenet', 'GoogleNet', 'resnet18', 'fcn-resnet18-voc'])
def test_names_of_the_zoo_are_taken(card: ModelCard, own: Path, name: str) -> None:
    for changed in (replace(card, name=name), replace(card, aliases=(name,))):
        with pytest.raises(CardError, match='is taken by'):
            add_card(changed, replace_it=True)
    assert not own.exists()


def test_only_on_request_one_takes_the_place_of_another(card: ModelCard, tmp_path: Path) -> None:
    add_card(card)
    (tmp_path / 'trained.onnx').write_bytes(BETTER)
    with pytest.raises(CardError, match="name 'my-net' is taken by"):
        add_card(card)
    add_card(card, replace_it=True)
    assert find_card('my-net').source.size_bytes == len(BETTER)


def test_a_kept_one_can_be_added_again(card: ModelCard) -> None:
    add_card(card)
    add_card(find_card('my-net'), replace_it=True)
    assert find_card('my-net').source.size_bytes == len(WEIGHTS)


def test_weights_beside_the_file_are_kept_too(card: ModelCard, tmp_path: Path) -> None:
    # Exporters may give the weights of two networks the same file name.
    for name, value in (('one', 1.0), ('two', 2.0)):
        folder = tmp_path / name
        folder.mkdir()
        path = folder / 'net.onnx'
        onnx.save(
            network(name, value),
            str(path),
            save_as_external_data=True,
            location='net.onnx.data',
            size_threshold=0,
        )
        add_card(replace(card, name=name, aliases=(), source=SourceSpec(file=path)))
        (folder / 'net.onnx.data').unlink()
    for name, value in (('one', 1.0), ('two', 2.0)):
        kept = ModelStore(tmp_path).onnx_path(find_card(name))
        session = onnxruntime.InferenceSession(str(kept), providers=['CPUExecutionProvider'])
        (found,) = session.run(None, {'x': np.zeros((1, 3, 8, 8), np.float32)})
        assert found == value
        # Its own copy is not copied onto itself.
        add_card(find_card(name), replace_it=True)


def test_without_its_weights_it_is_not_added(card: ModelCard, tmp_path: Path, own: Path) -> None:
    path = tmp_path / 'net.onnx'
    onnx.save(
        network('net'), str(path), save_as_external_data=True, location='w', size_threshold=0
    )
    (tmp_path / 'w').unlink()
    with pytest.raises(CardError, match='has weights in w, which is missing; to fix: put it'):
        add_card(replace(card, source=SourceSpec(file=path)))
    assert not list((own / 'cards').iterdir())


def test_a_file_in_no_format_of_onnx_is_copied_as_it_is(card: ModelCard, tmp_path: Path) -> None:
    path = tmp_path / 'mine.engine'
    path.write_bytes(b'plan')
    add_card(replace(card, source=SourceSpec(file=path)))
    assert ModelStore(tmp_path).onnx_path(find_card('mine')).read_bytes() == b'plan'


def test_a_folder_that_cannot_be_written(card: ModelCard, own: Path) -> None:
    own.write_text('a file')
    with pytest.raises(FetchError, match='cannot keep my-net in'):
        add_card(card)


def external(folder: Path, value: float) -> Path:
    """Return a network whose weights, and nothing else, are in a file beside it."""
    folder.mkdir()
    model = network('net', value)
    location = {'location': 'net.onnx.data', 'size_threshold': 0}
    onnx.save(model, str(folder / 'net.onnx'), save_as_external_data=True, **location)
    return folder / 'net.onnx'


def value_of(session: onnxruntime.InferenceSession) -> float:
    (found,) = session.run(None, {'x': np.zeros((1, 3, 8, 8), np.float32)})
    return float(found[0, 0])


def open_kept(tmp_path: Path) -> onnxruntime.InferenceSession:
    kept = ModelStore(tmp_path).onnx_path(find_card('my-net'))
    return onnxruntime.InferenceSession(str(kept), providers=['CPUExecutionProvider'])


def own_files(own: Path) -> list[str]:
    return sorted(str(p.relative_to(own)) for p in own.rglob('*') if p.is_file())


def test_a_running_network_is_not_written_over(card: ModelCard, tmp_path: Path, own: Path) -> None:
    one, two = external(tmp_path / 'one', 1.0), external(tmp_path / 'two', 2.0)
    add_card(replace(card, source=SourceSpec(file=one)))
    running = open_kept(tmp_path)
    (weights,) = (own / 'weights').glob('*.data')
    with weights.open('rb') as held:
        add_card(replace(card, source=SourceSpec(file=two)), replace_it=True)
        assert np.frombuffer(held.read(), np.float32).tolist() == [1.0]
    assert value_of(running) == 1.0
    assert value_of(open_kept(tmp_path)) == 2.0
    # The replaced files are gone: card, lock, labels, and the network with its weights.
    assert len(own_files(own)) == 5


def in_child(work: Callable[[], object]) -> int:
    """Run a function in a child process; return the signal that killed it, or 0."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def test_a_kill_at_any_step_leaves_the_old_network_or_the_new_one(
    card: ModelCard, tmp_path: Path, own: Path
) -> None:
    one, two = external(tmp_path / 'one', 1.0), external(tmp_path / 'two', 2.0)
    old, new = (replace(card, source=SourceSpec(file=path)) for path in (one, two))
    values = []
    for step in range(1, 20):
        add_card(old, replace_it=True)
        killed = in_child(lambda step=step: add_until(new, step, lambda: os.kill(os.getpid(), 9)))
        values.append(value_of(open_kept(tmp_path)))
        if not killed:
            break
        assert killed == signal.SIGKILL
    assert values == sorted(values)
    assert values[0] == 1.0
    assert values[-1] == 2.0
    assert len(values) > 8
    # The next run removes what the kills left.
    add_card(new, replace_it=True)
    assert len(own_files(own)) == 5
    assert sorted(p.name for p in own.iterdir()) == ['.lock', 'cards', 'labels', 'weights']


def add_until(card: ModelCard, step: int, stop: Callable[[], object]) -> None:
    """Add a card, and stop at a step that changes the disk."""
    steps = iter(range(1, step))
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((os, 'fsync'), (Path, 'replace')):
            original = getattr(owner, name)

            def counted(*args: object, original: Callable[..., object] = original) -> object:
                if next(steps, None) is None:
                    stop()
                return original(*args)

            patch.setattr(owner, name, counted)
        add_card(card, replace_it=True)


def test_a_full_disk_leaves_the_old_network(card: ModelCard, tmp_path: Path, own: Path) -> None:
    one, two = external(tmp_path / 'one', 1.0), external(tmp_path / 'two', 2.0)
    add_card(replace(card, source=SourceSpec(file=one)))

    def full() -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    for step in (1, 3):
        with pytest.raises(FetchError, match=r'cannot keep my-net in .*: no space left'):
            add_until(replace(card, source=SourceSpec(file=two)), step, full)
        assert value_of(open_kept(tmp_path)) == 1.0
    assert not list(own.glob('.lock.*'))
