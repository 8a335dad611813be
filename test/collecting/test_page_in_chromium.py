# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The page of rdl collect in a real browser: boxes by mouse and finger, keys, masks, phones."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from chromium import chromium, find_chromium

from ros_deep_learning.collecting.folder import CollectedFolder
from ros_deep_learning.collecting.page.page import CollectPage
from ros_deep_learning.datasets.mask_files import read_mask

PATIENCE_S = 120.0
FRAME = np.asarray(
    cv2.imread(str(Path(__file__).parents[2] / 'docs' / 'images' / 'detectnet.jpg')), np.uint8
)
SIZE_WH = (FRAME.shape[1], FRAME.shape[0])

pytestmark = [pytest.mark.slow, pytest.mark.chromium]


@pytest.fixture(scope='module')
def program() -> str:
    found = find_chromium()
    if found is None:
        pytest.skip('needs Chromium: apt-get install chromium, or its path in CHROMIUM')
    return found


class Hand:
    """Moves the mouse or a finger over the picture, whose sides are 0..1."""

    def __init__(self, tab: Any) -> None:
        self._tab = tab

    async def pixels(self, x: float, y: float) -> dict[str, float]:
        script = "JSON.stringify(part('ink').getBoundingClientRect())"
        found = json.loads(await self._tab.value(script))
        return {
            'x': found['left'] + x * found['width'],
            'y': found['top'] + y * found['height'],
        }

    async def drag(self, *points: tuple[float, float], touch: bool = False) -> None:
        places = [await self.pixels(*point) for point in points]
        if touch:
            for kind, place in zip(
                ('touchStart', *['touchMove'] * (len(places) - 1)), places, strict=True
            ):
                await self._tab.call('Input.dispatchTouchEvent', type=kind, touchPoints=[place])
            await self._tab.call('Input.dispatchTouchEvent', type='touchEnd', touchPoints=[])
            return
        mouse = {'button': 'left', 'clickCount': 1}
        await self._mouse('mousePressed', places[0], **mouse)
        for place in places[1:]:
            await self._mouse('mouseMoved', place, button='left', buttons=1)
        await self._mouse('mouseReleased', places[-1], **mouse)

    async def _mouse(self, kind: str, place: dict[str, float], **more: Any) -> None:
        await self._tab.call('Input.dispatchMouseEvent', type=kind, **place, **more)

    async def key(self, key: str, code: int, modifiers: int = 0) -> None:
        for kind in ('rawKeyDown', 'keyUp'):
            await self._tab.call(
                'Input.dispatchKeyEvent',
                type=kind,
                key=key,
                windowsVirtualKeyCode=code,
                modifiers=modifiers,
            )


def run(program: str, look: Any) -> None:
    async def inner() -> None:
        async with chromium(program) as tab:
            await asyncio.wait_for(look(tab, Hand(tab)), PATIENCE_S)
            assert tab.complaints == []

    asyncio.run(inner())


def test_boxes_by_mouse_and_keys_are_in_the_label_file(program: str, tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path, 'detection', ('cat', 'dog'))

    async def look(tab: Any, hand: Hand) -> None:
        page.show(FRAME)
        await tab.open(page.url, (1280, 800), phone=False, dark=False)
        await tab.wait_until('picture.dataset.number > 0')
        await hand.key(' ', 32)
        await tab.wait_until('document.body.dataset.working')
        await hand.key('2', 50)
        await hand.drag((0.2, 0.3), (0.3, 0.4), (0.5, 0.6))
        assert await tab.value('boxes.boxes.length') == 1
        # Moved by its inside, and made larger by a corner.
        await hand.drag((0.35, 0.45), (0.4, 0.5), (0.45, 0.55))
        await hand.drag((0.6, 0.7), (0.7, 0.8), (0.8, 0.9))
        # A second one, which becomes a cat, a third that is deleted, and one that is undone.
        await hand.drag((0.05, 0.05), (0.1, 0.1), (0.15, 0.2))
        await hand.key('1', 49)
        await hand.drag((0.7, 0.05), (0.8, 0.1), (0.9, 0.2))
        await hand.key('Delete', 46)
        await hand.drag((0.7, 0.05), (0.8, 0.1), (0.9, 0.2))
        await hand.key('z', 90, modifiers=2)
        assert await tab.value('boxes.boxes.length') == 2
        await tab.value("document.querySelector('[data-split=val]').click()")
        await hand.key('Enter', 13)
        await tab.wait_until('work === null && state.counts.val.pictures === 1')

    with closing(CollectPage('http://localhost:0', folder, source='camera')) as page:
        run(program, look)
    (label,) = (tmp_path / 'labels' / 'val').iterdir()
    found = np.array([line.split() for line in label.read_text().splitlines()], float)
    # Class, centre and size: half a pixel of the screen is about a thousandth.
    expected = [[1, 0.55, 0.65, 0.5, 0.5], [0, 0.1, 0.125, 0.1, 0.15]]
    assert found == pytest.approx(np.array(expected), abs=4e-3)


