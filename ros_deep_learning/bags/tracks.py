# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Follow objects over the images of a bag, also where an earlier run was ended.

What a tracker knows comes from all images so far. So that a run that goes on need not look at them
again, what was found before tracking is noted, a line of JSON for each image.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..errors import BagError
from ..tasks.detection import Detections
from ..tasks.tracking.tracker import Tracker


class BagTracks:
    """Trackers of some nodes, one for each of their topics.

    Args:
        makers: Makes a tracker, by the name of the node.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Tracker]]) -> None:
        self._makers = makers
        self._trackers: dict[tuple[str, str], Tracker] = {}
        self._notes: IO[str] | None = None

    def begin(self, path: Path, images: int) -> None:
        """Go on behind the images of an earlier run.

        Args:
            path: The notes; what is in them beyond these images is dropped.
            images: How many of the bag's images it has done.

        Raises:
            BagError: The notes do not reach so far.
            OSError: They cannot be read or written.
        """
        if not self._makers:
            return
        path.touch()
        self._notes = path.open('r+', encoding='utf-8')
        for _ in range(images):
            try:
                note = json.loads(self._notes.readline())
                found = {node: _found(one) for node, one in note['found'].items()}
            except (ValueError, KeyError, TypeError) as err:
                msg = (
                    f'{path} does not have the objects of all images that were done, so that '
                    'their tracks cannot go on; to fix: --restart'
                )
                raise BagError(msg) from err
            self._follow(note['topic'], note['stamp_ns'], found)
        # A text stream reads ahead of the lines that it gives.
        self._notes.seek(self._notes.tell())
        self._notes.truncate()

    def update(
        self, topic: str, stamp_ns: int, found: Mapping[str, Detections]
    ) -> dict[str, Detections]:
        """Follow objects into the next image of a topic.

        Args:
            topic: The topic.
            stamp_ns: Stamp of the image; 0 is none.
            found: What each node found; without those that failed on it.

        Returns:
            What each of these nodes reports.
        """
        if self._notes is not None:
            noted = {node: _noted(one) for node, one in found.items()}
            note = {'topic': topic, 'stamp_ns': stamp_ns, 'found': noted}
            self._notes.write(json.dumps(note) + '\n')
        return self._follow(topic, stamp_ns, found)

    def commit(self) -> None:
        """Hand the notes to the system, which keeps them if this process is killed.

        Raises:
            OSError: They cannot be written.
        """
        if self._notes is not None:
            self._notes.flush()

    def close(self) -> None:
        """Close the notes; calling it twice is harmless."""
        notes, self._notes = self._notes, None
        if notes is not None:
            notes.close()

    def __contains__(self, node: str) -> bool:
        """Return whether the objects of a node are followed."""
        return node in self._makers

    def _follow(
        self, topic: str, stamp_ns: int, found: Mapping[str, Detections]
    ) -> dict[str, Detections]:
        followed = {}
        for node, one in found.items():
            if (node, topic) not in self._trackers:
                self._trackers[node, topic] = self._makers[node]()
            stamp_s = stamp_ns * 1e-9 if stamp_ns else None
            followed[node] = self._trackers[node, topic].update(one, stamp_s)
        return followed


def _noted(found: Detections) -> dict[str, Any]:
    # A float32 becomes the same one again.
    return {
        'boxes_xyxy': found.boxes_xyxy.tolist(),
        'scores': found.scores.tolist(),
        'class_ids': found.class_ids.tolist(),
        'source_wh': found.source_wh,
    }


def _found(note: Mapping[str, Any]) -> Detections:
    width, height = note['source_wh']
    return Detections(
        np.array(note['boxes_xyxy'], np.float32).reshape(-1, 4),
        np.array(note['scores'], np.float32),
        np.array(note['class_ids'], np.int32),
        (width, height),
    )
