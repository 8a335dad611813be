# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The architectures of the seed's Caffe networks, as their prototxts have them, layer by layer.

Widths can be divided, so that tests are quick; the layers and their wiring are the real ones.
"""

from __future__ import annotations

from net_writer import NetWriter


def alexnet(*, width=1):
    """bvlc_alexnet of BVLC/caffe."""
    net = NetWriter('AlexNet', (227, 227), width=width, form='layer')
    blob = net.relu('relu1', net.conv('conv1', 'data', 96, 11, stride=4))
    blob = net.pool('pool1', net.lrn('norm1', blob), 3, 2)
    blob = net.relu('relu2', net.conv('conv2', blob, 256, 5, pad=2, group=2))
    blob = net.pool('pool2', net.lrn('norm2', blob), 3, 2)
    blob = net.relu('relu3', net.conv('conv3', blob, 384, 3, pad=1))
    blob = net.relu('relu4', net.conv('conv4', blob, 384, 3, pad=1, group=2))
    blob = net.relu('relu5', net.conv('conv5', blob, 256, 3, pad=1, group=2))
    blob = net.pool('pool5', blob, 3, 2)
    blob = net.dropout('drop6', net.relu('relu6', net.inner('fc6', blob, 4096, pixels=36)))
    blob = net.dropout('drop7', net.relu('relu7', net.inner('fc7', blob, 4096)))
    net.layer('Softmax', 'prob', net.inner('fc8', blob, 1000, last=True))
    return net


def vgg(depth, *, width=1):
    """VGG_ILSVRC_16_layers and VGG_ILSVRC_19_layers of the VGG group."""
    net = NetWriter(f'VGG-{depth}', (224, 224), width=width, form='input_dim')
    blob = 'data'
    per_stage = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}[depth]
    for stage, (count, channels) in enumerate(
        zip(per_stage, (64, 128, 256, 512, 512), strict=True), 1
    ):
        for number in range(1, count + 1):
            blob = net.conv(f'conv{stage}_{number}', blob, channels, 3, pad=1)
            blob = net.relu(f'relu{stage}_{number}', blob)
        blob = net.pool(f'pool{stage}', blob, 2, 2)
    blob = net.dropout('drop6', net.relu('relu6', net.inner('fc6', blob, 4096, pixels=49)))
    blob = net.dropout('drop7', net.relu('relu7', net.inner('fc7', blob, 4096)))
    net.layer('Softmax', 'prob', net.inner('fc8', blob, 1000, last=True))
    return net


_INCEPTION = {  # 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection
    '3a': (64, 96, 128, 16, 32, 32),
    '3b': (128, 128, 192, 32, 96, 64),
    '4a': (192, 96, 208, 16, 48, 64),
    '4b': (160, 112, 224, 24, 64, 64),
    '4c': (128, 128, 256, 24, 64, 64),
    '4d': (112, 144, 288, 32, 64, 64),
    '4e': (256, 160, 320, 32, 128, 128),
    '5a': (256, 160, 320, 32, 128, 128),
    '5b': (384, 192, 384, 48, 128, 128),
}


def _inception(net, name, bottom):
    one, three_reduce, three, five_reduce, five, projection = _INCEPTION[name]
    prefix = f'inception_{name}/'

    def conv(label, source, channels, kernel=1, **fields):
        blob = net.conv(f'{prefix}{label}', source, channels, kernel, **fields)
        return net.relu(f'{prefix}relu_{label}', blob)

    branches = [
        conv('1x1', bottom, one),
        conv('3x3', conv('3x3_reduce', bottom, three_reduce), three, 3, pad=1),
        conv('5x5', conv('5x5_reduce', bottom, five_reduce), five, 5, pad=2),
        conv('pool_proj', net.pool(f'{prefix}pool', bottom, 3, 1, 1), projection),
    ]
    return net.concat(f'{prefix}output', branches)


def _googlenet_body(net, blob, *, last_pool):
    blob = net.conv('conv1/7x7_s2', blob, 64, 7, stride=2, pad=3)
    blob = net.pool('pool1/3x3_s2', net.relu('conv1/relu_7x7', blob), 3, 2)
    blob = net.conv('conv2/3x3_reduce', net.lrn('pool1/norm1', blob), 64)
    blob = net.conv('conv2/3x3', net.relu('conv2/relu_3x3_reduce', blob), 192, 3, pad=1)
    blob = net.lrn('conv2/norm2', net.relu('conv2/relu_3x3', blob))
    blob = net.pool('pool2/3x3_s2', blob, 3, 2)
    for name in _INCEPTION:
        blob = _inception(net, name, blob)
        if name == '3b':
            blob = net.pool('pool3/3x3_s2', blob, 3, 2)
        elif name == '4e' and last_pool:
            blob = net.pool('pool4/3x3_s2', blob, 3, 2)
    return blob


def googlenet(*, width=1, classes=1000, output='prob'):
    """bvlc_googlenet of BVLC/caffe; that of DIGITS has the output 'softmax'."""
    net = NetWriter('GoogleNet', (224, 224), width=width, form='layer')
    blob = _googlenet_body(net, 'data', last_pool=True)
    blob = net.dropout('pool5/drop_7x7_s1', net.pool('pool5/7x7_s1', blob, 7, 1, method='AVE'))
    net.layer('Softmax', output, net.inner('loss3/classifier', blob, classes, last=True))
    return net


def detectnet(*, size_hw=(512, 1024), classes=1, width=1):
    """DetectNet of NVIDIA/DIGITS: GoogLeNet without its last pool, at a stride of 16."""
    net = NetWriter('DetectNet', size_hw, width=width, form='layer')
    blob = net.layer(
        'Power', 'deploy_transform', 'data', 'transformed_data', power_param={'shift': -127}
    )
    blob = _googlenet_body(net, blob, last_pool=False)
    blob = net.layer('Dropout', 'pool5/drop_s1', blob, dropout_param={'dropout_ratio': 0.4})
    net.layer(
        'Sigmoid', 'coverage/sig', net.conv('cvg/classifier', blob, classes, last=True), 'coverage'
    )
    # One box a cell, which DIGITS' networks for several classes share between them.
    net.conv('bbox/regressor', blob, 4, top='bboxes', last=True)
    return net


def resnet(depth, *, width=1):
    """ResNet-50, -101 and -152 of KaimingHe/deep-residual-networks, 18 of soeaver/caffe-model."""
    net = NetWriter(f'ResNet-{depth}', (224, 224), width=width, form='input_dim')
    blob = net.conv('conv1', 'data', 64, 7, stride=2, pad=3, bias=depth == 50)
    blob = net.relu('conv1_relu', net.norm('bn_conv1', 'scale_conv1', blob))
    if depth == 18:
        blob = net.pool('pool1', blob, 3, 2, 1, ceil_mode=False)
    else:
        blob = net.pool('pool1', blob, 3, 2)
    counts = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}[depth]
    for stage, count in enumerate(counts, 2):
        for number in range(count):
            if depth > 50 and stage in (3, 4):
                label = 'a' if number == 0 else f'b{number}'
            else:
                label = 'abcdef'[number]
            stride = 2 if number == 0 and stage > 2 else 1
            block = _basic_block if depth == 18 else _bottleneck
            blob = block(net, f'{stage}{label}', blob, 64 << (stage - 2), stride, number == 0)
    if depth == 18:
        blob = net.pool('pool5', blob, method='AVE', global_pooling=True)
    else:
        blob = net.pool('pool5', blob, 7, 1, method='AVE')
    net.layer('Softmax', 'prob', net.inner('fc1000', blob, 1000, last=True))
    return net


def _branch(net, label, bottom, channels, kernel=1, **fields):
    blob = net.conv(f'res{label}', bottom, channels, kernel, bias=False, **fields)
    # Values would grow from sum to sum, as trained ones do not.
    gain = 1 if label.endswith('branch1') else 0.5
    return net.norm(f'bn{label}', f'scale{label}', blob, gain=gain)


def _bottleneck(net, label, bottom, channels, stride, is_first):
    shortcut = bottom
    if is_first:
        shortcut = _branch(net, f'{label}_branch1', bottom, 4 * channels, stride=stride)
    blob = _branch(net, f'{label}_branch2a', bottom, channels, stride=stride)
    blob = net.relu(f'res{label}_branch2a_relu', blob)
    blob = _branch(net, f'{label}_branch2b', blob, channels, 3, pad=1)
    blob = net.relu(f'res{label}_branch2b_relu', blob)
    blob = _branch(net, f'{label}_branch2c', blob, 4 * channels)
    return net.relu(f'res{label}_relu', net.layer('Eltwise', f'res{label}', [shortcut, blob]))


def _basic_block(net, label, bottom, channels, stride, _):
    shortcut = bottom
    if stride == 2:
        shortcut = _branch(net, f'{label}_branch1', bottom, channels, stride=stride)
    blob = _branch(net, f'{label}_branch2a', bottom, channels, 3, pad=1, stride=stride)
    blob = net.relu(f'res{label}_branch2a_relu', blob)
    blob = _branch(net, f'{label}_branch2b', blob, channels, 3, pad=1)
    return net.relu(f'res{label}_relu', net.layer('Eltwise', f'res{label}', [shortcut, blob]))


def fcn_alexnet(*, size_hw=(356, 500), width=1, whole=True):
    """FCN-AlexNet of NVIDIA/DIGITS; not whole as upstream has it: no pad, upsampling and crop."""
    net = NetWriter('FCN-AlexNet', size_hw, width=width)
    blob = net.layer('Power', 'shift', 'data', 'data_preprocessed', power_param={'shift': -116.0})
    blob = net.conv('conv1', blob, 96, 11, pad=100 if whole else 0, stride=4)
    blob = net.lrn('norm1', net.pool('pool1', net.relu('relu1', blob), 3, 2))
    blob = net.relu('relu2', net.conv('conv2', blob, 256, 5, pad=2, group=2))
    blob = net.lrn('norm2', net.pool('pool2', blob, 3, 2))
    blob = net.relu('relu3', net.conv('conv3', blob, 384, 3, pad=1))
    blob = net.relu('relu4', net.conv('conv4', blob, 384, 3, pad=1, group=2))
    blob = net.relu('relu5', net.conv('conv5', blob, 256, 3, pad=1, group=2))
    blob = net.conv('fc6', net.pool('pool5', blob, 3, 2), 4096, 6)
    blob = net.dropout('drop6', net.relu('relu6', blob))
    blob = net.dropout('drop7', net.relu('relu7', net.conv('fc7', blob, 4096)))
    blob = net.conv('score_fr_21classes', blob, 21, last=True)
    if whole:
        blob = net.deconv('upscore_21classes', blob, 21, 63, stride=32, group=21)
        net.layer('Crop', 'score', [blob, 'data'], crop_param={'axis': 2, 'offset': 18})
    return net


def inception_v4(*, width=1):
    """inception-v4 of soeaver/caffe-model."""
    net = NetWriter('Inception-v4', (299, 299), width=width)

    def conv(name, bottom, channels, kernel=1, **fields):
        blob = net.conv(name, bottom, channels, kernel, bias=False, **fields)
        # So that values keep their size through seventy layers.
        blob = net.norm(f'{name}_bn', f'{name}_scale', blob, gain=1.3, eps=0.001)
        return net.relu(f'{name}_relu', blob)

    def wide(name, bottom, channels):
        return conv(name, bottom, channels, (1, 7), pad=(0, 3))

    def tall(name, bottom, channels):
        return conv(name, bottom, channels, (7, 1), pad=(3, 0))

    blob = conv('conv1_3x3_s2', 'data', 32, 3, stride=2)
    blob = conv('conv3_3x3_s1', conv('conv2_3x3_s1', blob, 32, 3), 64, 3, pad=1)
    strided = conv('inception_stem1_3x3_s2', blob, 96, 3, stride=2)
    pooled = net.pool('inception_stem1_pool', blob, 3, 2)
    blob = net.concat('inception_stem1', [pooled, strided])
    left = conv('inception_stem2_3x3', conv('inception_stem2_3x3_reduce', blob, 64), 96, 3)
    right = conv('inception_stem2_1x7_reduce', blob, 64)
    right = tall('inception_stem2_7x1', wide('inception_stem2_1x7', right, 64), 64)
    right = conv('inception_stem2_3x3_2', right, 96, 3)
    blob = net.concat('inception_stem2', [left, right])
    strided = conv('inception_stem3_3x3_s2', blob, 192, 3, stride=2)
    blob = net.concat('inception_stem3', [strided, net.pool('inception_stem3_pool', blob, 3, 2)])
    for number in range(1, 5):
        p = f'inception_a{number}_'
        one = conv(f'{p}1x1_2', blob, 96)
        three = conv(f'{p}3x3', conv(f'{p}3x3_reduce', blob, 64), 96, 3, pad=1)
        double = conv(f'{p}3x3_2', conv(f'{p}3x3_2_reduce', blob, 64), 96, 3, pad=1)
        double = conv(f'{p}3x3_3', double, 96, 3, pad=1)
        pooled = conv(f'{p}1x1', net.pool(f'{p}pool_ave', blob, 3, 1, 1, 'AVE'), 96)
        blob = net.concat(f'{p}concat', [one, three, double, pooled])
    strided = conv('reduction_a_3x3', blob, 384, 3, stride=2)
    double = conv('reduction_a_3x3_2', conv('reduction_a_3x3_2_reduce', blob, 192), 224, 3, pad=1)
    double = conv('reduction_a_3x3_3', double, 256, 3, stride=2)
    pooled = net.pool('reduction_a_pool', blob, 3, 2)
    blob = net.concat('reduction_a_concat', [strided, double, pooled])
    for number in range(1, 8):
        p = f'inception_b{number}_'
        one = conv(f'{p}1x1_2', blob, 384)
        cross = wide(f'{p}1x7', conv(f'{p}1x7_reduce', blob, 192), 224)
        cross = tall(f'{p}7x1', cross, 256)
        double = tall(f'{p}7x1_2', conv(f'{p}7x1_2_reduce', blob, 192), 192)
        double = tall(f'{p}7x1_3', wide(f'{p}1x7_2', double, 224), 224)
        double = wide(f'{p}1x7_3', double, 256)
        pooled = conv(f'{p}1x1', net.pool(f'{p}pool_ave', blob, 3, 1, 1, 'AVE'), 128)
        blob = net.concat(f'{p}concat', [one, cross, double, pooled])
    strided = conv('reduction_b_3x3', conv('reduction_b_3x3_reduce', blob, 192), 192, 3, stride=2)
    cross = wide('reduction_b_1x7', conv('reduction_b_1x7_reduce', blob, 256), 256)
    cross = conv('reduction_b_3x3_2', tall('reduction_b_7x1', cross, 320), 320, 3, stride=2)
    pooled = net.pool('reduction_b_pool', blob, 3, 2)
    blob = net.concat('reduction_b_concat', [strided, cross, pooled])
    for number in range(1, 4):
        p = f'inception_c{number}_'
        parts = [conv(f'{p}1x1_2', blob, 256)]
        fork = conv(f'{p}1x1_3', blob, 384)
        parts.append(conv(f'{p}1x3', fork, 256, (1, 3), pad=(0, 1)))
        parts.append(conv(f'{p}3x1', fork, 256, (3, 1), pad=(1, 0)))
        fork = conv(f'{p}3x1_2', conv(f'{p}1x1_4', blob, 384), 448, (3, 1), pad=(1, 0))
        fork = conv(f'{p}1x3_2', fork, 512, (1, 3), pad=(0, 1))
        parts.append(conv(f'{p}1x3_3', fork, 256, (1, 3), pad=(0, 1)))
        parts.append(conv(f'{p}3x1_3', fork, 256, (3, 1), pad=(1, 0)))
        parts.append(conv(f'{p}1x1', net.pool(f'{p}pool_ave', blob, 3, 1, 1, 'AVE'), 256))
        blob = net.concat(f'{p}concat', parts)
    blob = net.pool('pool_8x8_s1', blob, method='AVE', global_pooling=True)
    blob = net.layer('Dropout', 'pool_8x8_s1_drop', blob, dropout_param={'dropout_ratio': 0.2})
    net.layer('Softmax', 'prob', net.inner('classifier', blob, 1000, last=True))
    return net