def test_a_mask_is_painted_and_a_polygon_filled(program: str, tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path, 'segmentation', ('floor', 'wall'))

    async def look(tab: Any, hand: Hand) -> None:
        await tab.open(page.url, (1280, 800), phone=False, dark=True)
        await tab.wait_until('document.body.dataset.working')
        await tab.value("document.querySelector('[data-tool=polygon]').click()")
        for corner in ((0.5, 0.5), (0.9, 0.5), (0.9, 0.9), (0.5, 0.9), (0.5, 0.5)):
            await hand.drag(corner)
        await tab.value("document.querySelector('[data-tool=brush]').click()")
        await hand.key('2', 50)
        await hand.drag((0.1, 0.2), (0.4, 0.2))
        await tab.value("document.querySelector('[data-tool=eraser]').click()")
        await hand.drag((0.7, 0.45), (0.7, 0.95))
        await hand.key('Enter', 13)
        await tab.wait_until('state.counts.train.pictures === 1')

    folder.keep('a.png', cv2.imencode('.png', FRAME)[1].tobytes())
    with closing(CollectPage('http://localhost:0', folder)) as page:
        run(program, look)
    mask = read_mask(tmp_path / 'masks' / 'train' / 'a.png')
    width, height = SIZE_WH
    at = {(x, y): mask[int(y * height), int(x * width)] for x in (0.2, 0.6, 0.7, 0.8, 0.95)
          for y in (0.2, 0.55, 0.7)}  # fmt: skip
    assert at[0.2, 0.2] == 1
    assert at[0.6, 0.55] == at[0.8, 0.7] == 0
    assert at[0.7, 0.7] == at[0.95, 0.7] == at[0.2, 0.7] == 255
    polygon = 0.4 * 0.4 * width * height
    erased = 0.4 * height * 24 * _screen_scale(width)
    assert (mask == 0).sum() == pytest.approx(polygon - erased, rel=0.05)


def _screen_scale(width: int) -> float:
    """Pixels of the picture in one of the screen: the view is about 900 wide."""
    return width / 900


def test_on_a_phone_by_finger(program: str, tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path, 'detection', ('cat', 'a class with a very long name <b>'))

    async def look(tab: Any, hand: Hand) -> None:
        page.show(FRAME)
        await tab.call('Emulation.setTouchEmulationEnabled', enabled=True)
        for width in (320, 390):
            await tab.open(page.url, (width, 800), phone=True, dark=True)
            await tab.wait_until('picture.dataset.number > 0 && state')
            assert await tab.value('document.documentElement.scrollWidth') <= width
            tall = (
                "[...document.querySelectorAll('button, input')].filter(e => e.offsetHeight)"
                '.map(e => e.offsetHeight)'
            )
            assert await tab.value(f'Math.min(...{tall})') >= 44
        await tab.value("part('hold').click()")
        await tab.wait_until('document.body.dataset.working')
        await hand.drag((0.2, 0.2), (0.4, 0.5), (0.6, 0.8), touch=True)
        await tab.value("part('save').click()")
        await tab.wait_until('state.counts.train.pictures === 1')
        assert await tab.value("document.querySelectorAll('#classes b').length") == 0

    with closing(CollectPage('http://localhost:0', folder, source='camera')) as page:
        run(program, look)
    (label,) = (tmp_path / 'labels' / 'train').iterdir()
    found = np.array(label.read_text().split(), float)
    assert found == pytest.approx([0, 0.4, 0.5, 0.4, 0.6], abs=1e-2)


def test_enter_twice_or_held_down_saves_one_picture(program: str, tmp_path: Path) -> None:
    folder = CollectedFolder(tmp_path, 'detection', ('cat', 'dog'))
    for k in range(3):
        folder.keep(f'{k}.jpg', cv2.imencode('.jpg', FRAME)[1].tobytes())

    async def look(tab: Any, hand: Hand) -> None:
        await tab.open(page.url, (1280, 800), phone=False, dark=False)
        await tab.wait_until("document.body.dataset.working === '0.jpg'")
        await hand.drag((0.2, 0.3), (0.3, 0.4), (0.5, 0.6))
        press = "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', repeat: %s}))"
        await tab.value(';'.join(press % repeat for repeat in ('false', 'false', 'true')))
        await tab.wait_until("document.body.dataset.working === '1.jpg'")
        await tab.value(press % 'true')
        assert await tab.value('boxes.boxes.length') == 0
        await tab.value("part('remove').click(), part('remove').click()")
        await tab.wait_until("document.body.dataset.working === '2.jpg'")
        await tab.wait_until('state.waiting === 1')
        assert await tab.value('part("error").hidden')

    with closing(CollectPage('http://localhost:0', folder)) as page:
        run(program, look)
    assert folder.entries() == ['images/train/0.jpg']
    assert [path.name for path in folder.waiting()] == ['2.jpg']
