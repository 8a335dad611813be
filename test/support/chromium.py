# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven by its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
START_S = 60.0


def find_chromium() -> str | None:
    """Return the program: that of CHROMIUM, or one of PATH."""
    return os.environ.get('CHROMIUM') or next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """A page of the browser.

    Attributes:
        complaints: What the page's scripts and its security policy have reported.
    """

    def __init__(self, channel: aiohttp.ClientWebSocketResponse) -> None:
        self.complaints: list[str] = []
        self._channel = channel
        self._count = 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol, and return its result."""
        self._count += 1
        await self._channel.send_json({'id': self._count, 'method': method, 'params': parameters})
        while True:
            message = (await self._channel.receive()).json()
            if message.get('method') in ('Runtime.exceptionThrown', 'Log.entryAdded'):
                entry = message['params'].get('entry', {'level': 'error'})
                if entry['level'] == 'error':
                    self.complaints.append(str(message['params']))
            if message.get('id') == self._count:
                assert 'error' not in message, message
                return message['result']

    async def open(self, url: str, size_wh: tuple[int, int], *, phone: bool, dark: bool) -> None:
        """Open an address on a screen of a size."""
        width, height = size_wh
        for domain in ('Runtime', 'Log', 'Page'):
            await self.call(f'{domain}.enable')
        await self.call(
            'Emulation.setDeviceMetricsOverride',
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        scheme = {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}
        await self.call('Emulation.setEmulatedMedia', features=[scheme])
        await self.call('Page.navigate', url=url)

    async def value(self, script: str) -> Any:
        """Evaluate a script, and return its value."""
        done = await self.call('Runtime.evaluate', expression=script, returnByValue=True)
        return done['result'].get('value')

    async def wait_until(self, script: str) -> None:
        """Wait until a script's value is true."""
        # While the page is loading there may be nothing of it yet.
        while not await self.value(f'(() => {{ try {{ return {script} }} catch {{}} }})()'):
            await asyncio.sleep(0.05)

    async def press(self, key: str) -> None:
        """Press a key, as a keyboard does."""
        for kind in ('rawKeyDown', 'keyUp'):
            code = {'ArrowRight': 39, 'ArrowLeft': 37, 'Tab': 9, 'End': 35, 'Home': 36}[key]
            await self.call(
                'Input.dispatchKeyEvent', type=kind, key=key, windowsVirtualKeyCode=code
            )

    async def screenshot(self) -> bytes:
        """Return a PNG of what is on the screen."""
        return base64.b64decode((await self.call('Page.captureScreenshot'))['data'])


@asynccontextmanager
async def chromium(program: str, *more: str) -> AsyncIterator[Tab]:
    """Start a browser with an empty profile and more options; it ends with the context."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = ['--headless=new', '--disable-gpu', '--remote-debugging-port=0']
        if os.geteuid() == 0:
            options.append('--no-sandbox')
        process = subprocess.Popen(
            [program, *options, *more, f'--user-data-dir={profile}', 'about:blank'],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = await asyncio.wait_for(_debugging_port(Path(profile)), START_S)
            async with aiohttp.ClientSession() as session:
                async with session.get(f'http://127.0.0.1:{port}/json') as answer:
                    tabs = await answer.json()
                (address,) = [t['webSocketDebuggerUrl'] for t in tabs if t['type'] == 'page']
                async with session.ws_connect(address, max_msg_size=0) as channel:
                    yield Tab(channel)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(START_S)


async def _debugging_port(profile: Path) -> int:
    note = profile / 'DevToolsActivePort'
    while True:
        words = note.read_text().split() if note.exists() else []
        if len(words) == 2:
            return int(words[0])
        await asyncio.sleep(0.05)
