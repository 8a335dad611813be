# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every kernel on a real GPU, through PyCUDA, against the references of the CPU tests."""

from __future__ import annotations

import kernel_cases as cases
import numpy as np
import pytest
from kernel_devices import GpuDevice, HostDevice

from ros_deep_learning.cards.card import InputSpec
from ros_deep_learning.engines.tensorrt.kernels.arguments import DeviceFrame, DeviceScores
from ros_deep_learning.engines.tensorrt.kernels.kernel_loader import load_kernels
from ros_deep_learning.engines.tensorrt.kernels.launcher import Kernels
from ros_deep_learning.imaging.placement import place
from ros_deep_learning.paths import CACHE_VARIABLE

pytestmark = pytest.mark.gpu
BIG = (1, 33, 640, 1080, 1920)


@pytest.fixture(scope='module')
def context():
    driver = pytest.importorskip('pycuda.driver', exc_type=ImportError)
    try:
        driver.init()
        count = driver.Device.count()
    except driver.Error as err:
        pytest.skip(f'no CUDA: {err}')
    if not count:
        pytest.skip('no GPU')
    context = driver.Device(0).retain_primary_context()
    context.push()
    yield driver.Device(0)
    context.pop()


@pytest.fixture(scope='module')
def gpu(context, tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp('cache')))
    yield GpuDevice(load_kernels(context.compute_capability()))
    patch.undo()


@pytest.mark.parametrize('interpolation', ['nearest', 'bilinear', 'bicubic', 'area'])
@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
def test_preprocess(gpu, resize, interpolation):
    for seed in range(25):
        rng = np.random.default_rng(seed)
        cases.check_preprocess(gpu, rng, resize=resize, interpolation=interpolation)


def test_grey(gpu):
    for seed in range(25):
        cases.check_grey(gpu, np.random.default_rng(seed))


def test_preprocess_of_camera_frames(gpu):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        cases.check_preprocess(gpu, rng, BIG, interpolation='bilinear')


@pytest.mark.parametrize('kind', ['logits', 'probabilities', 'scores'])
def test_activate(gpu, kind):
    for seed in range(30):
        cases.check_activate(gpu, np.random.default_rng(seed), kind=kind)
    for seed in range(3):
        cases.check_activate(gpu, np.random.default_rng(seed), BIG, kind=kind)


@pytest.mark.parametrize('linear', [False, True])
@pytest.mark.parametrize('resize', ['stretch', 'letterbox', 'crop'])
def test_segment(gpu, resize, linear):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        cases.check_segment(gpu, rng, resize=resize, linear=linear)


def test_colors_overlay_and_histogram(gpu):
    for seed in range(40):
        cases.check_colors(gpu, np.random.default_rng(seed))
    for seed in range(4):
        cases.check_colors(gpu, np.random.default_rng(seed), BIG)


def test_candidates(gpu):
    for seed in range(30):
        cases.check_candidates(gpu, np.random.default_rng(seed))


def outputs(device, image, scores, stream=None):
    """Preprocessed values, mask and confidences of one frame and one score grid."""
    height, width = image.shape[:2]
    frame, grid = device.put(image), device.put(scores)
    values = device.room((3, 300, 333), np.float32)
    spec = InputSpec(
        width=333, height=300, resize='letterbox', scale=1 / 255,
        mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225),
    )  # fmt: skip
    placement = place((width, height), (333, 300), 'letterbox')
    device.kernels.preprocess(
        DeviceFrame(frame.pointer, width, height, width * 3),
        spec,
        placement,
        values.pointer,
        'float32',
        stream=stream,
    )
    mask = device.room((height, width), np.uint8)
    confidences = device.room((height, width), np.float32)
    device.kernels.segment(
        DeviceScores(grid.pointer, *scores.shape[:0:-1], len(scores)),
        placement,
        (width, height),
        mask.pointer,
        linear=True,
        confidences=confidences.pointer,
        stream=stream,
    )
    return values.read(), mask.read(), confidences.read()


def test_bits_are_those_of_the_same_source_on_the_cpu(gpu, shim_module):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (480, 641, 3), dtype=np.uint8)
    scores = rng.standard_normal((21, 10, 11)).astype(np.float32)
    shim_module.backwards = False
    host = outputs(HostDevice(Kernels(shim_module)), image, scores)
    for ours, theirs in zip(outputs(gpu, image, scores), host, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_launches_on_a_stream(gpu):
    from pycuda import driver

    rng = np.random.default_rng(1)
    image = rng.integers(0, 256, (240, 320, 3), dtype=np.uint8)
    scores = rng.standard_normal((3, 8, 8)).astype(np.float32)
    expected = outputs(gpu, image, scores)
    for got, wanted in zip(outputs(gpu, image, scores, driver.Stream()), expected, strict=True):
        np.testing.assert_array_equal(got, wanted)
