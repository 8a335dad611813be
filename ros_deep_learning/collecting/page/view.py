# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Talk with the browsers of the people who label: frames and pictures there, labels back."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import unquote

import cv2
import numpy as np
from aiohttp import WSMsgType, web

from ...errors import DatasetError, DeepLearningError
from ...imaging.palettes import class_colors
from ...pictures.picture_files import encode_image
from ...video.page.newest import Newest
from ...video.page.view import MAX_VIEWERS, STALL_S, Viewer
from ...web import conversation
from ...web.server import SECURITY_HEADERS, Handler
from ..folder import CollectedFolder
from ..naming import decode_picture
from ..notes import PictureNotes, set_notes
from ..queue import Queue
from ..suggestions import Suggester
from .person import Person

_MAX_MESSAGE_BYTES = 2**24
_LISTED = 60
_THUMB_WIDTH = 160
_T = TypeVar('_T')


class CollectView:
    """Answers the requests of the page.

    Args:
        newest: Live frames; its loop is the server's.
        folder: The data set.
        queue: The pictures that wait.
        suggester: Draws first labels; None for nobody.
        source: What is told of the source; empty where there are no live frames.
    """

    def __init__(
        self,
        newest: Newest,
        folder: CollectedFolder,
        queue: Queue,
        suggester: Suggester | None,
        source: str,
    ) -> None:
        self._newest, self._folder, self._queue = newest, folder, queue
        self._suggester, self._source = suggester, source
        self._notes = PictureNotes(folder)
        self._people: dict[Person, Viewer] = {}
        # One after the other: a network and an undo are not for two threads.
        self._worker = ThreadPoolExecutor(1, thread_name_prefix='collect')
        threading.Thread(target=self._notes.learn, name='collect-notes', daemon=True).start()

    @property
    def handlers(self) -> dict[str, Handler]:
        """What answers which path."""
        return {'/work': self.work, '/thumb.jpg': self.thumb}

    @property
    def is_busy(self) -> bool:
        """Whether somebody has a picture in hand."""
        return any(person.work is not None for person in list(self._people))

    def close(self) -> None:
        """End the work; a second call does nothing."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def work(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one person."""
        if len(self._people) >= MAX_VIEWERS:
            return web.Response(status=503, text='Too many label already.\n')
        channel = web.WebSocketResponse(
            heartbeat=STALL_S, compress=False, max_msg_size=_MAX_MESSAGE_BYTES, timeout=0.2
        )
        if not channel.can_prepare(request):
            return web.Response(status=426, text='Expected a WebSocket.\n')
        await channel.prepare(request)
        person = Person(self._folder, self._queue, self._notes, self._suggester)
        viewer = Viewer(channel, self._newest)
        self._people[person] = viewer
        try:
            await self._tell_all()
            works = (viewer.send_panels(), viewer.send_frames(), self._hear_all(person, channel))
            await conversation.hold(request, channel, works)
        finally:
            del self._people[person]
        return channel

    async def thumb(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve a picture of the data set, small."""
        entry = unquote(request.query.get('entry', ''))

        def make() -> bytes:
            frame = decode_picture(self._folder.read(entry))
            height, width = frame.shape[:2]
            size = (_THUMB_WIDTH, max(1, round(height * _THUMB_WIDTH / width)))
            small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
            return encode_image(np.asarray(small, np.uint8), 'jpeg')

        try:
            data = await self._call(make)
        except DatasetError as err:
            return web.Response(status=404, text=f'{err}\n', headers=SECURITY_HEADERS)
        return web.Response(body=data, content_type='image/jpeg', headers=SECURITY_HEADERS)

    async def _hear_all(self, person: Person, channel: web.WebSocketResponse) -> None:
        async for message in channel:
            if message.type is not WSMsgType.TEXT:
                return
            try:
                told = json.loads(message.data)
                (wish,) = told
            except (ValueError, TypeError, RecursionError):
                return
            if wish == 'shown':
                self._people[person].confirm(told[wish])
                continue
            try:
                await self._do(person, wish, told[wish])
            except DeepLearningError as err:
                await channel.send_str(json.dumps({'error': str(err)}))
            self._show(person)
            await self._send_work(person, channel)
            await self._tell_all()

    async def _do(self, person: Person, wish: str, value: Any) -> None:
        """Do what a person wants.

        Raises:
            DeepLearningError: It cannot be done; the cause is for the person.
        """
        if wish in ('hold', 'quick'):
            taken = await asyncio.wait_for(self._newest.after(0), STALL_S)
            if taken is None:
                msg = 'the source has ended'
                raise DatasetError(msg)
            await self._call(lambda: person.hold(taken[0].frame_bgr))
            if wish == 'quick':
                await self._call(lambda: person.save(value.get('label'), value.get('split')))
        elif wish == 'next':
            others = [other.work for other in self._people if other is not person]
            await self._call(lambda: person.open_waiting(others))
        elif wish == 'open':
            await self._call(lambda: person.open_entry(str(value)))
        elif wish == 'save':
            await self._call(lambda: person.save(value.get('label'), value.get('split')))
        elif wish == 'remove':
            await self._call(person.remove)
        elif wish == 'undo':
            await self._call(person.history.undo)
        elif wish == 'release':
            person.work = None
        else:
            msg = f'no wish: {wish[:20]!r}'
            raise DatasetError(msg)

    def _show(self, person: Person) -> None:
        watching = self._people[person].watching
        if person.work is None:
            watching.set()
        else:
            watching.clear()

    async def _send_work(self, person: Person, channel: web.WebSocketResponse) -> None:
        """Send the picture in hand as a frame is sent, or that there is none."""
        work = person.work
        if work is None:
            await channel.send_str(json.dumps({'work': None}))
            return
        text = json.dumps({'work': work.told()}).encode()
        message = b''.join((struct.pack('>I', len(text)), text, work.for_browser()))
        await asyncio.wait_for(channel.send_bytes(message), STALL_S)

    async def _tell_all(self) -> None:
        state = await self._call(self._state)
        for person, viewer in self._people.items():
            viewer.tell(json.dumps({'state': {**state, 'undo': person.history.last}}))

    def _state(self) -> dict[str, Any]:
        folder = self._folder
        counts = folder.counts()
        classes, entries = folder.classes, folder.entries()
        # Names begin with the time, or with that of a file.
        recent = sorted(entries, key=lambda entry: entry.rpartition('/')[2], reverse=True)
        return {
            'folder': str(folder.top),
            'task': folder.task,
            'classes': list(classes),
            'colors': class_colors(len(classes)).tolist(),
            'counts': {
                split: {'pictures': count[-1], 'classes': [count[k] for k in range(len(classes))]}
                for split, count in counts.items()
            },
            'notes': set_notes(classes, counts),
            'waiting': len(self._queue),
            'saved': recent[:_LISTED],
            'source': self._source,
            'suggester': '' if self._suggester is None else self._suggester.name,
        }

    async def _call(self, function: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, function)
