# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the zoo: every card is valid, and its weights are the pinned ones and run."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from ros_deep_learning.cards import zoo
from ros_deep_learning.cards.card import ModelCard, load_card
from ros_deep_learning.cards.colors import load_colors
from ros_deep_learning.cards.labels import load_labels
from ros_deep_learning.cards.names import find_named
from ros_deep_learning.cards.zoo import find_card, list_cards, zoo_folder
from ros_deep_learning.downloads.media import list_media
from ros_deep_learning.errors import CardError, ModelNotFoundError
from ros_deep_learning.files import sha256_of

NAMES = ['centerface', 'duckietown-lanes', 'efficientnet-lite0', 'selfie', 'ssd-mobilenet-v2']
CARDS = {card.name: card for card in list_cards()}


def test_the_zoo_has_these_networks() -> None:
    assert list(CARDS) == sorted(CARDS)
    assert set(NAMES) <= set(CARDS)


@pytest.mark.parametrize('card', CARDS.values(), ids=CARDS)
def test_a_card_is_filed_under_its_name(card: ModelCard) -> None:
    assert (card.folder / f'{card.name}.yaml').is_file()
    assert card.description
    assert card.source.credit
    assert card.checked is not None
    assert card.labels is not None or 'labels' in card.source.members


@pytest.mark.parametrize(
    'card', [c for c in CARDS.values() if c.source.file], ids=lambda c: c.name
)
def test_kept_weights_are_pinned_and_fit_their_card(card: ModelCard) -> None:
    path = card.source.file
    assert path is not None
    assert path == zoo_folder() / 'weights' / path.name
    assert path.stat().st_size == card.source.size_bytes
    assert sha256_of(path) == card.source.sha256
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (network_input,) = session.get_inputs()
    assert network_input.name == card.input.name
    assert network_input.shape == [1, 3, card.input.height, card.input.width]
    assert network_input.type == 'tensor(float)'
    outputs = {output.name: output.shape for output in session.get_outputs()}
    assert set(card.outputs.values()) == set(outputs)
    count = {'selfie': 1}.get(card.name, len(load_labels(card.labels or '')))
    (name,) = card.outputs.values()
    assert outputs[name][1] == count


@pytest.mark.parametrize(
    'name',
    [*('coco-airplane', 'coco-bottle', 'coco-chair', 'coco-dog', 'facenet', 'multiped'), 'pednet'],
)
def test_a_size_that_nobody_published_is_said_to_be_a_guess(name: str) -> None:
    assert 'the one here is a guess' in str(CARDS[name].notes)


def test_no_kept_file_is_left_without_a_card() -> None:
    used = {card.source.file for card in CARDS.values()}
    used |= {path for card in CARDS.values() for path in (card.labels, card.colors)}
    for folder in ('weights', 'labels'):
        for path in (zoo_folder() / folder).iterdir():
            assert path in used


def test_the_readme_states_every_pinned_hash() -> None:
    text = (zoo_folder() / 'README.md').read_text(encoding='utf-8')
    for card in CARDS.values():
        assert f'`{card.name}`' in text
        assert (card.source.sha256 or '') in text


def test_coco_labels_follow_the_coco_ids() -> None:
    card = find_card('ssd-mobilenet-v2')
    labels = load_labels(card.labels or '')
    assert len(labels) == 90
    # COCO ids as in the annotations of instances_val2017: index k is id k + 1.
    ids = {'person': 1, 'bicycle': 2, 'car': 3, 'stop sign': 13, 'cat': 17, 'dog': 18}
    ids |= {'bottle': 44, 'cup': 47, 'dining table': 67, 'tv': 72, 'toothbrush': 90}
    for label, coco_id in ids.items():
        assert labels[coco_id - 1] == label
    assert len(set(labels)) == 90


@pytest.mark.parametrize(
    'name',
    ['ssd-mobilenet-v2', 'SSD-Mobilenet-v2', 'ssd_mobilenet_v2', 'ssd_mobilenet_v2_coco',
     'coco-ssd-mobilenet-v2', 'ssd-mobilenet', ' SSD Mobilenet V2 '],
)  # fmt: skip
def test_upstream_spellings_find_the_detector(name: str) -> None:
    assert find_card(name).name == 'ssd-mobilenet-v2'


def test_no_two_networks_share_a_name() -> None:
    seen: dict[str, str] = {}
    for card in CARDS.values():
        for name in {card.name.casefold(), *(alias.casefold() for alias in card.aliases)}:
            key = name.replace('_', '-')
            assert seen.setdefault(key, card.name) == card.name


