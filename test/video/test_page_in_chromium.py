# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The live page in a real browser: the picture moves, the slider changes the boxes, phones."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import cv2
import numpy as np
import pytest
from chromium import chromium, find_chromium

from ros_deep_learning.video.page.newest import Report
from ros_deep_learning.video.page.panel import LiveSettings, Panel
from ros_deep_learning.video.page.sink import PageSink

PATIENCE_S = 120.0
SIZE_WH = (640, 360)
LABELS = ('person', 'a class with a very long name that does not fit a phone <b>', 'car')
SCORES = (0.3, 0.6, 0.9)
# The box of class k is filled with white, from x = 200 k; what moves is above.
BOX_AT = '[0, 1, 2].map(k => context.getImageData(200 * k + 50, 300, 1, 1).data[0] > 128)'

pytestmark = [pytest.mark.slow, pytest.mark.chromium]


class Detector:
    """A stand-in of a program: three objects of fixed scores, found by the page's settings."""

    def __init__(self) -> None:
        self.page = PageSink('http://localhost:0')
        settings = LiveSettings(0.5, frozenset())
        self.page.set_panel(Panel('ssd-mobilenet-v2', 'street.mp4', LABELS, settings))
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        count = 0
        while not self._end.wait(0.03):
            settings = self.page.settings
            frame = np.zeros((SIZE_WH[1], SIZE_WH[0], 3), np.uint8)
            cv2.circle(frame, (count * 7 % SIZE_WH[0], 80), 40, (0, 200, 255), -1)
            rows = []
            for k, score in enumerate(SCORES):
                if score >= settings.score_threshold and k in (settings.class_ids or {0, 1, 2}):
                    cv2.rectangle(frame, (200 * k, 250), (200 * k + 100, 350), (255,) * 3, -1)
                    rows.append({'label': LABELS[k], 'class_id': k, 'score': score})
            self.page.show(frame, Report(rows, times_ms={'inference': 12.3}))
            count += 1

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self.page.close()


@pytest.fixture(scope='module')
def program() -> str:
    found = find_chromium()
    if found is None:
        pytest.skip('needs Chromium: apt-get install chromium, or its path in CHROMIUM')
    return found


@pytest.fixture
def detector() -> Iterator[Detector]:
    with closing(Detector()) as made:
        yield made


def run(program: str, look: Any) -> None:
    async def inner() -> None:
        async with chromium(program) as tab:
            await asyncio.wait_for(look(tab), PATIENCE_S)
            assert tab.complaints == []

    asyncio.run(inner())


def test_picture_slider_and_classes(program: str, detector: Detector) -> None:
    async def look(tab: Any) -> None:
        await tab.open(detector.page.url, (1280, 760), phone=False, dark=False)
        await tab.wait_until('picture.dataset.number > 0')
        first = await tab.value('picture.toDataURL()')
        await tab.wait_until(f'picture.toDataURL() !== {first!r}')
        await tab.wait_until("part('rate').textContent.includes('fps')")
        assert await tab.value(f'String({BOX_AT})') == 'false,true,true'
        assert await tab.value("part('title').textContent") == 'ssd-mobilenet-v2'
        assert await tab.value("part('rows').children.length") == 2
        # By keyboard, as by hand.
        await tab.value("part('threshold').focus()")
        await tab.press('Home')
        await tab.wait_until(f"String({BOX_AT}) === 'true,true,true'")
        assert detector.page.settings.score_threshold == 0
        for _ in range(65):
            await tab.press('ArrowRight')
        await tab.wait_until(f"String({BOX_AT}) === 'false,false,true'")
        assert await tab.value("part('threshold-value').textContent") == '65 %'
        await tab.press('Home')
        await tab.value("document.querySelector('summary').click()")
        await tab.value("document.querySelectorAll('#classes input')[1].click()")
        await tab.wait_until(f"String({BOX_AT}) === 'false,true,false'")
        assert await tab.value("part('chosen').textContent") == '1 of 3'
        await tab.value("part('all').click()")
        await tab.wait_until(f"String({BOX_AT}) === 'true,true,true'")
        # Text of a label stays text.
        assert await tab.value("document.querySelectorAll('#rows b, #classes b').length") == 0

    run(program, look)


def test_the_picture_that_is_saved_is_the_one_shown(program: str, detector: Detector) -> None:
    async def look(tab: Any) -> None:
        await tab.open(detector.page.url, (1280, 760), phone=False, dark=True)
        await tab.wait_until("!part('save').disabled")
        script = """
            var blob = null, saved = null;
            const address = URL.createObjectURL;
            URL.createObjectURL = (given) => address(blob = given);
            HTMLAnchorElement.prototype.click = function () { saved = this };
            part('save').click();
            saved.download + ' ' + (blob === newest) + ' ' + blob.type + ' ' + saved.protocol
        """
        name, *others = (await tab.value(script)).split()
        assert name.startswith('picture-')
        assert name.endswith('.jpg')
        assert others == ['true', 'image/jpeg', 'blob:']

    run(program, look)


def test_on_a_phone_nothing_is_wider_than_the_screen(program: str, detector: Detector) -> None:
    async def look(tab: Any) -> None:
        for width in (320, 390):
            await tab.open(detector.page.url, (width, 800), phone=True, dark=True)
            await tab.wait_until("part('rows').children.length === 2")
            await tab.value("document.querySelector('details').open = true")
            assert await tab.value('document.documentElement.scrollWidth') <= width
            assert await tab.value('innerWidth') == width
            # Fingers are wide.
            tall = "[...document.querySelectorAll('button, #threshold')].filter(e => !e.hidden)"
            assert await tab.value(f'Math.min(...{tall}.map(e => e.offsetHeight))') >= 44

    run(program, look)


def test_the_page_comes_back_when_the_program_does(program: str) -> None:
    with closing(Detector()) as first:
        port = int(first.page.url.rstrip('/').rpartition(':')[2])

        async def look(tab: Any) -> None:
            await tab.open(first.page.url, (800, 600), phone=False, dark=False)
            await tab.wait_until("part('state').textContent === 'live'")
            first.close()
            await tab.wait_until("part('state').dataset.state === 'lost'")
            again = PageSink(f'http://@:{port}')
            with closing(again):
                again.write(np.zeros((20, 30, 3), np.uint8))
                await tab.wait_until("part('state').textContent === 'live'")
                assert await tab.value('picture.width') == 30
            tab.complaints = [one for one in tab.complaints if 'ERR_CONNECTION' not in one]

        run(program, look)
