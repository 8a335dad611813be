# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the whole conversion: options, errors and malicious files."""

from __future__ import annotations

import contextlib

import architectures as seed
import numpy as np
import onnx
import pytest
from caffe_files import error_of, layer_text, random_images, run_onnx, run_opencv
from hypothesis import given
from hypothesis import strategies as st
from net_writer import NetWriter

from ros_deep_learning.errors import ConversionError
from ros_deep_learning.importers.caffe import CONVERTER_VERSION, convert_caffe


@pytest.fixture
def small(write):
    """A network with a convolution, a ReLU in place and two heads."""
    net = NetWriter('small', (8, 8))
    blob = net.relu('relu', net.conv('conv', 'data', 4, 3, pad=1))
    net.layer('Sigmoid', 'sig', net.conv('cvg', blob, 1, last=True), 'coverage')
    net.conv('bbox', blob, 4, top='bboxes', last=True)
    return write(net.text, net.weights)


def values(model, which):
    return {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for value in getattr(onnx.load_from_string(model).graph, which)
    }


def test_the_model_says_what_it_is(small):
    model = onnx.load_from_string(convert_caffe(*small))
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [('', 13)]
    assert (model.producer_name, model.producer_version) == (
        'ros_deep_learning',
        str(CONVERTER_VERSION),
    )
    onnx.checker.check_model(model, full_check=True)
    # The weights are initialisers, and not inputs as well.
    assert [value.name for value in model.graph.input] == ['data']
    used = {name for node in model.graph.node for name in node.input}
    assert {array.name for array in model.graph.initializer} <= used


def test_the_same_files_give_the_same_bytes(small):
    assert convert_caffe(*small) == convert_caffe(*small)


def test_inputs_and_outputs_bear_their_names_of_caffe(small):
    model = convert_caffe(*small)
    assert values(model, 'input') == {'data': (1, 3, 8, 8)}
    assert values(model, 'output') == {'coverage': (1, 1, 8, 8), 'bboxes': (1, 4, 8, 8)}


def test_outputs_come_in_the_order_asked_for(small):
    assert list(values(convert_caffe(*small, outputs=['bboxes', 'coverage']), 'output')) == [
        'bboxes',
        'coverage',
    ]


def test_every_state_of_a_blob_can_be_an_output(small):
    images = random_images({'data': (1, 3, 8, 8)})
    names = ['conv@conv', 'conv', 'cvg', 'bboxes']
    found = run_onnx(convert_caffe(*small, outputs=names), images)
    assert list(found) == names
    assert found['conv@conv'].min() < 0
    assert np.array_equal(found['conv'], np.maximum(found['conv@conv'], 0))


@pytest.mark.parametrize('shape', [(2, None, None, None), (3, 3, 16, 24), (1, 3, 8, 8)])
def test_batch_and_size_can_be_chosen(shape, small):
    model = convert_caffe(*small, input_shape=shape)
    want = tuple(old if new is None else new for new, old in zip(shape, (1, 3, 8, 8), strict=True))
    assert values(model, 'input') == {'data': want}
    assert values(model, 'output')['bboxes'] == (want[0], 4, *want[2:])
    images = random_images({'data': want})
    found = run_onnx(model, images)
    opencv = run_opencv(*small, images, {'bbox': 'bboxes'})
    assert error_of(found['bboxes'], opencv['bbox']) < 1e-5


@pytest.mark.parametrize('shape', [(1, 4, 8, 8), (1, 3, 8), (0, 3, 8, 8), (1, 3, -8, 8), ()])
def test_shapes_that_cannot_be_are_refused(shape, small):
    with pytest.raises(ConversionError, match=r'input shape .* cannot replace \(1, 3, 8, 8\)'):
        convert_caffe(*small, input_shape=shape)


def test_a_shape_for_two_inputs_is_refused(write):
    files = write(layer_text({'a': (1, 3), 'b': (1, 3)}, type='Eltwise'))
    with pytest.raises(ConversionError, match='expected one input, got 2'):
        convert_caffe(*files, input_shape=(2, 3))


def test_a_fixed_network_keeps_its_size(write):
    net = NetWriter('fixed', (4, 4))
    net.inner('fc', 'data', 5, pixels=16)
    files = write(net.text, net.weights)
    assert convert_caffe(*files, input_shape=(7, 3, 4, 4))
    with pytest.raises(ConversionError, match=r"layer 'fc' .* is the input size right"):
        convert_caffe(*files, input_shape=(1, 3, 5, 4))


