# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Talk with the browsers of the people who label: frames and pictures there, labels back."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import cv2
import numpy as np
from aiohttp import WSMsgType, web
from numpy.typing import NDArray

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
_REMEMBERED = 2 * MAX_VIEWERS
"""People whose picture in hand and whose undo are kept while they are not connected."""
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
        self._remembered: dict[str, Person] = {}
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
        person, is_back = self._person(request.query.get('person', ''))
        viewer = Viewer(channel, self._newest)
        self._people[person] = viewer
        try:
            if is_back:
                self._show(person)
                await self._send_work(person, channel)
            await self._tell_all()
            works = (viewer.send_panels(), viewer.send_frames(), self._hear_all(person, channel))
            await conversation.hold(request, channel, works)
        finally:
            # Whoever is back may have another connection already.
            if self._people.get(person) is viewer:
                del self._people[person]
        return channel

    async def thumb(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve a picture of the data set, small."""
        entry = request.query.get('entry', '')

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

    def _person(self, name: str) -> tuple[Person, bool]:
        """Return the person of a name, which a browser makes up, and whether they are back.

        A phone that is locked ends the connection, with a picture in hand.
        """
        back = self._remembered.pop(name, None)
        person = back or Person(self._folder, self._queue, self._notes, self._suggester)
        if name:
            self._remembered[name] = person
            if len(self._remembered) > _REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
        return person, back is not None

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
            frame_bgr = await self._newest_frame()
            await self._call(lambda: person.hold(frame_bgr))
            if wish == 'quick':
                await self._call(lambda: person.save(value.get('label'), value.get('split')))
        elif wish == 'next':
            await self._call(lambda: self._open_next(person))
        elif wish == 'open':
            await self._call(lambda: person.open_entry(str(value)))
        elif wish == 'save':
            await self._call(lambda: self._save(person, value))
        elif wish == 'remove':
            await self._call(lambda: self._remove(person, value))
        elif wish == 'undo':
            await self._call(person.history.undo)
        elif wish == 'release':
            person.work = None
        else:
            msg = f'no wish: {wish[:20]!r}'
            raise DatasetError(msg)

    async def _newest_frame(self) -> NDArray[np.uint8]:
        try:
            taken = await asyncio.wait_for(self._newest.after(0), STALL_S)
        except asyncio.TimeoutError as err:
            msg = 'no picture has come from the source yet'
            raise DatasetError(msg) from err
        if taken is None:
            msg = 'the source has ended'
            raise DatasetError(msg)
        return taken[0].frame_bgr

    def _save(self, person: Person, value: Mapping[str, Any]) -> None:
        person.expect(value.get('picture'))
        person.save(value.get('label'), value.get('split'))
        if value.get('next'):
            self._open_next(person)

    def _remove(self, person: Person, value: Mapping[str, Any]) -> None:
        person.expect(value.get('picture'))
        person.remove()
        if value.get('next'):
            self._open_next(person)

    def _open_next(self, person: Person) -> None:
        # In the worker, so that nobody else takes the same picture meanwhile.
        person.open_waiting([other.work for other in list(self._people) if other is not person])

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
        try:
            state = await self._call(self._state)
        except DatasetError as err:
            # Such as classes that somebody has renamed; each wish would fail with it too.
            for viewer in self._people.values():
                viewer.tell(json.dumps({'error': str(err)}))
            return
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
