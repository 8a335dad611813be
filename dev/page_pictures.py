# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Take the pictures of docs/page.md: the page of detectnet on a clip of a street, in Chromium.

Run it after `. .ros/env.sh`. Chromium is found on PATH, or by CHROMIUM.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / 'test' / 'support'))

from chromium import chromium, find_chromium  # type: ignore[import-not-found] # noqa: E402

from ros_deep_learning.downloads.media import media_path  # noqa: E402

ADDRESS = 'http://localhost:18081'
PICTURES = {
    'page-wide': ((1280, 530), False, False),
    'page-phone': ((390, 780), True, True),
}
"""By file name: size of the screen, whether it is a phone's, whether it is dark."""
FIRST_FRAME = 120
JPEG_QUALITY = 85


async def take(browser: str, folder: Path) -> None:
    """Take each picture when several objects are seen."""
    async with chromium(browser) as tab:
        for name, (size_wh, phone, dark) in PICTURES.items():
            await tab.open(ADDRESS, size_wh, phone=phone, dark=dark)
            seen = f"picture.dataset.number > {FIRST_FRAME} && part('rows').children.length > 2"
            await tab.wait_until(f"{seen} && part('rate').textContent.endsWith('fps')")
            png = np.frombuffer(await tab.screenshot(), np.uint8)
            picture = np.asarray(cv2.imdecode(png, cv2.IMREAD_COLOR), np.uint8)
            quality = (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY)
            cv2.imwrite(str(folder / f'{name}.jpg'), picture, quality)


def main() -> int:
    """Run detectnet, and take its pictures."""
    browser = find_chromium()
    if browser is None:
        print('no Chromium on PATH: apt-get install chromium', file=sys.stderr)
        return 1
    command = ['detectnet', str(media_path('bikes.mp4')), ADDRESS, '--threshold=0.4']
    program = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        asyncio.run(take(browser, ROOT / 'docs' / 'images'))
    finally:
        program.terminate()
        program.wait()
    return 0


if __name__ == '__main__':
    sys.exit(main())
