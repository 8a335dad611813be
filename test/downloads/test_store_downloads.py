# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the store with downloads: Caffe conversions, and cards completed from archives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import zoo_stand_ins as stand_ins
from https_server import HttpsServer

from ros_deep_learning.cards.card import ModelCard
from ros_deep_learning.cards.source import SourceSpec
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.downloads import conversion_record, url_fetch
from ros_deep_learning.downloads.card_completion import is_complete
from ros_deep_learning.downloads.conversion_record import is_recorded
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.errors import CardError, FetchError
from ros_deep_learning.importers import caffe as caffe_package
from ros_deep_learning.importers import conversion_key
from ros_deep_learning.onnx_tools.facts import read_facts


def served(https_server: HttpsServer, name: str, content: bytes | None = None) -> ModelCard:
    """A card of the zoo with a local download server."""
    card = find_card(name)
    url = https_server.put(name, stand_ins.stand_in(card) if content is None else content)
    return replace(card, source=replace(card.source, urls=(url,)))


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    (tmp_path / 'cache').mkdir()
    return ModelStore(tmp_path / 'cache')


def test_a_caffe_network_is_converted_once(https_server: HttpsServer, store: ModelStore) -> None:
    card = served(https_server, 'googlenet-12')
    assert not store.is_here(card)
    path = store.onnx_path(card)
    facts = read_facts(path)
    assert facts.inputs['data'].shape == (1, 3, 224, 224)
    assert facts.outputs['softmax'].shape == (1, 12)
    # The original is removed, the labels stay.
    labels = store.complete(card).labels
    assert labels is not None
    kept = {p.name for p in store.downloaded(card).folder.iterdir()}
    assert kept == {'files.json', labels.name}
    assert store.is_here(card)
    https_server.pages.clear()
    assert store.onnx_path(card) == path
    assert store.complete(card).labels == labels


