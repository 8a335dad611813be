# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Read the layers and inputs of a deployed network from its prototxt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ...errors import ConversionError
from .caffe_messages import enum_name
from .prototxt import LayerText, Prototxt, read_prototxt

Shape = tuple[int, ...]

# Current names of the V1 layer types, from upgrade_proto.cpp of BVLC/caffe. Other types are only
# for training, or have no translation here: they keep their old names.
_NEW_TYPES = {
    'CONCAT': 'Concat',
    'CONVOLUTION': 'Convolution',
    'DATA': 'Data',
    'DECONVOLUTION': 'Deconvolution',
    'DROPOUT': 'Dropout',
    'DUMMY_DATA': 'DummyData',
    'ELTWISE': 'Eltwise',
    'FLATTEN': 'Flatten',
    'INNER_PRODUCT': 'InnerProduct',
    'LRN': 'LRN',
    'POOLING': 'Pooling',
    'POWER': 'Power',
    'RELU': 'ReLU',
    'SIGMOID': 'Sigmoid',
    'SLICE': 'Slice',
    'SOFTMAX': 'Softmax',
    'SPLIT': 'Split',
    'TANH': 'TanH',
}

# DIGITS uses this stage for layers that only deployed networks have.
_DEPLOY_STAGE = 'deploy'


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a deployed network.

    Attributes:
        name: Name, which also identifies its weights in the caffemodel.
        kind: Type, by its current name.
        bottoms: Names of the blobs that it reads.
        tops: Names of the blobs that it writes; one that it also reads is changed in place.
        message: Its message, with the messages of its parameters.
        text: Its position in the file, and the fields it sets.
    """

    name: str
    kind: str
    bottoms: tuple[str, ...]
    tops: tuple[str, ...]
    message: Any
    text: LayerText

    def __str__(self) -> str:
        return f'line {self.text.line}: layer {shown(self.name)} of type {shown(self.kind)}'


@dataclass(frozen=True, slots=True)
class Network:
    """A deployed network.

    Attributes:
        path: The prototxt.
        inputs: Shapes of the inputs by blob name, as declared in the prototxt.
        layers: The layers in order, without the inputs.
    """

    path: Path
    inputs: dict[str, Shape]
    layers: tuple[Layer, ...]


def shown(name: str) -> str:
    """Return a name for error texts: quoted, on one line and of limited length."""
    return repr(name if len(name) <= 80 else f'{name[:80]}...')


def input_shapes(prototxt: Path) -> dict[str, Shape]:
    """Return the shapes of a network's inputs by name, e.g. {'data': (1, 3, 224, 224)}.

    Raises:
        ConversionError: The file is not a prototxt, or its network is not valid.
    """
    return read_network(prototxt).inputs


def read_network(path: Path) -> Network:
    """Read the network of a prototxt in phase TEST, level 0 and stage deploy.

    Raises:
        ConversionError: The file is not a prototxt, or its network is not valid; the message
            names the line.
    """
    prototxt = read_prototxt(path)
    inputs = _legacy_inputs(prototxt)
    layers: list[Layer] = []
    names: set[str] = set()
    for message, text in prototxt.layers:
        layer = _layer(message, text)
        if not _is_deployed(prototxt, layer):
            continue
        if layer.name in names:
            _refuse(path, layer, 'there is another layer of this name; rename one of them')
        names.add(layer.name)
        if layer.kind in ('Input', 'DummyData'):
            shapes = _input_shapes(path, layer)
            if inputs.keys() & shapes.keys() or len(shapes) < len(layer.tops):
                _refuse(path, layer, 'there is another input of this name; rename one of them')
            inputs.update(shapes)
        else:
            layers.append(layer)
    for name, shape in inputs.items():
        if not name or not shape or min(shape) < 1:
            msg = f'{path}: input {shown(name)} has the shape {shape[:8]}: refused'
            raise ConversionError(msg)
    return Network(path, inputs, tuple(layers))


def _layer(message: Any, text: LayerText) -> Layer:
    kind = message.type
    if not isinstance(kind, str):
        old = enum_name(message, 'type')
        kind = _NEW_TYPES.get(old, old)
    return Layer(message.name, kind, tuple(message.bottom), tuple(message.top), message, text)


def _is_deployed(prototxt: Prototxt, layer: Layer) -> bool:
    include, exclude = layer.message.include, layer.message.exclude
    if include and exclude:
        _refuse(prototxt.path, layer, 'has both include and exclude; Caffe accepts only one')
    state = prototxt.message.state
    stages = {_DEPLOY_STAGE, *state.stage}
    if include:
        return _any_met(include, state.level, stages)
    return not _any_met(exclude, state.level, stages)


def _any_met(rules: Iterable[Any], level: int, stages: set[str]) -> bool:
    """Return whether a network meets one of the rules, as in Net::StateMeetsRule of net.cpp."""
    return any(
        not (
            (rule.HasField('phase') and enum_name(rule, 'phase') != 'TEST')
            or (rule.HasField('min_level') and level < rule.min_level)
            or (rule.HasField('max_level') and level > rule.max_level)
            or not stages.issuperset(rule.stage)
            or not stages.isdisjoint(rule.not_stage)
        )
        for rule in rules
    )


def _legacy_inputs(prototxt: Prototxt) -> dict[str, Shape]:
    """Return the inputs that are declared outside of layers."""
    message = prototxt.message
    names = list(message.input)
    shapes = [tuple(shape.dim) for shape in message.input_shape]
    dims = list(message.input_dim)
    if not shapes:
        shapes = [tuple(dims[i : i + 4]) for i in range(0, len(dims) - 3, 4)]
    is_whole = not dims or len(dims) == 4 * len(names)
    if len(set(names)) != len(names) or len(shapes) != len(names) or not is_whole:
        msg = (
            f'{prototxt.path}: {len(names)} inputs with {len(shapes)} shapes'
            f'{f" and {len(dims)} input_dim" if dims else ""}; give each "input" '
            'its own name and an "input_shape" (or four "input_dim")'
        )
        raise ConversionError(msg)
    return dict(zip(names, shapes, strict=True))


def _input_shapes(path: Path, layer: Layer) -> dict[str, Shape]:
    if layer.kind == 'Input':
        shapes = [tuple(shape.dim) for shape in layer.message.input_param.shape]
    else:
        parameters = layer.message.dummy_data_param
        shapes = [tuple(shape.dim) for shape in parameters.shape]
        if not shapes:
            sizes = (parameters.num, parameters.channels, parameters.height, parameters.width)
            shapes = [tuple(shape) for shape in zip(*sizes, strict=False)]
    if len(shapes) == 1:
        shapes *= len(layer.tops)
    if not layer.tops or len(shapes) != len(layer.tops):
        _refuse(
            path,
            layer,
            f'{len(layer.tops)} tops with {len(shapes)} shapes; give one shape per top',
        )
    return dict(zip(layer.tops, shapes, strict=True))


def _refuse(path: Path, layer: Layer, reason: str) -> NoReturn:
    msg = f'{path}: {layer}: {reason}'
    raise ConversionError(msg)
