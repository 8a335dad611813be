# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Results of a console program as a file: JSON lines, CSV, or JSON in the form of COCO."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import SettingsError
from ...files import check_writable, write_output
from ...paths import user_path
from ...text import disk_cause

Rows = Sequence[dict[str, Any]]
"""What was found in a frame, as ``to_dicts`` of the results gives it."""

_SUFFIXES = ('.json', '.jsonl', '.csv')
_EDGES = ('x1', 'y1', 'x2', 'y2')


def _unwritable(path: Path, err: OSError) -> SettingsError:
    return SettingsError(f'cannot write {path}: {disk_cause(err)}')


class Results:
    """Collects what was found in each frame; written by ``close``.

    Args:
        path: The file; ``.jsonl`` has an object a frame, ``.csv`` a row a finding, ``.json`` the
            form of COCO, which has boxes only. None writes nothing.
        has_boxes: Whether findings have boxes.
        force: Whether a file that is there already is overwritten.

    Raises:
        SettingsError: The suffix is unknown or does not fit, the file is there already, or it
            cannot be written.
    """

    def __init__(self, path: Path | None, *, has_boxes: bool, force: bool) -> None:
        self._path: Path | None = None
        self._frames = list[dict[str, Any]]()
        self.labels: Sequence[str] = ()
        if path is None:
            return
        path = self._path = user_path(path)
        if path.suffix.lower() not in _SUFFIXES:
            msg = f'--results: expected a name that ends with .json, .jsonl or .csv, got {path}'
            raise SettingsError(msg)
        if path.suffix.lower() == '.json' and not has_boxes:
            msg = f'--results: {path} would be COCO JSON, which is for boxes; use .jsonl or .csv'
            raise SettingsError(msg)
        if path.exists() and not force:
            msg = f'--results: {path} is there already; add --force to overwrite it'
            raise SettingsError(msg)
        try:
            check_writable(path.parent)
        except OSError as err:
            raise _unwritable(path, err) from err

    def add(self, index: int, name: str, size_wh: tuple[int, int], rows: Rows) -> None:
        """Add a frame: its place counted from 0, name, size in pixels, and findings."""
        if self._path is not None:
            size = {'width': size_wh[0], 'height': size_wh[1]}
            self._frames.append({'frame': index, 'name': name, **size, 'found': list(rows)})

    def close(self) -> None:
        """Write the file, if there was a frame.

        Raises:
            SettingsError: It cannot be written.
        """
        if self._path is None or not self._frames:
            return
        write = {'.json': self._coco, '.jsonl': self._lines, '.csv': self._table}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_output(self._path, write[self._path.suffix.lower()]().encode())
        except OSError as err:
            raise _unwritable(self._path, err) from err

    def _lines(self) -> str:
        return ''.join(json.dumps(frame) + '\n' for frame in self._frames)

    def _table(self) -> str:
        text = io.StringIO(newline='')
        writer: csv.DictWriter[str] | None = None
        for frame in self._frames:
            for found in frame['found']:
                row = {'frame': frame['frame'], 'name': frame['name'], **found}
                if 'box_xyxy' in row:
                    row.update(zip(_EDGES, row.pop('box_xyxy'), strict=True))
                if writer is None:
                    writer = csv.DictWriter(text, list(row), lineterminator='\n')
                    writer.writeheader()
                writer.writerow(row)
        return text.getvalue()

    def _coco(self) -> str:
        """Return a file of annotations; its numbers of images and annotations start at 1."""
        images, annotations = [], list[dict[str, Any]]()
        for image_id, frame in enumerate(self._frames, 1):
            size = {key: frame[key] for key in ('width', 'height')}
            images.append({'id': image_id, 'file_name': frame['name'], **size})
            for found in frame['found']:
                x1, y1, x2, y2 = found['box_xyxy']
                track = found['track_id']
                annotations.append(
                    {
                        'id': len(annotations) + 1,
                        'image_id': image_id,
                        'category_id': found['class_id'],
                        'bbox': [x1, y1, x2 - x1, y2 - y1],
                        'area': (x2 - x1) * (y2 - y1),
                        'iscrowd': 0,
                        'score': found['score'],
                        **({} if track is None else {'track_id': track}),
                    }
                )
        categories = [{'id': k, 'name': label} for k, label in enumerate(self.labels)]
        whole = {'images': images, 'annotations': annotations, 'categories': categories}
        return json.dumps(whole) + '\n'
