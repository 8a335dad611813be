# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write true caffemodel files, and run networks through ONNX Runtime and OpenCV."""

from __future__ import annotations

import functools

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from net_writer import text_of

from ros_deep_learning.importers.caffe import convert_caffe

# Message, field, number, type and whether repeated, as in caffe.proto of BVLC/caffe; the raw
# data of a blob as in that of NVIDIA/caffe.
_FIELDS = """
BlobShape dim 1 int64 packed
BlobProto num 1 int32 -
BlobProto channels 2 int32 -
BlobProto height 3 int32 -
BlobProto width 4 int32 -
BlobProto data 5 float packed
BlobProto diff 6 float packed
BlobProto shape 7 BlobShape -
BlobProto double_data 8 double packed
BlobProto raw_data_type 10 int32 -
BlobProto raw_data 12 bytes -
LayerParameter name 1 string -
LayerParameter type 2 string -
LayerParameter bottom 3 string repeated
LayerParameter blobs 7 BlobProto repeated
LayerParameter phase 10 int32 -
V1LayerParameter bottom 2 string repeated
V1LayerParameter name 4 string -
V1LayerParameter type 5 int32 -
V1LayerParameter blobs 6 BlobProto repeated
V1LayerParameter blobs_lr 7 float repeated
NetParameter name 1 string -
NetParameter layers 2 V1LayerParameter repeated
NetParameter layer 100 LayerParameter repeated
"""


@functools.cache
def network_message():
    """The class of a NetParameter with the true field numbers."""
    types = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name='t.proto', package='t', syntax='proto2')
    messages = {}
    for line in _FIELDS.split('\n')[1:-1]:
        message, name, number, kind, form = line.split()
        if message not in messages:
            messages[message] = file.message_type.add(name=message)
        label = types.LABEL_OPTIONAL if form == '-' else types.LABEL_REPEATED
        field = messages[message].field.add(name=name, number=int(number), label=label)
        field.options.packed = form == 'packed'
        if kind in messages:
            field.type, field.type_name = types.TYPE_MESSAGE, f'.t.{kind}'
        else:
            field.type = getattr(types, f'TYPE_{kind.upper()}')
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName('t.NetParameter'))


_RAW_TYPES = {'float64': 0, 'float32': 1, 'float16': 2}


def caffemodel(weights, *, v1=False, old_sizes=False, doubles=False, diff=False, raw=None):
    """Serialise {layer: [array, ...]} as Caffe's snapshot does, or as old versions of it did.

    With the name of a type as ``raw``, as NVIDIA/caffe does.
    """
    net = network_message()(name='random')
    for name, arrays in weights.items():
        layer = (net.layers if v1 else net.layer).add(name=name)
        layer.bottom.append('data')
        if v1:
            layer.type = 4
            layer.blobs_lr.extend([1, 2])
        else:
            layer.type = 'Convolution'
            layer.phase = 1
        for array in arrays:
            blob = layer.blobs.add()
            if old_sizes:
                sizes = (1,) * (4 - array.ndim) + array.shape
                blob.num, blob.channels, blob.height, blob.width = sizes
            else:
                blob.shape.dim.extend(array.shape)
            if raw is None:
                (blob.double_data if doubles else blob.data).extend(array.ravel().tolist())
            else:
                blob.raw_data_type = _RAW_TYPES[raw]
                blob.raw_data = array.astype(raw).tobytes()
            if diff:
                blob.diff.extend([7.0] * array.size)
    return net.SerializeToString()


def write_caffemodel(path, weights, **form):
    path.write_bytes(caffemodel(weights, **form))


def run_onnx(model, images):
    """All outputs of an ONNX model by name, on one thread's worth of ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    # The graph as it is: what the runtime would fuse is not what is under test.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=['CPUExecutionProvider'])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, images), strict=True))


def run_opencv(prototxt, caffemodel, images, layers):
    """The results of layers, given with their tops, from OpenCV's own importer."""
    import cv2

    net = cv2.dnn.readNetFromCaffe(str(prototxt), str(caffemodel))
    net.enableFusion(False)
    net.enableWinograd(False)
    for name, image in images.items():
        net.setInput(image, name)
    # OpenCV names a layer's result by the layer, but by its top for the last of a network.
    known = set(net.getLayerNames())
    names = [layer if layer in known else top for layer, top in layers.items()]
    return dict(zip(layers, [np.array(out) for out in net.forward(names)], strict=True))


def layer_text(inputs, **layer):
    """A network of inputs, given by name with their shapes, and one layer that reads them all."""
    text = [text_of(input=name, input_shape={'dim': shape}) for name, shape in inputs.items()]
    layer = {'name': 'it', 'bottom': list(inputs), 'top': 'out', **layer}
    return '\n'.join([*text, text_of(layer=layer)])


def random_images(inputs, seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(0, 2, shape).astype(np.float32) for name, shape in inputs.items()}


def random_arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(0, 1, shape).astype(np.float32) for shape in shapes]


def run_layer(write, inputs, *shapes, opencv=True, **layer):
    """Run one layer, with random arrays of shapes, on random images.

    Gives its ONNX result, OpenCV's (or None), the images and the arrays.
    """
    images, arrays = random_images(inputs), random_arrays(*shapes)
    files = write(layer_text(inputs, **layer), {'it': arrays})
    found = run_onnx(convert_caffe(*files), images)['out']
    want = run_opencv(*files, images, {'it': 'out'})['it'] if opencv else None
    return found, want, images, arrays


def error_of(found, want):
    """The greatest difference, as a share of the greatest value."""
    assert found.shape == want.shape
    assert np.isfinite(want).all()
    return np.abs(found - want).max() / max(np.abs(want).max(), 1e-6)
