# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Parse a prototxt, with the line of each layer and the names of the fields it sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ConversionError
from ...files import read_limited
from ...text import one_line
from .caffe_messages import network_class

MAX_BYTES = 2 * 1024 * 1024
"""Largest prototxt; that of ResNet-152 has 76 KiB."""

MAX_LAYERS = 10_000

# The schema is four levels deep. Unknown fields may be deeper, and the parser skips them
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
    """Position of a layer in the text, and the fields it sets.

    Attributes:
        line: Line of the opening brace, counted from 1.
        fields: 'message.field' for every field set in the messages inside the layer.
    """

    line: int
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Prototxt:
    """A parsed prototxt.

    Attributes:
        path: The file.
        message: Its message, a Net of caffe_messages.py; unknown fields were skipped.
        layers: Message (Layer or OldLayer) and text of each layer, in order.
    """

    path: Path
    message: Any
    layers: tuple[tuple[Any, LayerText], ...]


def read_prototxt(path: Path) -> Prototxt:
    """Parse a prototxt of either form, with layer or (V1) layers messages.

    Unknown fields are skipped, because a prototxt contains many that only training needs.
    LayerText lists every field that was set, so that a translator can refuse unknown ones.

    Raises:
        ConversionError: The file cannot be read, is not a prototxt, or exceeds a limit.
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
        msg = f'{path}: has both "layer" and "layers"; Caffe accepts only one of them'
        raise ConversionError(msg)
    layers = [*message.layer, *message.layers]
    if len(layers) != len(texts):
        msg = f'{path}: write each layer as its own "layer {{ ... }}"'
        raise ConversionError(msg)
    return Prototxt(path, message, tuple(zip(layers, texts, strict=True)))


def _read(path: Path) -> str:
    try:
        return read_limited(path, MAX_BYTES).decode('utf-8-sig')
    except UnicodeError as err:
        msg = f'{path}: not a prototxt: not text in UTF-8'
        raise ConversionError(msg) from err
    except OSError as err:
        msg = f'{path}: cannot be read: {err.strerror}'
        raise ConversionError(msg) from err


def _scan(path: Path, text: str) -> list[LayerText]:
    """Find the layers: protobuf's parser returns no line numbers and drops unknown fields."""
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
                    f'{path}: line {line}: messages nested more than {_MAX_DEPTH} deep, or more '
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
