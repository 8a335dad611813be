# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Parse a prototxt, with the line of each layer and the names of the fields that it sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConversionError
from ...text import one_line
from .caffe_messages import network_class

MAX_BYTES = 2 * 1024 * 1024
"""Size of a prototxt; that of ResNet-152 has 76 KiB."""

MAX_LAYERS = 10_000

# The schema is four deep; deeper is only what it does not know, which the parser skips
# recursively.
_MAX_DEPTH = 16

_TOKEN = re.compile(
    r"""(?P<newline>\n) | (?P<comment>\#[^\n]*)
    | (?P<string>"(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?)
    | (?P<number>[\d.][\w.+-]*) | (?P<word>[A-Za-z_]\w*)
    | (?P<open>[{<\[]) | (?P<close>[}>\]]) | (?P<colon>:)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class LayerText:
    """Where a layer stands in the text, and what it sets.

    Attributes:
        line: The line of its opening, counted from 1.
        fields: 'message.field' of all that is set in the messages inside it.
    """

    line: int
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prototxt:
    """A parsed prototxt.

    Attributes:
        path: The file.
        message: Its message, a Net of messages.py; fields that are not there were skipped.
        layers: Each layer's message, of form Layer or OldLayer, and text, in order.
    """

    path: Path
    message: Any
    layers: tuple[tuple[Any, LayerText], ...]


def read_prototxt(path: Path) -> Prototxt:
    """Read a prototxt of either form, with layer or (V1) layers messages.

    What the messages do not know is skipped, because a prototxt is full of what only training
    needs; LayerText tells what was set, for those who must know that they understood it all.

    Raises:
        ConversionError: It cannot be read, is no prototxt, or is beyond all reason.
    """
    from google.protobuf import text_format

    text = _read(path)
    texts = _scan(path, text)
    message = network_class()()
    try:
        text_format.Parse(text, message, allow_unknown_field=True)
    except (text_format.ParseError, ValueError, OverflowError) as err:
        msg = f'{path}: not a prototxt: line {one_line(err, 200)}'
        raise ConversionError(msg) from err
    if message.layer and message.layers:
        msg = f'{path}: has both "layer" and "layers"; Caffe takes one of the two forms'
        raise ConversionError(msg)
    layers = [*message.layer, *message.layers]
    if len(layers) != len(texts):
        msg = f'{path}: write each layer as "layer {{ ... }}" of its own'
        raise ConversionError(msg)
    return Prototxt(path, message, tuple(zip(layers, texts, strict=True)))


def _read(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            msg = f'{path}: {size} bytes are too large for a prototxt: refused'
            raise ConversionError(msg)
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeError as err:
        msg = f'{path}: not a prototxt: not text in UTF-8'
        raise ConversionError(msg) from err
    except OSError as err:
        msg = f'{path}: cannot be read: {err.strerror}'
        raise ConversionError(msg) from err
    return text


def _scan(path: Path, text: str) -> list[LayerText]:
    """Find the layers; the parser of protobuf tells no lines and drops what it does not know."""
    lines: list[int] = []
    fields: list[set[str]] = []
    stack: list[str] = []
    line, name, is_value = 1, '', False
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == 'newline':
            line += 1
        elif kind == 'open':
            if not stack and name in ('layer', 'layers') and token[0] != '[':
                lines.append(line)
                fields.append(set())
            stack.append('[' if token[0] == '[' else name)
            if len(stack) > _MAX_DEPTH or len(lines) > MAX_LAYERS:
                msg = (
                    f'{path}: line {line}: more than {_MAX_DEPTH} messages in each other, or more '
                    f'than {MAX_LAYERS} layers: refused'
                )
                raise ConversionError(msg)
        elif kind == 'close' and stack:
            stack.pop()
        elif kind == 'word' and not is_value and stack[-1:] != ['[']:
            name = token[0]
            if len(stack) == 2 and stack[0] in ('layer', 'layers'):
                fields[-1].add(f'{stack[1]}.{name}')
        if kind not in ('newline', 'comment'):
            is_value = kind == 'colon'
    return [LayerText(*found) for found in zip(lines, map(frozenset, fields), strict=True)]
