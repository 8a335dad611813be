# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of packs: folders of networks for a robot, which checks every file."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import zoo_stand_ins as stand_ins
from https_server import HttpsServer

from ros_deep_learning.cards import zoo
from ros_deep_learning.cards.card_text import card_text
from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.downloads import pack as pack_module
from ros_deep_learning.downloads.own_cards import add_card
from ros_deep_learning.downloads.pack import MANIFEST, pack, unpack
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.errors import CardError, FetchError

NAMES = ['googlenet-12', 'fcn-resnet18-deepscene-576x320', 'selfie']


@pytest.fixture(scope='module')
def server(https_certificate: Path) -> Iterator[HttpsServer]:
    with HttpsServer(https_certificate) as server:
        yield server


def trust(certificate: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv('SSL_CERT_FILE', str(certificate))
    patch.setenv('no_proxy', 'localhost')


@pytest.fixture(scope='module')
def made(
    server: HttpsServer, https_certificate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder with a zoo, and a pack of networks of it.

    They are a Caffe network, a downloaded ONNX network, a kept one and one of the user's.
    """
    home = tmp_path_factory.mktemp('made')
    with pytest.MonkeyPatch.context() as patch:
        trust(https_certificate, patch)
        patch.setenv('ROS_DEEP_LEARNING_MODELS', str(home / 'own'))
        folder = stand_ins.local_zoo(home / 'zoo', server.url('')[:-1])
        patch.setattr(zoo, 'zoo_folder', lambda: folder)
        for name in NAMES[:2]:
            server.put(name, stand_ins.stand_in(find_card(name)))
        add_card(replace(find_card('selfie'), name='mine', aliases=()))
        (home / 'cache').mkdir()
        cards = [find_card(name) for name in (*NAMES, 'mine')]
        pack(cards, ModelStore(home / 'cache'), home / 'pack')
    server.pages.clear()
    return home


@pytest.fixture
def packed(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the pack, on a robot that has the zoo and cannot download its networks."""
    monkeypatch.setattr(zoo, 'zoo_folder', lambda: made / 'zoo')
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'robot' / 'own'))
    return Path(shutil.copytree(made / 'pack', tmp_path / 'pack'))


@pytest.fixture
def robot(tmp_path: Path) -> ModelStore:
    (tmp_path / 'robot' / 'cache').mkdir(parents=True)
    return ModelStore(tmp_path / 'robot' / 'cache', offline=True)


def test_another_user_can_carry_it(made: Path) -> None:
    (made / 'usual').touch()
    usual = (made / 'usual').stat().st_mode
    assert {path.stat().st_mode for path in (made / 'pack').rglob('*') if path.is_file()} == {
        usual
    }


def test_a_robot_without_a_network_runs_them(packed: Path, robot: ModelStore) -> None:
    names = unpack(packed, robot)
    assert sorted(names) == sorted(
        p.relative_to(packed).as_posix()
        for p in packed.rglob('*')
        if p.is_file() and p.name != MANIFEST
    )
    for name in (*NAMES, 'mine'):
        assert robot.is_here(find_card(name))
    complete = robot.complete(find_card('googlenet-12'))
    assert complete.labels is not None
    assert complete.labels.read_text().startswith('thing 0')
    # A second time changes nothing.
    unpack(packed, robot)


def test_it_serves_as_a_cache_as_it_is(packed: Path) -> None:
    store = ModelStore(packed / 'models', offline=True)
    for name in NAMES:
        assert store.is_here(find_card(name))


def written(folder: Path, name: str) -> Path:
    """A handwritten card with its files beside it, outside of the searched folders."""
    folder.mkdir()
    source = find_card('selfie').source.file
    assert source is not None
    onnx.save(
        onnx.load(str(source)),
        str(folder / 'net.onnx'),
        save_as_external_data=True,
        location='net.onnx.data',
    )
    (folder / 'names.txt').write_text('background\nperson\n')
    card = replace(
        find_card('selfie'),
        name=name,
        aliases=(),
        source=SourceSpec(file=folder / 'net.onnx'),
        labels=folder / 'names.txt',
        folder=folder,
    )
    path = folder / 'mine.yaml'
    path.write_text(card_text(card, folder))
    return path


def test_a_card_given_by_its_path_travels(
    tmp_path: Path, robot: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'robot' / 'own'))
    path = written(tmp_path / 'work', 'by-hand')
    pack([find_card(path)], ModelStore(tmp_path / 'cache'), tmp_path / 'pack')
    shutil.rmtree(path.parent)
    unpack(tmp_path / 'pack', robot)
    card = find_card('by-hand')
    assert card.labels is not None
    assert card.labels.read_text() == 'background\nperson\n'
    onnx.load(str(robot.onnx_path(card)))


def test_a_card_that_would_not_be_found_by_its_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(tmp_path / 'own'))
    store = ModelStore(tmp_path / 'cache')
    taken = find_card(written(tmp_path / 'taken', 'selfie'))
    with pytest.raises(CardError, match=r"the name 'selfie' is taken by .*; give another"):
        pack([taken], store, tmp_path / 'pack')
    twins = [find_card(written(tmp_path / name, 'twin')) for name in ('one', 'two')]
    with pytest.raises(CardError, match='two of the networks are called twin; give one another'):
        pack(twins, store, tmp_path / 'pack-2')


