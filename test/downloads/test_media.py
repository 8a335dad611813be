# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of pictures and clips, which are extracted with all others of their package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cards.card import SourceSpec
from ros_deep_learning.downloads import media
from ros_deep_learning.downloads.media import list_media, media_path
from ros_deep_learning.errors import CardError, ModelNotFoundError
from ros_deep_learning.files import is_whole


def test_the_pictures_are_the_known_ones(
    astronaut: NDArray[np.uint8], chelsea: NDArray[np.uint8], coffee: NDArray[np.uint8]
) -> None:
    assert astronaut.shape == (512, 512, 3)
    assert chelsea.shape == (300, 451, 3)
    assert coffee.shape == (400, 600, 3)
    # The table and the coffee are brown: red comes first.
    red, green, blue = coffee.reshape(-1, 3).mean(axis=0)
    assert red > green + 20
    assert green > blue + 20


def test_the_clip_is_the_known_one(
    bikes_clip: Path, bikes_frames: list[NDArray[np.uint8]]
) -> None:
    source = list_media()['bikes.mp4']
    assert source.sha256 is not None
    assert is_whole(bikes_clip, source.sha256, source.size_bytes)
    assert int(cv2.VideoCapture(str(bikes_clip)).get(cv2.CAP_PROP_FRAME_COUNT)) == 250
    assert all(frame.shape == (272, 640, 3) for frame in bikes_frames)
    assert not np.array_equal(bikes_frames[0], bikes_frames[1])


def test_all_files_of_a_package_come_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(wanted: Mapping[Path, SourceSpec], progress: object) -> None:
        asked.extend(sorted(path.name for path in wanted))

    monkeypatch.setattr(media, 'fetch_package_files', fetch)
    assert media_path('coffee.png', folder=tmp_path) == tmp_path / 'coffee.png'
    assert asked == ['astronaut.png', 'chelsea.png', 'coffee.png']


def test_unknown_names(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFoundError, match=r'known are astronaut\.png, bikes\.mp4'):
        media_path('../../etc/passwd', folder=tmp_path)


@pytest.mark.parametrize('name', ['../evil.png', 'a/b.png', '.hidden', 'noend'])
def test_names_are_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / 'media.yaml').write_text(f'"{name}": {{package: a==1}}\n')
    monkeypatch.setattr(media, 'zoo_folder', lambda: tmp_path)
    with pytest.raises(CardError, match='expected a file name'):
        list_media()
