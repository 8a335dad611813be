# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Install the library and its console programs with pip, on machines without ROS."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent


def version() -> str:
    found = re.search(r'<version>(.+)</version>', (HERE / 'package.xml').read_text())
    if found is None:
        msg = 'package.xml has no <version>'
        raise SystemExit(msg)
    return found.group(1)


def console_programs() -> list[str]:
    lines = (HERE / 'resource' / 'programs.txt').read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith('#')]
    return [f'{name} = {function}' for name, function, where in rows if where in ('pip', 'all')]


def test_requirements() -> list[str]:
    lines = (HERE / 'dev' / 'underlay' / 'tests.in').read_text().splitlines()
    return [need for line in lines if (need := line.partition('#')[0].strip())]


setup(
    name='ros_deep_learning',
    version=version(),
    description='Image classification, object detection and segmentation on TensorRT or ONNX '
    'Runtime: a Python library and ROS 2 nodes',
    license='Apache-2.0',
    license_files=['LICENSE', 'NOTICE', 'models/LICENSES/*'],
    python_requires='>=3.10',
    packages=[
        *find_packages(include=['ros_deep_learning', 'ros_deep_learning.*']),
        'ros_deep_learning.zoo',
    ],
    package_dir={'ros_deep_learning.zoo': 'models'},
    package_data={
        'ros_deep_learning': ['py.typed', '**/*.cu', '**/*.cuh', '**/*.yaml', '**/assets/*'],
        'ros_deep_learning.zoo': ['**/*'],
    },
    install_requires=[
        'filelock',
        'numpy',
        'onnx',
        'opencv-python-headless>=4.5,<5',
        'platformdirs',
        'pyyaml',
        'simplejpeg',
        'tqdm',
    ],
    extras_require={
        'bags': ['mcap', 'rosbags', 'zstandard'],
        'evaluate': ['pycocotools'],
        'importers': ['onnx', 'protobuf'],
        'onnxruntime': ['onnxruntime'],
        # Later ones lose the argument that bounds how often an input is tried anew.
        'ray': ['ray[data,default]>=2.50,<2.64'],
        'remote': ['tritonclient[grpc]'],
        'tensorrt': ['tensorrt', 'pycuda'],
        'test': ['onnxruntime', 'psutil', *test_requirements()],
        'tracking': ['scipy'],
        'train': [
            'onnxruntime',
            'pycocotools',
            # 2.6.2 and 2.6.3 of Lightning were not its makers'.
            'pytorch-lightning>=2.6.4',
            # The matching of transformers' detectors.
            'scipy',
            'tensorboard',
            'timm>=1',
            'torch>=2.6',
            'torchmetrics',
            'torchvision>=0.21',
            # The first with D-FINE.
            'transformers>=4.52',
        ],
        'video': ['av'],
        'web': ['aiohttp'],
        'webrtc': ['aiohttp', 'aioice', 'aiortc'],
    },
    entry_points={'console_scripts': console_programs()},
)
