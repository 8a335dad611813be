# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Frames to calibrate with: from a folder of images, a video, arrays or a rosbag2."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..datasets.dataset import spread
from ..errors import DeepLearningError, ImageError, SettingsError
from ..imaging.image_messages import pixels_from_message
from ..imaging.pixels import Pixels
from ..paths import PICTURE_SUFFIXES
from ..pictures.picture_files import read_picture_bgr
from ..text import one_line

_IMAGE_TYPE = 'sensor_msgs/msg/Image'
_COMPRESSED_TYPE = 'sensor_msgs/msg/CompressedImage'
_NO_ARRAYS = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError)
"""What damage leads to; a few bytes can claim an array of terabytes."""


def read_frames(source: Path, limit: int, topic: str | None = None) -> Iterator[Pixels]:
    """Yield frames that are evenly spread over the source, each as it is asked for.

    Args:
        source: A folder of images, a video file, an .npz or .npy file of RGB images, or a
            rosbag2 (a folder with metadata.yaml), which needs the package ``rosbags``.
        limit: Highest number of frames, at least 1.
        topic: The bag's image topic; None takes the only one.

    Raises:
        SettingsError: The source cannot be read, or has no frames.
    """
    if limit < 1:
        msg = f'limit: expected at least 1 frame, got {limit}'
        raise SettingsError(msg)
    if not source.exists():
        msg = f'there is no {source}'
        raise SettingsError(msg)
    if source.is_dir():
        is_bag = (source / 'metadata.yaml').is_file()
        frames = _from_bag(source, limit, topic) if is_bag else _from_folder(source, limit)
    elif source.suffix in ('.npz', '.npy'):
        frames = _from_arrays(source, limit)
    else:
        frames = _from_video(source, limit)
    is_empty = True
    for frame in frames:
        is_empty = False
        yield frame
    if is_empty:
        kinds = f'images ({", ".join(PICTURE_SUFFIXES)}), a video, .npz or a bag'
        msg = f'{source} has no frames; expected {kinds}'
        raise SettingsError(msg)


def _from_folder(folder: Path, limit: int) -> Iterator[Pixels]:
    paths = sorted(p for p in folder.rglob('*') if p.suffix.lower() in PICTURE_SUFFIXES)
    for index in spread(len(paths), limit):
        try:
            yield Pixels(read_picture_bgr(paths[index]), 'bgr')
        except ImageError as err:
            msg = f'{err}; to fix: remove it'
            raise SettingsError(msg) from err


def _from_video(path: Path, limit: int) -> Iterator[Pixels]:
    video = cv2.VideoCapture(str(path))
    try:
        if not video.isOpened():
            msg = f'{path} cannot be read as a video'
            raise SettingsError(msg)
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        wanted = set(spread(count, limit)) if count > 0 else set(range(limit))
        for index in range(max(wanted, default=-1) + 1):
            if not video.grab():
                return
            if index in wanted:
                good, image = video.retrieve()
                if good:
                    yield Pixels(np.asarray(image, np.uint8), 'bgr')
    finally:
        video.release()


def _from_arrays(path: Path, limit: int) -> Iterator[Pixels]:
    try:
        data = np.load(path, allow_pickle=False)
        arrays = [data] if isinstance(data, np.ndarray) else [data[name] for name in data.files]
    except _NO_ARRAYS as err:
        msg = f'{path} cannot be read as arrays: {one_line(err)}'
        raise SettingsError(msg) from err
    images = [image for array in arrays for image in (array if array.ndim == 4 else [array])]
    for index in spread(len(images), limit):
        image = images[index]
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            msg = f'{path}: expected uint8 RGB images (H, W, 3), got {image.dtype} {image.shape}'
            raise SettingsError(msg)
        yield Pixels(image, 'rgb')


def _from_bag(folder: Path, limit: int, topic: str | None) -> Iterator[Pixels]:
    try:
        highlevel = import_module('rosbags.highlevel')
        typesys = import_module('rosbags.typesys')
    except ImportError as err:
        msg = f'reading the bag {folder} needs the package rosbags; to fix: pip install rosbags'
        raise SettingsError(msg) from err
    store = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)
    try:
        bag = highlevel.AnyReader([folder], default_typestore=store)
        yield from _images_of(bag, folder, limit, topic)
    except DeepLearningError:
        raise
    except Exception as err:  # damage leads to any error of the library
        msg = f'{folder} cannot be read as a bag: {one_line(err)}'
        raise SettingsError(msg) from err


def _images_of(bag: Any, folder: Path, limit: int, topic: str | None) -> Iterator[Pixels]:
    with bag as reader:
        images = [c for c in reader.connections if c.msgtype in (_IMAGE_TYPE, _COMPRESSED_TYPE)]
        names = sorted({c.topic for c in images})
        if topic is None and len(names) == 1:
            topic = names[0]
        if topic not in names:
            have = ', '.join(names) or 'none'
            wanted_topic = f'expected one of its image topics ({have}), got {topic}'
            msg = f'{folder}: {wanted_topic}; to fix: --topic'
            raise SettingsError(msg)
        chosen = [c for c in images if c.topic == topic]
        wanted = set(spread(sum(c.msgcount for c in chosen), limit))
        for index, (connection, _, raw) in enumerate(reader.messages(connections=chosen)):
            if index not in wanted:
                continue
            message = reader.deserialize(raw, connection.msgtype)
            if connection.msgtype == _COMPRESSED_TYPE:
                image = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
                if image is not None:
                    yield Pixels(np.asarray(image, np.uint8), 'bgr')
            else:
                yield pixels_from_message(message)
