# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Load the names of a network's classes."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import CardError
from ..files import read_limited
from .foreign_files import parse_foreign
from .label_maps import labels_by_number, labels_of_map, labels_of_numbered_lines

MAX_LABELS_BYTES = 4 * 1024 * 1024
"""Largest labels file; the 21841 classes of full ImageNet with all synonyms take 1 MB."""

_NAME_KEYS = ('names', 'classes', 'class_names', 'id2label')

_PLACEHOLDER = re.compile('LABEL_[0-9]+')
_SYNSET = re.compile(r'^n[0-9]{8}\s+')


def load_labels(path: Path | str) -> tuple[str, ...]:
    """Load a file with one label per line, in the order of the classes, or a configuration.

    Blank lines at the end are dropped, and so is a WordNet number before a label
    (``n01440764 tench``), as in the label files of jetson-inference. Lines that are all numbered
    from 0 on (``0  person``), and a label map of TensorFlow (``.pbtxt``), have the labels of these
    numbers. A YAML file, such as the
    ``data.yaml`` of a YOLO data set, has the labels under the key ``names``: a list, or a mapping
    from the numbers of the classes; PaddleDetection's ``infer_cfg.yml`` has ``label_list``. A JSON
    file, such as Hugging Face's ``config.json``, has ``id2label``, or timm's ``label_names``;
    numbers that it leaves out are classes without a name, which get their number.

    Returns:
        The labels; label k is the name of class k.

    Raises:
        CardError: The file cannot be read, is not UTF-8 text, has no label, or has an empty line
            in the middle, which would leave a class without a name.
    """
    path = Path(path)
    try:
        data = read_limited(path, MAX_LABELS_BYTES)
    except OSError as err:
        msg = f'labels file {path} cannot be read: {err.strerror}'
        raise CardError(msg) from err
    try:
        text = data.decode('utf-8-sig')
    except UnicodeDecodeError as err:
        msg = f'labels file {path} is not UTF-8 text (byte {err.start})'
        raise CardError(msg) from err
    if path.suffix in ('.yaml', '.yml', '.json'):
        return _labels_in_configuration(path, text)
    if path.suffix == '.pbtxt':
        return _checked(path, labels_of_map(text), 'in items with id and name, as a label map')
    labels = [_SYNSET.sub('', line.strip()) for line in text.rstrip().split('\n')]
    if labels == ['']:
        msg = f'labels file {path} is empty; expected one label per line'
        raise CardError(msg)
    for number, label in enumerate(labels, 1):
        if not label.isprintable() or not label:
            msg = f'labels file {path}: line {number} is not a label; expected one label per line'
            raise CardError(msg)
    return labels_of_numbered_lines(tuple(labels)) or tuple(labels)


def labels_in_metadata(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Read the class names in the metadata of an ONNX file.

    Ultralytics writes ``names`` as a Python dict from 0. Other exporters write JSON, a list,
    keys that are texts, or keys from 1; or call it ``classes``, ``class_names`` or ``id2label``.

    Args:
        metadata: Metadata of the ONNX file.

    Returns:
        One label per class; empty if there are no names, or their keys are not consecutive
        numbers from 0 or 1.

    Raises:
        CardError: A name is empty, or not printable, as in a labels file.
    """
    for key in _NAME_KEYS:
        if labels := _parse_names(metadata.get(key, '')):
            for number, label in enumerate(labels):
                if not label.isprintable() or not label:
                    msg = (
                        f'the metadata {key} of the network: {label!r} of class {number} is not a '
                        'label; to fix: give a file of labels'
                    )
                    raise CardError(msg)
            return labels
    return ()


def labels_in_configuration(content: object) -> tuple[str, ...]:
    """Return the labels in what was read from a YAML or JSON file; empty if there are none."""
    if not isinstance(content, dict):
        return ()
    named = content.get('id2label')
    if isinstance(named, dict) and all(map(_PLACEHOLDER.fullmatch, map(str, named.values()))):
        # transformers writes LABEL_0, LABEL_1 where it knows no names.
        named = None
    return (
        _by_id(named)
        or _listed(content.get('names'))
        or _listed(content.get('label_list'))
        or _listed(content.get('label_names'))
    )


def _by_id(named: object) -> tuple[str, ...]:
    if not isinstance(named, dict) or not named:
        return ()
    try:
        by_number = {int(key): str(name) for key, name in named.items()}
    except (ValueError, TypeError, OverflowError):
        return ()
    return labels_by_number(by_number)


def _labels_in_configuration(path: Path, text: str) -> tuple[str, ...]:
    is_json = path.suffix == '.json'
    try:
        content = parse_foreign(text, is_json=is_json)
    except ValueError as err:
        msg = f'labels file {path} is not valid {"JSON" if is_json else "YAML"}: {err}'
        raise CardError(msg) from err
    keys = 'id2label or label_names' if is_json else 'names or label_list'
    return _checked(path, labels_in_configuration(content), f'under the key {keys}')


def _checked(path: Path, labels: tuple[str, ...], where: str) -> tuple[str, ...]:
    if not labels:
        msg = f'labels file {path} has no labels {where}'
        raise CardError(msg)
    for number, label in enumerate(labels):
        if not label.isprintable() or not label:
            msg = f'labels file {path}: {label!r} of class {number} is not a label'
            raise CardError(msg)
    return labels


def _parse_names(text: str) -> tuple[str, ...]:
    names: object = None
    for parse in (json.loads, ast.literal_eval):
        try:
            names = parse(text)
            break
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return _listed(names)


def _listed(names: object) -> tuple[str, ...]:
    """Return the labels of a list, or of a mapping from consecutive numbers from 0 or 1."""
    if isinstance(names, list | tuple):
        return tuple(map(str, names))
    if not isinstance(names, dict) or not names:
        return ()
    try:
        by_number = {int(key): str(name) for key, name in names.items()}
    except (ValueError, TypeError, OverflowError):
        return ()
    first = min(by_number)
    if first not in (0, 1) or len(by_number) != len(names):
        return ()
    numbers = range(first, first + len(by_number))
    return tuple(by_number[k] for k in numbers) if set(numbers) == set(by_number) else ()
