# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The zoo: every card is sound, its kept weights are the pinned ones, and run as it says."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from ros_deep_learning.errors import CardError, ModelNotFoundError
from ros_deep_learning.models import zoo
from ros_deep_learning.models.card import ModelCard
from ros_deep_learning.models.files import sha256_of
from ros_deep_learning.models.labels import load_labels
from ros_deep_learning.models.media import list_media
from ros_deep_learning.models.zoo import find_card, list_cards, zoo_folder

NAMES = ['duckietown-lanes', 'efficientnet-lite0', 'selfie', 'ssd-mobilenet-v2']
CARDS = {card.name: card for card in list_cards()}


def test_the_zoo_has_these_networks() -> None:
    assert list(CARDS) == sorted(CARDS)
    assert set(NAMES) <= set(CARDS)


@pytest.mark.parametrize('card', CARDS.values(), ids=CARDS)
def test_a_card_is_filed_under_its_name(card: ModelCard) -> None:
    assert (card.folder / f'{card.name}.yaml').is_file()
    assert card.description
    assert card.source.credit
    assert card.labels is not None


@pytest.mark.parametrize(
    'card', [c for c in CARDS.values() if c.source.file], ids=lambda c: c.name
)
def test_kept_weights_are_pinned_and_fit_their_card(card: ModelCard) -> None:
    path = card.source.file
    assert path is not None
    assert path.parent == zoo_folder() / 'weights'
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


def test_no_kept_file_is_left_without_a_card() -> None:
    used = {card.source.file for card in CARDS.values()} | {c.labels for c in CARDS.values()}
    for folder in ('weights', 'labels'):
        for path in (zoo_folder() / folder).iterdir():
            assert path in used


def test_the_readme_states_every_pinned_hash() -> None:
    text = (zoo_folder() / 'README.md').read_text(encoding='utf-8')
    for card in CARDS.values():
        assert f'`{card.name}`' in text
        assert str(card.source.sha256) in text


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
        ('', 'known are duckietown-lanes, '),
        ('ssd-mobilenet-v3', 'did you mean ssd-mobilenet-v2'),
        ('seflie', 'did you mean selfie'),
        ('yolo', 'known are '),
        ('../cards/selfie', 'selfie'),
        ('x' * 100_000, 'known are '),
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
    with pytest.raises(CardError, match='want a mapping'):
        find_card(str(broken))


def test_media_are_pinned() -> None:
    media = list_media()
    assert {'astronaut.png', 'chelsea.png', 'coffee.png', 'bikes.mp4'} <= set(media)
    assert all(source.sha256 and source.package_size_bytes for source in media.values())


def test_the_installed_zoo_wins_and_none_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / 'ros_deep_learning'
    monkeypatch.setattr(zoo, '__file__', str(package / 'models' / 'zoo.py'))
    with pytest.raises(ModelNotFoundError, match='has no model cards; install the package again'):
        zoo_folder()
    (tmp_path / 'models' / 'cards').mkdir(parents=True)
    assert zoo_folder() == tmp_path / 'models'
    (package / 'zoo' / 'cards').mkdir(parents=True)
    assert zoo_folder() == package / 'zoo'
