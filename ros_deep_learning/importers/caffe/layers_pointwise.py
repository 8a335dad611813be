# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Translate layers that work value by value, on one blob or on several of the same shape."""

from __future__ import annotations

import numpy as np

from ...errors import ConversionError
from .caffe_messages import enum_name
from .layer_context import Blob, LayerContext, Translator


def simple(op: str) -> Translator:
    """Return the translator of a layer without parameters that ONNX has too."""

    def translate(context: LayerContext) -> list[Blob]:
        return [context.emit(op, [context.input.name], context.input.shape)]

    return translate


def identity(context: LayerContext) -> list[Blob]:
    """Translate a layer that returns its bottom unchanged: Dropout in phase TEST, Split."""
    context.expect(1, None)
    # Forks have fields by which Dropout changes values in phase TEST, as scale_train.
    context.parameters('dropout_param')
    return [context.inputs[0]] * len(context.targets)


def relu(context: LayerContext) -> list[Blob]:
    """Translate a ReLU, with the slope negative_slope below 0."""
    slope = context.parameters('relu_param').negative_slope
    data = context.input
    if slope == 0:
        return [context.emit('Relu', [data.name], data.shape)]
    return [context.emit('LeakyRelu', [data.name], data.shape, alpha=slope)]


def prelu(context: LayerContext) -> list[Blob]:
    """Translate a PReLU: a learnt slope below 0, per channel or shared."""
    parameters = context.parameters('prelu_param')
    data = context.input
    channels = data.shape[context.axis(1)]
    count = 1 if parameters.channel_shared else channels
    (slopes,) = context.arrays((count,))
    shape = (count, *(1,) * (len(data.shape) - 2))
    name = context.keep('slopes', slopes.reshape(shape))
    return [context.emit('PRelu', [data.name, name], data.shape)]


def softmax(context: LayerContext) -> list[Blob]:
    """Translate a Softmax along one axis."""
    axis = context.axis(context.parameters('softmax_param').axis)
    data = context.input
    return [context.emit('Softmax', [data.name], data.shape, axis=axis)]


def power(context: LayerContext) -> list[Blob]:
    """Translate a Power: y = (shift + scale * x)^power, as in power_layer.cpp."""
    parameters = context.parameters('power_param')
    data = context.input
    if parameters.power == 0 or parameters.scale == 0:
        msg = 'power or scale is 0: the result would not depend on the image'
        raise ConversionError(msg)
    steps = [
        (op, value)
        for op, value, neutral in (
            ('Mul', parameters.scale, 1),
            ('Add', parameters.shift, 0),
            ('Pow', parameters.power, 1),
        )
        if value != neutral
    ]
    if not steps:
        return [data]
    name = data.name
    for number, (op, value) in enumerate(steps, 1):
        names = [name, context.keep(op.lower(), np.float32(value))]
        if number == len(steps):
            return [context.emit(op, names, data.shape)]
        name = context.emit_inner(f'after_{op.lower()}', op, names)
    raise AssertionError


def eltwise(context: LayerContext) -> list[Blob]:
    """Translate an Eltwise: product, sum with coefficients, or maximum."""
    parameters = context.parameters('eltwise_param')
    context.expect(None)
    operation = enum_name(parameters, 'operation')
    coefficients = list(parameters.coeff)
    shapes = [blob.shape for blob in context.inputs]
    if len(shapes) < 2 or len(set(shapes)) != 1:
        msg = f'expected two or more bottoms of one shape, got {str(shapes)[:200]}'
        raise ConversionError(msg)
    if coefficients and (operation != 'SUM' or len(coefficients) != len(shapes)):
        msg = f'{len(coefficients)} coeff for {len(shapes)} bottoms and {operation}'
        raise ConversionError(msg)
    names = [blob.name for blob in context.inputs]
    for number, coefficient in enumerate(coefficients):
        if coefficient != 1:
            factor = context.keep(f'coeff_{number}', np.float32(coefficient))
            names[number] = context.emit_inner(f'part_{number}', 'Mul', [names[number], factor])
    if operation == 'MAX':
        return [context.emit('Max', names, shapes[0])]
    op = 'Mul' if operation == 'PROD' else 'Add'
    # Two at a time: engines fuse this form with the convolution before it.
    for number in range(len(names) - 2):
        names[:2] = [context.emit_inner(f'first_{number + 2}', op, names[:2])]
    return [context.emit(op, names, shapes[0])]
