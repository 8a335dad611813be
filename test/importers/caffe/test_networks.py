# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Compare whole networks, layer by layer, with OpenCV's Caffe importer."""

from __future__ import annotations

import architectures as seed
import numpy as np
import onnx
import pytest
from caffe_files import error_of, run_onnx, run_opencv

from ros_deep_learning.importers.caffe import convert_caffe, input_shapes

# Real layers and connections; fewer channels, so that the tests take only seconds.
NETWORKS = {
    'alexnet': lambda: seed.alexnet(width=4),
    'googlenet': lambda: seed.googlenet(width=2),
    'googlenet-12': lambda: seed.googlenet(width=4, classes=12, output='softmax'),
    'resnet-18': lambda: seed.resnet(18, width=2),
    'resnet-50': lambda: seed.resnet(50, width=4),
    'resnet-101': lambda: seed.resnet(101, width=8),
    'resnet-152': lambda: seed.resnet(152, width=8),
    'vgg-16': lambda: seed.vgg(16, width=8),
    'vgg-19': lambda: seed.vgg(19, width=8),
    'inception-v4': lambda: seed.inception_v4(width=8),
    'detectnet': lambda: seed.detectnet(width=4, size_hw=(256, 512)),
    'multiped': lambda: seed.detectnet(width=8, size_hw=(128, 256), classes=2),
    'fcn-alexnet-digits': lambda: seed.fcn_alexnet(width=8),
    'fcn-alexnet': lambda: seed.fcn_alexnet(width=8, size_hw=(512, 512), whole=False),
}

# Shapes of the outputs.
OUTPUTS = {
    **{name: {'prob': (1, 1000)} for name in NETWORKS},
    'googlenet-12': {'softmax': (1, 12)},
    'detectnet': {'coverage': (1, 1, 16, 32), 'bboxes': (1, 4, 16, 32)},
    'multiped': {'coverage': (1, 2, 8, 16), 'bboxes': (1, 4, 8, 16)},
    'fcn-alexnet-digits': {'score': (1, 21, 356, 500)},
    'fcn-alexnet': {'score_fr_21classes': (1, 21, 10, 10)},
}

# Operators that are left after norms are folded into convolutions.
RESNET_OPS = 'Add AveragePool Conv Gemm MaxPool Relu Reshape Softmax'
OPS = {
    'resnet-18': RESNET_OPS.replace('Average', 'GlobalAverage'),
    'resnet-50': RESNET_OPS,
    'resnet-101': RESNET_OPS,
    'resnet-152': RESNET_OPS,
    'inception-v4': 'AveragePool Concat Conv Gemm GlobalAveragePool MaxPool Relu Reshape Softmax',
    'detectnet': 'Add Concat Conv LRN MaxPool Relu Sigmoid',
}


def states(net):
    """Return the name that the converter gives to the result of each layer."""
    last = {top: name for name, top in net.wrote}
    return {name: top if last[top] == name else f'{top}@{name}' for name, top in net.wrote}


@pytest.mark.parametrize('name', NETWORKS)
def test_every_layer_and_the_whole_are_as_opencv_has_them(name, write):
    net = NETWORKS[name]()
    files = write(net.text, net.weights)
    names = states(net)
    shape = input_shapes(files[0])['data']
    # A network with its own transform takes pixels; others take values with a mean of 0.
    low, high = (0, 255) if 'power_param' in net.text else (-2, 2)
    rng = np.random.default_rng(1)
    image, other = (
        {'data': rng.uniform(low, high, shape).astype(np.float32)} for _ in ('one', 'other')
    )
    want = run_opencv(*files, image, dict(net.wrote))

    found = run_onnx(convert_caffe(*files, outputs=list(names.values())), image)
    errors = {layer: error_of(found[names[layer]], want[layer]) for layer in names}
    worst = max(errors, key=lambda layer: errors[layer])
    assert errors[worst] < 3e-5, worst

    # As in normal use: norms folded into convolutions, and only the outputs.
    model = convert_caffe(*files)
    whole = run_onnx(model, image)
    assert {output: values.shape for output, values in whole.items()} == OUTPUTS[name]
    by_top = {top: layer for layer, top in net.wrote}
    differs = run_onnx(model, other)
    for output, values in whole.items():
        assert error_of(values, want[by_top[output]]) < 3e-5, output
        # Otherwise equal results would prove nothing.
        assert error_of(values, differs[output]) > 1e-2, output
    if name in OPS:
        nodes = onnx.load_from_string(model).graph.node
        assert {node.op_type for node in nodes} == set(OPS[name].split())
