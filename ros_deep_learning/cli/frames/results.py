# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Results of a console program as a file: JSON lines, CSV, or JSON in the form of COCO."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

from ...errors import SettingsError
from ...files import check_writable, replacing
from ...paths import user_path
from ...text import disk_cause

Rows = Sequence[dict[str, Any]]
"""What was found in a frame, as ``to_dicts`` of the results gives it."""

_EDGES = ('x1', 'y1', 'x2', 'y2')


class Results:
    """Writes what was found in each frame, as it comes; the file begins with the first frame.

    Lines and rows are in the file at once. The form of COCO is valid as a whole only: it grows in
    files beside, and replaces an older one when it is closed.

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
        self._writer: _Writer | None = None
        self.labels: Sequence[str] = ()
        if path is None:
            return
        path = self._path = user_path(path)
        if path.suffix.lower() not in _WRITERS:
            msg = f'--results: expected a name that ends with .json, .jsonl or .csv, got {path}'
            raise SettingsError(msg)
        if path.suffix.lower() == '.json' and not has_boxes:
            msg = f'--results: {path} would be COCO JSON, which is for boxes; use .jsonl or .csv'
            raise SettingsError(msg)
        if path.exists() and not force:
            msg = f'--results: {path} is there already; add --force to overwrite it'
            raise SettingsError(msg)
        with _told(path):
            check_writable(path.parent)

    def add(self, index: int, name: str, size_wh: tuple[int, int], rows: Rows) -> None:
        """Write a frame: its place counted from 0, name, size in pixels, and findings.

        Raises:
            SettingsError: It cannot be written.
        """
        if self._path is None:
            return
        size = {'width': size_wh[0], 'height': size_wh[1]}
        frame = {'frame': index, 'name': name, **size, 'found': list(rows)}
        with _told(self._path):
            if self._writer is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._writer = _WRITERS[self._path.suffix.lower()](self._path)
            self._writer.add(frame)

    def close(self) -> None:
        """Finish the file, if there was a frame; closing again has no effect.

        Raises:
            SettingsError: It cannot be written.
        """
        writer, self._writer = self._writer, None
        if writer is not None and self._path is not None:
            with _told(self._path):
                writer.close(self.labels)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        msg = f'cannot write {path}: {disk_cause(err)}'
        raise SettingsError(msg) from err


class _Writer(Protocol):
    """A file that grows by a frame at a time."""

    def __init__(self, path: Path) -> None: ...

    def add(self, frame: dict[str, Any]) -> None:
        """Write a frame."""

    def close(self, labels: Sequence[str]) -> None:
        """Finish the file, given the name of each class."""


class _Lines:
    """An object a line for each frame."""

    def __init__(self, path: Path) -> None:
        self._file = path.open('w', encoding='utf-8')

    def add(self, frame: dict[str, Any]) -> None:
        self._file.write(json.dumps(frame) + '\n')
        self._file.flush()

    def close(self, labels: Sequence[str]) -> None:
        del labels
        self._file.close()


class _Table:
    """A row for each finding, below the names of the columns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open('w', encoding='utf-8', newline='')
        self._table: csv.DictWriter[str] | None = None

    def add(self, frame: dict[str, Any]) -> None:
        for found in frame['found']:
            row = {'frame': frame['frame'], 'name': frame['name'], **found}
            if 'box_xyxy' in row:
                row.update(zip(_EDGES, row.pop('box_xyxy'), strict=True))
            if self._table is None:
                self._table = csv.DictWriter(self._file, list(row), lineterminator='\n')
                self._table.writeheader()
            self._table.writerow(row)
        self._file.flush()

    def close(self, labels: Sequence[str]) -> None:
        del labels
        self._file.close()


class _Coco:
    """COCO's annotations; the numbers of images and annotations start at 1.

    Images and annotations are lists one behind the other, so that the latter wait in a file
    without a name.
    """

    def __init__(self, path: Path) -> None:
        self._images = self._annotations = 0
        with ExitStack() as opened:
            self._spool: IO[bytes] = opened.enter_context(TemporaryFile(dir=path.parent))
            self._file = opened.enter_context(replacing(path, private=False))
            self._file.write(b'{"images": [')
            self._opened = opened.pop_all()

    def add(self, frame: dict[str, Any]) -> None:
        self._images += 1
        size = {key: frame[key] for key in ('width', 'height')}
        image = {'id': self._images, 'file_name': frame['name'], **size}
        _append(self._file, image, is_first=self._images == 1)
        for found in frame['found']:
            self._annotations += 1
            x1, y1, x2, y2 = found['box_xyxy']
            track = found['track_id']
            annotation = {
                'id': self._annotations,
                'image_id': self._images,
                'category_id': found['class_id'],
                'bbox': [x1, y1, x2 - x1, y2 - y1],
                'area': (x2 - x1) * (y2 - y1),
                'iscrowd': 0,
                'score': found['score'],
                **({} if track is None else {'track_id': track}),
            }
            _append(self._spool, annotation, is_first=self._annotations == 1)

    def close(self, labels: Sequence[str]) -> None:
        with self._opened:
            self._file.write(b'], "annotations": [')
            self._spool.seek(0)
            copyfileobj(self._spool, self._file, 1 << 20)
            categories = [{'id': k, 'name': label} for k, label in enumerate(labels)]
            self._file.write(b'], "categories": %b}\n' % json.dumps(categories).encode())


def _append(file: IO[bytes], item: dict[str, Any], *, is_first: bool) -> None:
    file.write((b'' if is_first else b', ') + json.dumps(item).encode())


_WRITERS: dict[str, type[_Writer]] = {'.json': _Coco, '.jsonl': _Lines, '.csv': _Table}
