# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""What the page of rdl collect says to a browser, and what it does on its wishes."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import cv2
import numpy as np
import pytest
from yarl import URL

from ros_deep_learning.collecting.folder import CollectedFolder
from ros_deep_learning.collecting.label import Label
from ros_deep_learning.collecting.page import view
from ros_deep_learning.collecting.page.page import CollectPage
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.errors import DatasetError

PATIENCE_S = 60.0
IMAGES = Path(__file__).parents[2] / 'docs' / 'images'
FRAME = np.asarray(cv2.imread(str(IMAGES / 'detectnet.jpg')), np.uint8)
BOX = [1, 0.25, 0.5, 0.75, 1.0]


class Suggester:
    """A stand-in of a network."""

    name = 'a-network'

    def suggest(self, frame_bgr: np.ndarray) -> Label:
        return Label(boxes=())


class Browser:
    """A person's browser, without a screen."""

    def __init__(self, channel: aiohttp.ClientWebSocketResponse) -> None:
        self.state: dict[str, Any] = {}
        self.work: dict[str, Any] | None = None
        self.picture = b''
        self.errors: list[str] = []
        self.live = 0
        self.answered = False
        self._channel = channel

    async def hear(self) -> None:
        message = await asyncio.wait_for(self._channel.receive(), PATIENCE_S)
        if message.type is aiohttp.WSMsgType.TEXT:
            told = json.loads(message.data)
            self.state = told.get('state', self.state)
            self.errors += [told['error']] if 'error' in told else []
            if 'work' in told:
                self.work, self.answered = None, True
        else:
            assert message.type is aiohttp.WSMsgType.BINARY, message
            (length,) = struct.unpack_from('>I', message.data)
            told = json.loads(message.data[4 : 4 + length])
            if 'work' in told:
                self.work, self.picture = told['work'], message.data[4 + length :]
                self.answered = True
            else:
                self.live = told['number']
                await self._channel.send_json({'shown': self.live})

    async def leave(self) -> None:
        await self._channel.close()

    async def send(self, **wish: Any) -> None:
        """Send a wish without hearing of it, as keys that are pressed fast."""
        await self._channel.send_json(wish)

    async def wish(self, **wish: Any) -> None:
        """Send a wish, and hear until the answer and the state after it."""
        self.answered = False
        for value in wish.values():
            if isinstance(value, dict) and self.work:
                value.setdefault('picture', self.work['name'])
        await self._channel.send_json(wish)
        while not self.answered:
            await self.hear()
        self.state = {}
        while not self.state:
            await self.hear()


async def connected(session: Any, page: CollectPage, person: str = '') -> Browser:
    browser = Browser(await session.ws_connect(f'{page.url}work?person={person}'))
    while not browser.state:
        await browser.hear()
    return browser


def at_page(
    folder: CollectedFolder, act: Callable[..., Awaitable[None]], people: int = 1, **options: Any
) -> None:
    async def inner(page: CollectPage) -> None:
        async with aiohttp.ClientSession() as session:
            browsers = []
            for _ in range(people):
                browsers.append(await connected(session, page))
            await act(session, page, *browsers)

    with closing(CollectPage('http://localhost:0', folder, **options)) as page:
        asyncio.run(asyncio.wait_for(inner(page), 2 * PATIENCE_S))


@pytest.fixture
def folder(tmp_path: Path) -> CollectedFolder:
    return CollectedFolder(tmp_path / 'data', 'detection', ('cat', 'dog'))


def test_a_frame_is_frozen_boxed_saved_changed_and_undone(folder: CollectedFolder) -> None:
    async def act(session: Any, page: CollectPage, person: Browser) -> None:
        page.show(FRAME)
        while not person.live:
            await person.hear()
        await person.wish(hold=True)
        assert person.work
        assert person.work['size_wh'] == [FRAME.shape[1], FRAME.shape[0]]
        assert person.work['notes'] == []
        held = person.picture
        # The camera goes on; what was frozen is what is saved.
        page.show(FRAME[::-1].copy())
        await person.wish(save={'label': {'boxes': [BOX]}, 'split': 'train'})
        assert person.work is None
        (entry,) = folder.entries()
        assert folder.read(entry) == held
        assert person.state['counts']['train'] == {'pictures': 1, 'classes': [0, 1]}
        assert person.state['saved'] == [entry]
        assert person.state['undo'] == f'save {Path(entry).name}'
        assert person.state['notes'] == ['Fewer than 20 pictures in train: cat 0, dog 1']
        async with session.get(f'{page.url}thumb.jpg?entry={quote(entry)}') as answer:
            thumb = cv2.imdecode(np.frombuffer(await answer.read(), np.uint8), cv2.IMREAD_COLOR)
        assert thumb.shape[1] == 160
        await person.wish(open=entry)
        assert person.work
        assert person.work['label'] == {'boxes': [pytest.approx(BOX)]}
        await person.wish(save={'label': {'boxes': []}, 'split': 'val'})
        assert folder.counts()['val'] == {-1: 1}
        await person.wish(undo=True)
        assert folder.counts()['train'] == {-1: 1, 1: 1}
        await person.wish(open=entry)
        await person.wish(remove={})
        assert folder.entries() == []
        await person.wish(undo=True)
        assert folder.read(entry) == held
        await person.wish(undo=True)
        assert folder.entries() == []
        assert person.state['undo'] == ''
        assert person.errors == []

    at_page(folder, act, source='camera')


