# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The record beside a converted network, by which a damaged or partial file is recognised."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ..files import is_whole, write_whole
from ..private_files import is_own_file


def record_path(target: Path) -> Path:
    """Return the path of the record beside a converted file."""
    return target.with_suffix('.json')


def is_recorded(target: Path) -> bool:
    """Return whether a converted file exists and is the one that its record describes.

    Both must be files of this user or of root: another user may have put them there while the
    folder was open to all.
    """
    if not (is_own_file(target) and is_own_file(record_path(target))):
        return False
    try:
        record = json.loads(record_path(target).read_bytes())
        return is_whole(target, record['sha256'])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def write_recorded(target: Path, model: bytes, name: str, part_folder: Path) -> None:
    """Write a converted file, then its record, which makes it valid.

    Args:
        target: Path of the ONNX file.
        model: The serialised ONNX model.
        name: The network's name, for people who read the record.
        part_folder: Folder for the unfinished files, on the target's file system.

    Raises:
        OSError: A file cannot be written.
    """
    write_whole(target, model, part_folder)
    record = {'sha256': hashlib.sha256(model).hexdigest(), 'model': name}
    write_whole(record_path(target), json.dumps(record).encode(), part_folder)
