# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the tests need is there; without this, tests could be skipped for want of it unseen."""

from __future__ import annotations

import importlib

import pytest
from skipped import in_ci

from ros_deep_learning.engines.tensorrt.kernels.nvcc import nvcc_paths
from ros_deep_learning.engines.tensorrt.kernels.nvrtc import nvrtc_paths

MODULES = [
    'cv2',
    'hypothesis',
    'launch_ros',
    'matplotlib.pyplot',
    'mcap_ros2.decoder',
    'onnx',
    'onnxruntime',
    'pycocotools.cocoeval',
    'rclpy',
    'ros_deep_learning.msg',
    'rosbags.rosbag2',
    'scipy.optimize',
    'tensorrt_rtx',
    'tritonclient.grpc',
    'vision_msgs.msg',
]


@pytest.mark.parametrize('name', MODULES)
def test_module(name: str) -> None:
    try:
        module = importlib.import_module(name)
    except ImportError as err:
        if not in_ci():
            pytest.skip(f'{name} is missing (make test installs it): {err}')
        raise
    assert module.__name__ == name


@pytest.mark.parametrize('search', [nvcc_paths, nvrtc_paths], ids=['nvcc', 'nvrtc'])
def test_cuda_compiler(search) -> None:
    if not search() and not in_ci():
        pytest.skip(f'{search.__name__} finds nothing (make test installs it)')
    assert search()