def test_pictures_of_a_folder_come_one_by_one(folder: CollectedFolder, tmp_path: Path) -> None:
    pictures = [IMAGES / 'detectnet.jpg', tmp_path / 'no.jpg', IMAGES / 'segnet.jpg']
    pictures[1].write_bytes(b'no picture')
    blurred = np.asarray(cv2.GaussianBlur(FRAME, (0, 0), 8), np.uint8)
    folder.keep('waits.png', cv2.imencode('.png', blurred)[1].tobytes())

    async def act(session: Any, page: CollectPage, person: Browser) -> None:
        assert person.state['waiting'] == 4
        await person.wish(next=True)
        assert person.work
        assert person.work['name'] == 'waits.png'
        assert person.work['notes'] == ['Blurred']
        assert person.work['label'] == {'boxes': []}
        await person.wish(save={'label': {'boxes': [BOX]}, 'split': 'train'})
        await person.wish(next=True)
        assert person.work
        assert person.picture == pictures[0].read_bytes()
        await person.wish(save={'label': {'boxes': [BOX]}, 'split': 'train'})
        await person.wish(next=True)
        assert 'no.jpg: no picture that OpenCV decodes; left out' in person.errors[-1]
        await person.wish(next=True)
        assert person.work
        assert person.work['name'].startswith('segnet-')
        # Left, not saved: it comes again.
        await person.wish(release=True)
        assert person.state['waiting'] == 1
        assert not folder.waiting()
        assert len(open_dataset(folder.top).samples) == 2
        assert person.state['suggester'] == 'a-network'
        await person.wish(undo=True)
        assert person.state['waiting'] == 2

    at_page(folder, act, pictures=pictures, suggester=Suggester())


def test_two_people_have_different_pictures_and_their_own_undo(folder: CollectedFolder) -> None:
    for k in range(2):
        folder.keep(f'{k}.jpg', (IMAGES / 'detectnet.jpg').read_bytes())

    async def act(session: Any, page: CollectPage, one: Browser, other: Browser) -> None:
        await one.wish(next=True)
        await other.wish(next=True)
        assert one.work
        assert other.work
        assert (one.work['name'], other.work['name']) == ('0.jpg', '1.jpg')
        assert page.is_busy
        await one.wish(save={'label': {'boxes': [BOX]}, 'split': 'train'})
        await one.wish(open='images/train/0.jpg')
        assert one.work['notes'] == []
        await other.wish(save={'label': {'boxes': []}, 'split': 'train'})
        await other.wish(open='images/train/1.jpg')
        assert other.work['notes'] == ['Nearly equal to images/train/0.jpg']
        await other.wish(open='images/train/0.jpg')
        await other.wish(save={'label': {'boxes': []}, 'split': 'train'})
        assert other.state['undo'] == 'change 0.jpg'
        # The second one changed it last, and the first one cannot take that back.
        await one.wish(save={'label': {'boxes': [BOX, BOX]}, 'split': 'train'})
        await other.wish(undo=True)
        assert 'was changed by somebody else since' in other.errors[-1]
        label = folder.label('images/train/0.jpg')
        assert label.boxes is not None
        assert len(label.boxes) == 2

    at_page(folder, act, people=2)


@pytest.mark.parametrize('wish', ['save', 'remove'])
def test_what_is_pressed_twice_does_not_reach_the_next_picture(
    folder: CollectedFolder, wish: str
) -> None:
    for k in range(3):
        folder.keep(f'{k}.jpg', (IMAGES / 'detectnet.jpg').read_bytes())
    told = {'picture': '0.jpg', 'next': True, 'label': {'boxes': [BOX]}, 'split': 'train'}

    async def act(session: Any, page: CollectPage, person: Browser) -> None:
        await person.wish(next=True)
        await person.send(**{wish: told})
        await person.send(**{wish: told})
        while not person.errors:
            await person.hear()
        assert person.errors == ['0.jpg is not in hand any more']
        while person.state['waiting'] != 2:
            await person.hear()
        assert [path.name for path in folder.waiting()] == ['1.jpg', '2.jpg']
        assert person.work
        assert person.work['name'] == '1.jpg'
        assert folder.entries() == ['images/train/0.jpg'] * (wish == 'save')

    at_page(folder, act)


