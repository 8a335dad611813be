# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Blur, near duplicates and change, on a real picture, and when a picture is taken."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.collecting.folder import CollectedFolder
from ros_deep_learning.collecting.label import Label
from ros_deep_learning.collecting.measures import (
    BLURRED,
    NEARLY_EQUAL,
    HashIndex,
    changed_share,
    difference_hash,
    sharpness,
)
from ros_deep_learning.collecting.naming import encode_picture, name_of_file, new_name
from ros_deep_learning.collecting.notes import PictureNotes
from ros_deep_learning.collecting.recent import Recent
from ros_deep_learning.collecting.triggers import Every, OnChange, Unsure
from ros_deep_learning.errors import ImageError, SettingsError

Picture = NDArray[np.uint8]
PICTURES = ('detectnet.jpg', 'imagenet.jpg', 'segnet.jpg')


@pytest.fixture(scope='module', params=PICTURES)
def picture(request: pytest.FixtureRequest) -> Picture:
    path = Path(__file__).parents[2] / 'docs' / 'images' / request.param
    return np.asarray(cv2.imread(str(path)), np.uint8)


def noisy(picture: Picture, brightness: float = 1.0) -> Picture:
    noise = np.random.default_rng(3).normal(0, 5, picture.shape)
    return (picture * brightness + noise).clip(0, 255).astype(np.uint8)


def test_blur_is_found_whatever_the_size_and_contrast(picture: Picture) -> None:
    sigma = 3 * max(picture.shape) / 480
    blurred = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
    for scale in (0.7, 1.0, 2.0):
        sharp, soft = (cv2.resize(p, None, fx=scale, fy=scale) for p in (picture, blurred))
        assert sharpness(sharp) > BLURRED
        assert sharpness(soft) < BLURRED
    assert sharpness((picture // 4).astype(np.uint8)) > BLURRED
    assert sharpness(np.full((40, 60, 3), 7, np.uint8)) == 1.0


def test_sharpness_is_that_of_plain_arithmetic() -> None:
    grey = np.random.default_rng(0).integers(0, 256, (480, 320)).astype(np.uint8)
    padded = np.pad(grey.astype(float), 1, mode='reflect')
    laplacian = (
        padded[:-2, 1:-1]
        + padded[2:, 1:-1]
        + padded[1:-1, :-2]
        + padded[1:-1, 2:]
        - 4 * padded[1:-1, 1:-1]
    )
    frame = np.repeat(grey[..., None], 3, axis=2)
    assert sharpness(frame) == pytest.approx(laplacian.var() / grey.var(), rel=1e-6)


def test_nearly_equal_pictures_share_their_hash(picture: Picture) -> None:
    bits = difference_hash(picture)
    for other in (noisy(picture), noisy(picture, 0.8), picture[2:-2, 3:-3]):
        assert (bits ^ difference_hash(other)).bit_count() <= NEARLY_EQUAL
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    assert (bits ^ difference_hash(mirrored)).bit_count() > 2 * NEARLY_EQUAL


def test_the_nearest_hash_is_that_of_a_search_of_all() -> None:
    random = np.random.default_rng(1)
    hashes = [int.from_bytes(random.bytes(8), 'big') for _ in range(200)]
    index = HashIndex()
    assert index.nearest(5) == ('', 65)
    for k, bits in enumerate(hashes):
        index.add(str(k), bits)
    for _ in range(50):
        wanted = int.from_bytes(random.bytes(8), 'big')
        distances = [(wanted ^ bits).bit_count() for bits in hashes]
        assert index.nearest(wanted) == (str(int(np.argmin(distances))), min(distances))
        odd = [str(k) for k in range(1, 200, 2)]
        assert index.nearest(wanted, odd)[1] == min(distances[1::2])


def test_change_is_not_noise_and_not_exposure(picture: Picture) -> None:
    assert changed_share(picture, noisy(picture)) == 0
    assert changed_share(picture, noisy(picture, 0.9)) < 0.02
    moved = picture.copy()
    height, width = picture.shape[:2]
    moved[: height // 4, : width // 4] = 255 - moved[: height // 4, : width // 4]
    assert 0.02 < changed_share(picture, moved) < 0.1
    assert changed_share(picture, picture[1:]) == 1.0


def test_every_so_many_seconds() -> None:
    trigger, frame = Every(2.0), np.zeros((4, 4, 3), np.uint8)
    taken = [k / 10 for k in range(100) if trigger.wants(frame, k / 10)]
    assert taken == [0, 2, 4, 6, 8]
    # After a long pause there is one, not all that were missed.
    assert [trigger.wants(frame, t) for t in (50.0, 50.1, 52.0)] == [True, False, True]
    with pytest.raises(SettingsError, match='seconds above 0'):
        Every(0)


def test_on_change_and_not_more_often_than_a_second(picture: Picture) -> None:
    trigger, other = OnChange(), np.ascontiguousarray(picture[::-1])
    assert trigger.wants(picture, 0.0)
    assert not trigger.wants(noisy(picture), 5.0)
    assert trigger.wants(other, 6.0)
    assert not trigger.wants(picture, 6.5)
    assert trigger.wants(picture, 7.0)


def test_where_a_network_is_unsure() -> None:
    frame = np.zeros((4, 4, 3), np.uint8)
    for scores, wanted in [([0.9, 0.31], True), ([0.9, 0.29, 0.61], False), ([], False)]:
        assert Unsure(lambda _, found=scores: found, 0.3, 0.6).wants(frame, 0.0) == wanted
    with pytest.raises(SettingsError, match=r'two scores such as 0.3,0.6, got 0.6,0.3'):
        Unsure(lambda _: [], 0.6, 0.3)


def test_the_last_seconds_and_no_more() -> None:
    recent = Recent(2.0, 10.0)
    frames = [np.full((8, 8, 3), k, np.uint8) for k in range(200)]
    for k, frame in enumerate(frames):
        recent.add(frame, k / 30)
    taken = list(recent.take())
    assert taken[-1] == encode_picture(frames[198])
    assert 20 <= len(taken) <= 21
    assert list(recent.take()) == []


def test_a_frame_too_large_for_a_jpeg_is_told() -> None:
    with pytest.raises(
        ImageError, match=r'no JPEG can be made of a frame of shape \(1, 65501, 3\)'
    ):
        encode_picture(np.zeros((1, 65501, 3), np.uint8))


def test_names_tell_pictures_apart_and_know_equal_ones(tmp_path: Path) -> None:
    assert len({new_name() for _ in range(50)}) == 50
    path = tmp_path / 'a b/c ä.JPG'
    assert name_of_file(path, b'x') == name_of_file(path, b'x') != name_of_file(path, b'y')
    assert name_of_file(path, b'x').startswith('c_ä-')
    assert name_of_file(path, b'x').endswith('.jpg')


def test_a_large_data_set_is_listed_once_to_learn_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = CollectedFolder(tmp_path, 'detection', ('cat',))
    data = cv2.imencode('.jpg', np.zeros((8, 9, 3), np.uint8))[1].tobytes()
    for k in range(5):
        folder.add(f'{k}.jpg', data, Label(boxes=()), 'train')
    listed: list[int] = []
    entries = folder.entries

    def counted() -> list[str]:
        listed.append(1)
        return entries()

    monkeypatch.setattr(folder, 'entries', counted)
    PictureNotes(folder).learn()
    assert len(listed) == 1
