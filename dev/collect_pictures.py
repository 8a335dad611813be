# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Take the pictures of docs/collect.md: boxes that a network has suggested, masks on a phone.

Run it after `. .ros/env.sh`. Chromium is found on PATH, or by CHROMIUM.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'test' / 'support'))

from chromium import chromium, find_chromium  # type: ignore[import-not-found] # noqa: E402

from ros_deep_learning.collecting.folder import CollectedFolder  # noqa: E402
from ros_deep_learning.collecting.page.page import CollectPage  # noqa: E402
from ros_deep_learning.collecting.suggestions import open_suggester  # noqa: E402
from ros_deep_learning.downloads.media import media_path  # noqa: E402
from ros_deep_learning.video.sources import VideoFile  # noqa: E402

JPEG_QUALITY = 80
SAVED = (30, 60, 105, 210)
SHOWN = 120


async def shoot(
    browser: str, page: CollectPage, name: str, size_wh: tuple[int, int], *, phone: bool
) -> None:
    """Take one picture when a network has labelled the frame in hand."""
    async with chromium(browser) as tab:
        await tab.open(page.url, size_wh, phone=phone, dark=phone)
        await tab.wait_until('work !== null || (state && picture.dataset.number > 0)')
        await tab.value("if (!work) part('hold').click()")
        await tab.wait_until('work !== null')
        await tab.value('if (boxes.boxes.length) { boxes.chosen = 0; redraw(); }')
        # Pictures below the edge of the screen are not loaded.
        await tab.wait_until('!document.images.length || document.images[0].naturalWidth')
        await asyncio.sleep(0.5)
        png = np.frombuffer(await tab.screenshot(), np.uint8)
        picture = np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), np.uint8)
        path = ROOT / 'docs' / 'images' / f'{name}.jpg'
        cv2.imwrite(str(path), picture, (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))


def main() -> int:
    """Label frames of a clip, and take the pictures."""
    browser = find_chromium()
    if browser is None:
        print('no Chromium on PATH: apt-get install chromium', file=sys.stderr)
        return 1
    frames = list(VideoFile(media_path('bikes.mp4')).frames())
    classes = ('person', 'bicycle', 'car')
    with TemporaryDirectory() as place:
        os.chdir(place)
        suggester = open_suggester('ssd-mobilenet-v2', 'detection', classes, threshold=0.4)
        folder = CollectedFolder(Path('street'), 'detection', classes)
        for number in SAVED:
            label = suggester.suggest(frames[number])
            assert label is not None
            jpeg = cv2.imencode('.jpg', frames[number])[1].tobytes()
            folder.add(f'{number:04}.jpg', jpeg, label, 'val' if number == SAVED[-1] else 'train')
        with closing(
            CollectPage('http://@:0', folder, suggester=suggester, source='bikes.mp4')
        ) as page:
            page.show(frames[SHOWN])
            asyncio.run(shoot(browser, page, 'collect-wide', (1280, 650), phone=False))
        suggester.close()
        ground = ('background', 'person')
        suggester = open_suggester('selfie', 'segmentation', ground)
        folder = CollectedFolder(Path('people'), 'segmentation', ground)
        folder.keep('astronaut.png', media_path('astronaut.png').read_bytes())
        with closing(CollectPage('http://@:0', folder, suggester=suggester)) as page:
            asyncio.run(shoot(browser, page, 'collect-phone', (390, 780), phone=True))
        suggester.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