def test_what_cannot_be_saved_stays_in_hand(
    folder: CollectedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for k in range(2):
        folder.keep(f'{k}.jpg', (IMAGES / 'detectnet.jpg').read_bytes())

    def take(*_: object) -> None:
        msg = 'cannot write: No space left on device'
        raise DatasetError(msg)

    async def act(session: Any, page: CollectPage, one: Browser, other: Browser) -> None:
        await one.wish(next=True)
        await other.wish(next=True)
        await one.wish(release=True)
        monkeypatch.setattr(folder, 'take', take)
        label = {'boxes': [BOX]}
        await other.wish(save={'label': label, 'split': 'train', 'next': True})
        assert other.errors == ['cannot write: No space left on device']
        assert other.work
        assert other.work['name'] == '1.jpg'

    at_page(folder, act, people=2)


def test_two_people_at_once_have_different_pictures(folder: CollectedFolder) -> None:
    for k in range(2):
        folder.keep(f'{k}.jpg', (IMAGES / 'detectnet.jpg').read_bytes())

    async def act(session: Any, page: CollectPage, *people: Browser) -> None:
        await asyncio.gather(*(person.wish(next=True) for person in people))
        assert sorted(person.work['name'] for person in people if person.work) == [
            '0.jpg',
            '1.jpg',
        ]

    at_page(folder, act, people=2)


def test_whoever_loses_the_connection_has_the_picture_and_the_undo_again(
    folder: CollectedFolder,
) -> None:
    async def act(session: Any, page: CollectPage, other: Browser) -> None:
        page.show(FRAME)
        person = await connected(session, page, 'somebody')
        await person.wish(hold=True)
        await person.wish(save={'label': {'boxes': [BOX]}, 'split': 'train'})
        await person.wish(hold=True)
        held = person.picture
        await person.leave()
        page.show(FRAME[::-1].copy())
        person = await connected(session, page, 'somebody')
        assert person.work
        assert person.picture == held
        assert person.state['undo']
        await other.wish(release=True)
        assert other.state['undo'] == ''
        await person.wish(save={'label': {'boxes': []}, 'split': 'train'})
        assert len(folder.entries()) == 2

    at_page(folder, act, source='camera')


def test_a_camera_that_has_sent_nothing_yet_is_told(
    folder: CollectedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, 'STALL_S', 0.2)

    async def act(session: Any, page: CollectPage, person: Browser) -> None:
        await person.wish(hold=True)
        assert person.errors == ['no picture has come from the source yet']
        page.show(FRAME)
        await person.wish(hold=True)
        assert person.work

    at_page(folder, act, source='camera')


def test_classes_that_somebody_renames_are_told_to_all(folder: CollectedFolder) -> None:
    (folder.top / 'data.yaml').write_text('path: .\nnames: {0: cat, 1: wolf}\n', 'utf-8')

    async def act(session: Any, page: CollectPage) -> None:
        async with session.ws_connect(f'{page.url}work') as channel:
            person = Browser(channel)
            while not person.errors:
                await person.hear()
            assert 'were changed to cat, wolf; to fix: start again' in person.errors[0]

    at_page(folder, act, people=0)


def test_a_name_with_a_percent_sign_has_a_thumbnail(folder: CollectedFolder) -> None:
    entry = folder.add(
        'a%20b.jpg', (IMAGES / 'detectnet.jpg').read_bytes(), Label(boxes=()), 'val'
    )

    async def act(session: Any, page: CollectPage, person: Browser) -> None:
        url = URL(f'{page.url}thumb.jpg?entry={quote(entry)}', encoded=True)
        async with session.get(url) as answer:
            assert answer.status == 200

    at_page(folder, act)


def test_a_class_is_one_key(tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path, 'classification', ('cat', 'dog'))

    async def act(session: Any, page: CollectPage, person: Browser) -> None:
        page.show(FRAME)
        await person.wish(quick={'label': {'class_id': 1}, 'split': 'val'})
        assert [Path(entry).parts[:2] for entry in folder.entries()] == [('val', 'dog')]

    at_page(folder, act, source='camera')


@pytest.mark.parametrize(
    ('wish', 'words'),
    [
        ({'save': {'label': {'boxes': []}, 'split': 'train'}}, 'no picture is in hand'),
        ({'open': '../../etc/passwd'}, 'is gone'),
        ({'dance': 1}, "no wish: 'dance'"),
        ({'remove': {}}, 'no picture is in hand'),
    ],
)
def test_what_cannot_be_is_said(folder: CollectedFolder, wish: dict[str, Any], words: str) -> None:
    async def act(session: Any, page: CollectPage, person: Browser) -> None:
        await person.wish(**wish)
        assert words in person.errors[-1]
        async with session.get(f'{page.url}thumb.jpg?entry=../secret') as answer:
            assert answer.status == 404

    at_page(folder, act)


def test_wishes_that_are_none_do_not_end_the_page(folder: CollectedFolder) -> None:
    async def act(session: Any, page: CollectPage, person: Browser) -> None:
        for text in ('[', '{}', '[1, 2]', '{"save": 3}', '{"a": 1, "b": 2}', '{"open": {"a": 1}}'):
            async with session.ws_connect(f'{page.url}work') as channel:
                await channel.send_str(text)
                while True:
                    told = await asyncio.wait_for(channel.receive(), PATIENCE_S)
                    ended = told.type is not aiohttp.WSMsgType.TEXT
                    if ended or 'error' in json.loads(told.data):
                        break
        await person.wish(release=True)
        headers = {'Origin': 'http://evil.example'}
        async with session.get(f'{page.url}work', headers=headers) as answer:
            assert answer.status == 403

    at_page(folder, act)
