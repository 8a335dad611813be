# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The events of a node's cameras: published, and kept on the disk."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from ...collecting.naming import encode_picture
from ...errors import SettingsError
from ...events.keeping import Job, Keeper, Limits, folder_name
from ...events.kept_results import KeptResult
from ...events.recent_frames import RecentFrames, write_bag
from ...events.rules import CompiledRule
from ...events.watch import Event, Watch
from ...paths import user_path
from ...text import disk_cause, one_line
from ..messages.event_message import event_message
from .camera import Shot

PICTURE_NAME, MASK_NAME, BAG_NAME = 'picture.jpg', 'class_mask.png', 'bag'


class EventReports:
    """Follows the rules over the frames of each camera; called by one thread at a time.

    Args:
        node: Full name of the node.
        kind: What its results are.
        warn: Told in one line what was not kept, and why.
    """

    def __init__(self, node: str, kind: KeptResult, warn: Callable[[str], None]) -> None:
        self._node, self._kind, self._warn = node, kind, warn
        self._watches: dict[str, Watch] = {}
        self._recent: dict[str, RecentFrames] = {}
        self._keeper: Keeper | None = None
        self._seconds = 0.0

    def begin(self, folder: str, limits: Limits, seconds: float) -> None:
        """Start with nothing remembered.

        Args:
            folder: Where events are kept; empty is nowhere.
            limits: How much is kept.
            seconds: How much a bag holds.

        Raises:
            SettingsError: The folder cannot be made.
        """
        self.end()
        self._watches.clear()
        self._recent.clear()
        self._seconds = seconds
        if folder:
            try:
                self._keeper = Keeper(user_path(folder), limits, self._warn)
            except OSError as err:
                msg = f'parameter events_folder: cannot make {folder}: {disk_cause(err)}'
                raise SettingsError(msg) from err

    def end(self) -> None:
        """Write what waits, and stop; calling it twice is harmless."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.close()

    def take(
        self, shot: Shot, result: Any, rules: Sequence[CompiledRule], names: Sequence[str] = ()
    ) -> None:
        """Take a frame: publish the events that begin or end with it, and keep what they save.

        Args:
            shot: The frame.
            result: Its result; without rules it is not looked at.
            rules: Those that hold now.
            names: The ``class_id`` of each class.
        """
        camera, frame = shot.camera, shot.frame
        if not any(one.rule.save == 'bag' for one in rules):
            self._recent.pop(camera.name, None)
        if not rules:
            self._watches.pop(camera.name, None)
            return
        watch = self._watches.setdefault(camera.name, Watch())
        # Without a stamp, the times are those of arrival.
        events = watch.update(rules, frame.stamp_ns or frame.arrival_ns, result)
        if any(one.rule.save == 'bag' for one in rules):
            begins = any(one.begins and one.rule.save == 'bag' for one in events)
            self._hold(shot, result, names, begins=begins)
        for event in events:
            saved = self._keep(event, shot, result)
            if 'events' in shot.wanted:
                message = event_message(frame.header, event, '' if saved is None else str(saved))
                camera.outputs.publish('events', message)

    def _hold(self, shot: Shot, result: Any, names: Sequence[str], *, begins: bool) -> None:
        camera, frame = shot.camera.name, shot.frame
        recent = self._recent.setdefault(camera, RecentFrames(self._seconds, self._kind))
        try:
            recent.add(
                time.time_ns(),
                frame.stamp_ns,
                frame.header.frame_id,
                shot.pixels,
                result,
                names,
                decides=begins,
            )
        except Exception:  # noqa: BLE001  the result is right, and an event tells the cause
            del self._recent[camera]

    def _keep(self, event: Event, shot: Shot, result: Any) -> Path | None:
        if self._keeper is None or not event.begins or event.rule.save == 'nothing':
            return None
        try:
            return self._keeper.put(self._job(event, shot, result))
        except Exception as err:  # noqa: BLE001  the result is right
            self._warn(f'event {event.rule.name} is not kept: {one_line(err)}')
            return None

    def _job(self, event: Event, shot: Shot, result: Any) -> Job:
        camera = shot.camera.name
        name = '-'.join(filter(None, (event.rule.name, camera)))
        facts = {
            'rule': asdict(event.rule),
            **asdict(event.reading),
            'lasted_s': event.lasted_s,
            'node': self._node,
            'camera': camera,
            'stamp_ns': shot.frame.stamp_ns,
            'frame_id': shot.frame.header.frame_id,
            'found': result.to_dicts(),
        }
        kind = self._kind
        recent = self._recent.get(camera) if event.rule.save == 'bag' else None
        frames = () if recent is None else recent.held()
        if frames:
            # The last one is this frame, since it decided.
            jpeg, held = frames[-1].jpeg, frames[-1].result
        else:
            jpeg = encode_picture(np.ascontiguousarray(shot.pixels.as_order('bgr')))
            held = kind.held(result)
        prefix = '/'.join(filter(None, (self._node, camera)))

        def write(folder: Path) -> None:
            (folder / PICTURE_NAME).write_bytes(jpeg)
            if isinstance(held, bytes):
                (folder / MASK_NAME).write_bytes(held)
            if frames:
                write_bag(folder / BAG_NAME, frames, prefix, kind)

        return Job(folder_name(datetime.now(timezone.utc), name), facts, write)