def test_a_card_is_found_by_path() -> None:
    path = zoo_folder() / 'cards' / 'selfie.yaml'
    assert find_card(path) == find_card(str(path)) == CARDS['selfie']


@pytest.mark.parametrize(
    ('name', 'hint'),
    [
        ('', 'see `rdl models list`'),
        ('ssd-mobilenet-v3', 'did you mean ssd-mobilenet-v2'),
        ('seflie', 'did you mean selfie'),
        ('yolo', 'did you mean yolox-'),
        ('../cards/selfie', 'selfie'),
        ('x' * 100_000, 'see `rdl models list`'),
        ('/no/such/card.yaml', 'no model card at /no/such/card.yaml'),
    ],
)
def test_unknown_names_get_a_hint(name: str, hint: str) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        find_card(name)
    assert hint in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_path_that_is_no_card(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match='no model card at'):
        find_card(tmp_path)
    broken = tmp_path / 'broken.yml'
    broken.write_text('- 1')
    with pytest.raises(CardError, match='expected a mapping'):
        find_card(str(broken))


def test_one_name_does_not_cost_the_reading_of_all_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def load(path: Path) -> ModelCard:
        read.append(path.stem)
        return load_card(path)

    monkeypatch.setattr(zoo, 'load_card', load)
    for name in ('googlenet', 'fcn-resnet18-voc', 'ped-100', 'ssd-mobilenet'):
        find_card(name)
    assert len(read) < 12


def test_a_name_without_a_resolution_means_the_lowest(tmp_path: Path) -> None:
    text = (zoo_folder() / 'cards' / 'pp-humanseg.yaml').read_text()
    text = text.replace('labels: selfie2.txt\n', '').replace('aliases: [pphumanseg]\n', '')
    for name in ('net-640x480', 'net-1024x128', 'net-512x512', 'net-9x9-b', 'net-small'):
        (tmp_path / f'{name}.yaml').write_text(text.replace('name: pp-humanseg', f'name: {name}'))
    paths = sorted(tmp_path.iterdir())
    # 1024x128 has the fewest pixels.
    assert find_named('Net', paths, load_card).name == 'net-1024x128'
    assert find_named('net_640x480', paths, load_card).name == 'net-640x480'
    assert find_named('ne', paths, load_card) is None
    assert find_named('', paths, load_card) is None


def test_palettes_fit_their_labels_and_are_the_published_ones() -> None:
    for card in CARDS.values():
        if card.colors is not None:
            assert len(load_colors(card.colors)) == len(load_labels(card.labels or ''))
    cityscapes = find_card('fcn-resnet18-cityscapes')
    labels = load_labels(cityscapes.labels or '')
    colors = dict(zip(labels, load_colors(cityscapes.colors or '').tolist(), strict=True))
    # cityscapesscripts/helpers/labels.py
    assert colors['road'] == [128, 64, 128]
    assert colors['car'] == [0, 0, 142]
    assert colors['bicycle'] == [119, 11, 32]
    voc = load_colors(find_card('fcn-resnet18-voc').colors or '').tolist()
    # VOClabelcolormap.m of the development kit: background, aeroplane, person, tv/monitor.
    assert [voc[k] for k in (0, 1, 15, 20)] == [
        [0, 0, 0], [128, 0, 0], [192, 128, 128], [0, 64, 128]
    ]  # fmt: skip


def test_coco_80_is_coco_90_without_what_coco_left_out() -> None:
    ninety = load_labels(find_card('ssd-mobilenet-v2').labels or '')
    eighty = load_labels(find_card('yolox-s').labels or '')
    left_out = {'street sign', 'hat', 'shoe', 'eye glasses', 'plate', 'mirror', 'window', 'desk',
                'door', 'blender'}  # fmt: skip
    assert eighty == tuple(label for label in ninety if label not in left_out)
    assert len(eighty) == 80


def test_media_are_pinned() -> None:
    media = list_media()
    assert {'astronaut.png', 'chelsea.png', 'coffee.png', 'bikes.mp4'} <= set(media)
    assert all(source.sha256 and source.package_size_bytes for source in media.values())


def test_the_installed_zoo_wins_and_none_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / 'ros_deep_learning'
    monkeypatch.setattr(zoo, '__file__', str(package / 'cards' / 'zoo.py'))
    with pytest.raises(ModelNotFoundError, match='has no model cards; install the package again'):
        zoo_folder()
    (tmp_path / 'models' / 'cards').mkdir(parents=True)
    assert zoo_folder() == tmp_path / 'models'
    (package / 'zoo' / 'cards').mkdir(parents=True)
    assert zoo_folder() == package / 'zoo'