@pytest.mark.parametrize('size', [1 << 20, 1 << 40, (1 << 63) - 1])
def test_an_input_beyond_all_reason_is_refused(size, small):
    with pytest.raises(ConversionError, match='is too large'):
        convert_caffe(*small, input_shape=(1, 3, size, size))


def test_a_result_beyond_all_reason_is_refused(write):
    net = NetWriter('wide', (4096, 4096), channels=1)
    net.layer('Concat', 'all', ['data'] * 17)
    with pytest.raises(ConversionError, match=r"layer 'all' .* its result would be of shape"):
        convert_caffe(*write(net.text))


@pytest.mark.parametrize(
    ('kind', 'reason'),
    [
        ('Python', 'delete this layer .* "cluster" in the DetectNet of DIGITS'),
        ('Data', 'reads data for training; use the deploy.prototxt'),
        ('ImageData', 'replace this layer by one of type "Input"'),
        ('SoftmaxWithLoss', 'is only for training'),
        ('Accuracy', 'is only for training'),
        ('ROIPooling', 'this type cannot be converted; supported are BatchNorm, Concat'),
        ('relu', 'this type cannot be converted'),
        ('', 'has no type; upgrade the file with upgrade_net_proto_text'),
        ('a"\nb' * 100, 'this type cannot be converted'),
    ],
)
def test_unknown_layers_are_refused_by_name_and_line(kind, reason, write):
    kind = kind.replace('"', '\\"').replace('\n', '\\n')
    files = write(
        'input: "data"\ninput_shape { dim: 1 dim: 3 }\n\n'
        f'layer {{\n name: "it"\n type: "{kind}" bottom: "data" top: "out"\n}}'
    )
    with pytest.raises(ConversionError, match=reason) as caught:
        convert_caffe(*files)
    assert "deploy.prototxt: line 4: layer 'it' of type '" in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('kind', ['SOFTMAX_LOSS', 'IMAGE_DATA', 'ABSVAL', 'NONE'])
def test_unknown_layers_of_the_old_form_are_refused(kind, write):
    text = 'input: "data" input_dim: [1, 1, 1, 1] layers { name: "it" bottom: "data" top: "out" '
    with pytest.raises(ConversionError, match=f"layer 'it' of type '{kind}'"):
        convert_caffe(*write(text + f'type: {kind} }}'))


def test_the_cluster_layer_of_digits_is_left_out_where_outputs_are_named(write):
    net = seed.detectnet(width=16, size_hw=(64, 64))
    cluster = (
        'layer { type: "Python" name: "cluster" bottom: "coverage" bottom: "bboxes" '
        'top: "bbox-list" python_param { module: "caffe.layers.detectnet.clustering" '
        'layer: "ClusterDetections" param_str: "640, 640, 16, 0.6, 2, 0.02, 22, 1" } '
        'include: { phase: TEST } }'
    )
    files = write(net.text + cluster, net.weights)
    with pytest.raises(ConversionError, match="layer 'cluster' of type 'Python': runs Python"):
        convert_caffe(*files)
    model = convert_caffe(*files, outputs=['coverage', 'bboxes'])
    assert values(model, 'output') == {'coverage': (1, 1, 4, 4), 'bboxes': (1, 4, 4, 4)}


def test_the_deploy_transform_stays(write):
    net = seed.detectnet(width=16, size_hw=(64, 64))
    files = write(net.text, net.weights)
    images = random_images({'data': (1, 3, 64, 64)})
    found = run_onnx(convert_caffe(*files, outputs=['transformed_data']), images)
    np.testing.assert_array_equal(found['transformed_data'], images['data'] - 127)


V1 = """name: "old"
input: "data" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 9
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1 blobs_lr: 2
         weight_decay: 1 convolution_param { num_output: 4 kernel_size: 3 pad: 1 stride: 2 } }
layers { name: "relu" type: RELU bottom: "conv" top: "conv" }
layers { name: "pool" type: POOLING bottom: "conv" top: "pool"
         pooling_param { pool: AVE kernel_size: 2 stride: 2 } }
layers { name: "norm" type: LRN bottom: "pool" top: "norm" lrn_param { alpha: 0.1 } }
layers { name: "fc" type: INNER_PRODUCT bottom: "norm" top: "fc"
         inner_product_param { num_output: 6 } }
layers { name: "drop" type: DROPOUT bottom: "fc" top: "fc" }
layers { name: "prob" type: SOFTMAX bottom: "fc" top: "prob" }
"""