def test_another_converter_converts_anew(
    https_server: HttpsServer, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = served(https_server, 'googlenet-12')
    first = store.onnx_path(card)
    monkeypatch.setattr(caffe_package, 'CONVERTER_VERSION', 999)
    assert not store.is_here(card)
    second = store.onnx_path(card)
    assert second != first
    assert second.read_bytes() == first.read_bytes()
    assert len(https_server.asked) == 2


def test_a_damaged_onnx_is_made_anew(https_server: HttpsServer, store: ModelStore) -> None:
    card = served(https_server, 'googlenet-12')
    path = store.onnx_path(card)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert not store.is_here(card)
    assert store.onnx_path(card).read_bytes() == whole


def test_broken_off_while_converting_it_goes_on(
    https_server: HttpsServer, store: ModelStore
) -> None:
    card = served(https_server, 'googlenet-12')

    def give_up(stage: str, share: float | None) -> None:
        if stage == 'converting to ONNX':
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.onnx_path(card, give_up)
    assert not list(store.folder().glob('*.onnx'))
    https_server.pages.clear()
    assert store.onnx_path(card).is_file()


def test_the_network_knows_its_size_and_output_best(
    https_server: HttpsServer, store: ModelStore, caplog: pytest.LogCaptureFixture
) -> None:
    card = find_card('googlenet-12')
    # As if the archive had another network than the card.
    prototxt, weights = stand_ins._caffe(replace(card, name='googlenet'))
    files = {'deploy.prototxt': prototxt, card.source.members['model']: weights}
    wrong = replace(card, input=replace(card.input, width=300, height=200, name='image'))
    url = https_server.put('odd', stand_ins.packed(files))
    wrong = replace(wrong, source=replace(card.source, urls=(url,)))
    with caplog.at_level('INFO'):
        found = store.complete(wrong)
    assert (found.input.width, found.input.height, found.input.name) == (224, 224, 'data')
    assert dict(found.outputs) == {'probabilities': 'prob'}
    assert found.format == 'onnx'
    assert found.labels is None
    assert found.input.mean == card.input.mean
    assert 'by its ONNX file, the input is data 224x224' in caplog.text
    assert is_complete(found)
    assert store.onnx_path(found) == store.onnx_path(wrong)


def test_labels_and_colours_of_an_archive_win(
    https_server: HttpsServer, store: ModelStore
) -> None:
    card = served(https_server, 'fcn-resnet18-deepscene-576x320')
    found = store.complete(card)
    assert found.labels != card.labels
    assert found.labels.read_text().startswith('thing 0\n')
    assert found.colors.read_text().startswith('0 0 200\n')
    assert dict(found.outputs) == dict(card.outputs)
    assert found.input == card.input


def test_labels_of_a_users_own_win_over_both(
    https_server: HttpsServer, store: ModelStore, tmp_path: Path
) -> None:
    card = served(https_server, 'fcn-resnet18-deepscene-576x320')
    mine = tmp_path / 'mine.txt'
    mine.write_text('a\nb\nc\nd\ne\n')
    found = store.complete(replace(card, labels=mine))
    assert found.labels == mine
    assert found.colors.read_text().startswith('0 0 200\n')


def test_what_is_no_network_is_said(https_server: HttpsServer, store: ModelStore) -> None:
    files = {'fcn_resnet18.onnx': b'no network', 'classes.txt': b'a\n', 'colors.txt': b''}
    card = served(https_server, 'fcn-resnet18-voc', stand_ins.packed(files))
    with pytest.raises(CardError, match=r'cannot read .* as an ONNX file'):
        store.complete(card)


def test_a_kept_caffe_network(tmp_path: Path, store: ModelStore) -> None:
    card = find_card('googlenet-12')
    prototxt, weights = stand_ins._caffe(card)
    (tmp_path / 'net.caffemodel').write_bytes(weights)
    (tmp_path / 'net.prototxt').write_bytes(prototxt)
    source = SourceSpec(file=tmp_path / 'net.caffemodel', prototxt=tmp_path / 'net.prototxt')
    kept = replace(card, source=source)
    path = store.onnx_path(kept)
    assert store.complete(kept).source.file == path
    # The user's own files stay, and a change of either is noticed.
    assert (tmp_path / 'net.caffemodel').is_file()
    (tmp_path / 'net.prototxt').write_bytes(prototxt + b'\n')
    assert store.onnx_path(kept) != path


@pytest.mark.parametrize('setting', ['argument', 'variable'])
def test_offline(
    https_server: HttpsServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
) -> None:
    if setting == 'variable':
        monkeypatch.setenv('ROS_DEEP_LEARNING_OFFLINE', '1')
    store = ModelStore(tmp_path, offline=True if setting == 'argument' else None)
    for card in (served(https_server, 'googlenet-12'), find_card('centerface')):
        with pytest.raises(FetchError, match='is not in the cache and downloads are off'):
            store.onnx_path(card)
    assert https_server.asked == []
    assert store.onnx_path(find_card('selfie')).is_file()


@pytest.mark.parametrize('value', ['', '0'])
def test_the_variable_can_say_no(
    https_server: HttpsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_OFFLINE', value)
    card = served(https_server, 'fcn-resnet18-voc')
    assert ModelStore(tmp_path).onnx_path(card).is_file()


def test_a_cache_that_cannot_be_written(https_server: HttpsServer, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    card = served(https_server, 'fcn-resnet18-voc')
    with pytest.raises(FetchError, match=r'cannot (lock|keep|make)'):
        ModelStore(tmp_path / 'file').onnx_path(card)


def test_every_format_has_a_key() -> None:
    keys = [conversion_key(find_card(n)) for n in ('googlenet', 'centerface', 'dog')]
    keys.append(conversion_key(find_card('ssd-mobilenet-v2')))
    assert [key[0] for key in keys] == ['caffe', 'onnx-resized', 'caffe', 'tensorflow-ssd']


def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    (tmp_path / 'cache').mkdir(mode=0o700)
    (tmp_path / 'cache').chmod(0o770)
    store = ModelStore(tmp_path / 'cache')
    with pytest.raises(FetchError, match=r'refusing the models folder .*: it is group'):
        store.onnx_path(find_card('googlenet-12'))
    (tmp_path / 'cache').chmod(0o700)
    assert not store.is_here(find_card('googlenet-12'))


def test_what_another_user_has_put_there_is_not_used(
    https_server: HttpsServer, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = served(https_server, 'googlenet-12')
    path = store.onnx_path(card)
    assert store.is_here(card)
    for module in (conversion_record, url_fetch):
        monkeypatch.setattr(module, 'is_own_file', lambda path: path.suffix != '.json')
    assert not store.is_here(card)
    monkeypatch.undo()
    target = path.with_name('elsewhere')
    path.rename(target)
    path.symlink_to(target)
    assert not is_recorded(path)