def test_pins_travel(
    packed: Path,
    robot: ModelStore,
    server: HttpsServer,
    https_certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trust(https_certificate, monkeypatch)
    unpack(packed, robot)
    card = find_card('fcn-resnet18-deepscene-576x320')
    robot.downloaded(card).drop('model')
    server.put(card.name, stand_ins.packed({'fcn_resnet18.onnx': b'other'}))
    online = ModelStore(robot.folder(), offline=False)
    with pytest.raises(FetchError, match='first download'):
        online.onnx_path(card)


def test_another_pin_is_not_written_over(packed: Path, robot: ModelStore) -> None:
    unpack(packed, robot)
    pin = robot.downloaded(find_card('googlenet-12')).pin_path
    other = json.loads(pin.read_text()) | {'sha256': 'f' * 64}
    pin.write_text(json.dumps(other))
    with pytest.raises(FetchError, match=r'pins another download than .*, which is trusted here'):
        unpack(packed, robot)
    assert json.loads(pin.read_text())['sha256'] == 'f' * 64


@pytest.mark.parametrize('damage', ['missing', 'altered', 'link'])
def test_damaged_packs_change_nothing(packed: Path, robot: ModelStore, damage: str) -> None:
    victim = next(p for p in sorted(packed.rglob('*.onnx')) if 'models' in p.parts)
    data = victim.read_bytes()
    victim.unlink()
    if damage == 'altered':
        victim.write_bytes(data[:-1] + b'x')
    elif damage == 'link':
        elsewhere = packed.parent / 'elsewhere'
        elsewhere.write_bytes(data)
        victim.symlink_to(elsewhere)
    with pytest.raises(FetchError, match=r'was altered since it was packed|is a link: refused'):
        unpack(packed, robot)
    assert list(robot.folder().iterdir()) == []


@pytest.mark.parametrize(
    'name',
    ['../evil', '/etc/evil', 'models/../../evil', 'models', 'other/x', 'models/a/b/c/d/e', '',
     'models//x', 'models/.hidden', 'models/x\n'],
)  # fmt: skip
def test_paths_that_lead_elsewhere(packed: Path, robot: ModelStore, name: str) -> None:
    manifest = json.loads((packed / MANIFEST).read_text())
    manifest['files'][name] = '0' * 64
    (packed / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(FetchError, match='outside of its folder: refused'):
        unpack(packed, robot)


@pytest.mark.parametrize(
    'text',
    ['', '[]', '{}', '{"version": 1}', '{"version": 1, "files": 3}', '[' * 100_000],
    ids=range(6),
)
def test_what_is_no_pack(tmp_path: Path, robot: ModelStore, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(FetchError, match='is not a pack of networks'):
        unpack(tmp_path, robot)


def test_packs_of_another_form(tmp_path: Path, robot: ModelStore) -> None:
    (tmp_path / MANIFEST).write_text('{"version": 2, "files": {}}')
    with pytest.raises(FetchError, match='version 1, got 2'):
        unpack(tmp_path, robot)


def test_only_an_empty_folder_is_packed_into(tmp_path: Path) -> None:
    (tmp_path / 'x').touch()
    with pytest.raises(FetchError, match='is not empty; give a new folder'):
        pack([], ModelStore(tmp_path), tmp_path)


def test_a_newer_pack_takes_the_place_of_an_older_one(
    tmp_path: Path, robot: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / 'robot' / 'own'
    monkeypatch.setenv('ROS_DEEP_LEARNING_MODELS', str(own))
    path = written(tmp_path / 'work', 'by-hand')
    store = ModelStore(tmp_path / 'cache')
    pack([find_card(path)], store, tmp_path / 'pack')
    unpack(tmp_path / 'pack', robot)
    (path.parent / 'names.txt').write_text('nothing\nperson\n')
    pack([find_card(path)], store, tmp_path / 'pack-2')

    labels = (own / 'labels').iterdir
    before = set(labels())
    copied: list[str] = []

    def copy_until_the_card(source: Path, target: Path, part_folder: Path) -> None:
        if target.suffix == '.yaml':
            raise OSError(28, 'No space left on device')
        copied.append(target.name)
        shutil.copyfile(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(pack_module, 'copy_whole', copy_until_the_card)
        with pytest.raises(FetchError, match='no space left'):
            unpack(tmp_path / 'pack-2', robot)
    # The card comes last, and until then the older files stay.
    assert len(copied) > 2
    assert before < set(labels())
    older = find_card('by-hand').labels
    assert older is not None
    assert older.read_text() == 'background\nperson\n'
    unpack(tmp_path / 'pack-2', robot)
    newer = find_card('by-hand').labels
    assert newer is not None
    assert newer.read_text() == 'nothing\nperson\n'
    assert list(labels()) == [newer]