def test_the_old_form_is_as_in_opencv(write):
    rng = np.random.default_rng(0)
    shapes = {'conv': [(4, 3, 3, 3), (4,)], 'fc': [(6, 36), (6,)]}
    weights = {name: [rng.normal(0, 1, s) for s in of] for name, of in shapes.items()}
    files = write(V1, weights, v1=True, old_sizes=True)
    images = random_images({'data': (1, 3, 9, 9)})
    names = {'conv': 'conv@conv', 'relu': 'conv', 'pool': 'pool', 'norm': 'norm', 'fc': 'fc@fc'}
    names['prob'] = 'prob'
    found = run_onnx(convert_caffe(*files, outputs=list(names.values())), images)
    want = run_opencv(*files, images, names)
    for layer, name in names.items():
        assert error_of(found[name], want[layer]) < 2e-5, layer


def test_files_that_do_not_belong_together_are_named(small, write, tmp_path):
    net = NetWriter('other', (8, 8))
    net.conv('conv', 'data', 5, 3)
    text = tmp_path / 'other.prototxt'
    text.write_text(net.text)
    with pytest.raises(ConversionError, match=r'do the files belong together') as caught:
        convert_caffe(text, small[1])
    assert "other.prototxt: line 3: layer 'conv' of type 'Convolution'" in str(caught.value)


def test_progress_may_give_up(small):
    told = []
    convert_caffe(*small, progress=lambda stage, share: told.append((stage, share)))
    assert told[:2] == [('reading deploy.prototxt', None), ('reading net.caffemodel', None)]
    assert told[2] == ('converting to ONNX', 0.0)
    assert told[-1] == ('checking the ONNX network', None)

    def give_up(stage, share):
        if share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert_caffe(*small, progress=give_up)


def test_names_that_meet_are_an_error(write):
    text = (
        'input: "data" input_shape { dim: 1 dim: 3 }'
        'layer { name: "a" type: "Power" bottom: "data" top: "a:add" power_param { shift: 1 } }'
        'layer { name: "b" type: "Power" bottom: "a:add" top: "a" power_param { shift: 2 } }'
    )
    with pytest.raises(ConversionError, match="two tensors would have the name 'a:add'"):
        convert_caffe(*write(text))
    clash = text.replace('"data"', '"a:add"').replace('top: "a:add"', 'top: "c"')
    clash = clash.replace('bottom: "a:add" top: "a"', 'bottom: "c" top: "a"')
    with pytest.raises(ConversionError, match='cannot be converted'):
        convert_caffe(*write(clash))


@pytest.fixture(scope='module')
def pieces(tmp_path_factory):
    from caffe_files import caffemodel

    net = NetWriter('fuzz', (9, 9), seed=4)
    blob = net.norm('bn', 'scale', net.conv('conv', 'data', 4, 3, pad=1, group=1))
    pooled = net.pool('pool', net.lrn('norm', net.relu('relu', blob)), 3, 2, 1, 'AVE')
    net.layer('Crop', 'crop', [net.deconv('up', pooled, 4, 4, stride=2, group=4), blob])
    blob = net.inner('fc', net.concat('cat', ['crop', 'crop']), 6, pixels=81)
    net.layer('Softmax', 'prob', blob)
    return net.text, caffemodel(net.weights), tmp_path_factory.mktemp('fuzz')


@given(st.data())
def test_altered_texts_end_in_a_sound_model_or_no_other_error(pieces, data):
    text, weights, folder = pieces
    words = text.split(' ')
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(words) - 1))
        new = st.sampled_from(
            ['', '{', '}', '0', '-1', '3', '99999999999', '1e30', 'nan', '"data"', '"conv"', 'MAX',
             'kernel_size:', 'stride:', 'top:', 'bottom:', 'axis:', 'dim:', '\x00', *words]
        )  # fmt: skip
        words[at] = data.draw(new)
    prototxt, caffemodel = folder / 'a.prototxt', folder / 'a.caffemodel'
    prototxt.write_text(' '.join(words))
    caffemodel.write_bytes(weights)
    with contextlib.suppress(ConversionError):
        model = convert_caffe(prototxt, caffemodel)
        onnx.checker.check_model(onnx.load_from_string(model), full_check=True)
