# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A program whose output is a page: what a viewer changes, the running network does."""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ros_deep_learning.cli import detectnet, imagenet, segnet, vision
from ros_deep_learning.cli.frames.inputs import named_frames
from ros_deep_learning.cli.frames.replay import replayed
from ros_deep_learning.video.options import VideoOptions
from ros_deep_learning.video.page.sink import PageSink
from ros_deep_learning.video.sources import PictureFolder

PATIENCE_S = 60.0


class Camera:
    """A source that sends a picture again and again, until it is told to end."""

    live, rate_hz = True, 30.0

    def __init__(self, frame: NDArray[np.uint8]) -> None:
        self.end = threading.Event()
        self._frame = frame

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        while not self.end.is_set():
            yield self._frame


class Program:
    """A program that runs in a thread, with a page at any port."""

    def __init__(
        self, program: Any, frame: NDArray[np.uint8], patch: pytest.MonkeyPatch, *arguments: str
    ) -> None:
        self._camera = Camera(frame)
        opened = threading.Event()
        open_sinks = vision.open_sinks

        def kept(*given: Any, **more: Any) -> Any:
            (self.page,) = open_sinks(*given, **more)
            opened.set()
            return [self.page]

        patch.setattr(vision, 'open_inputs', lambda *_: [self._camera])
        patch.setattr(vision, 'open_sinks', kept)
        command = ['camera', 'http://localhost:0', '--backend=onnxruntime', *arguments]
        self._codes: list[int] = []
        self._thread = threading.Thread(
            target=lambda: self._codes.append(program.main(command)), daemon=True
        )
        self._thread.start()
        assert opened.wait(PATIENCE_S)

    def end(self) -> int:
        self._camera.end.set()
        self._thread.join(PATIENCE_S)
        return self._codes[0]


async def rows_until(channel: aiohttp.ClientWebSocketResponse, fact: Any) -> Any:
    """Watch as a browser does until a frame's results are as expected; return them."""
    while True:
        message = await channel.receive()
        assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
        if message.type is aiohttp.WSMsgType.BINARY:
            (length,) = struct.unpack('>I', message.data[:4])
            told = json.loads(message.data[4 : 4 + length])
            await channel.send_json({'shown': told['number']})
            if fact(told['rows']):
                return told


def watch(program: Program, look: Any) -> None:
    async def inner() -> None:
        async with aiohttp.ClientSession() as session:
            url = f'{program.page.url}live'
            async with session.ws_connect(url, max_msg_size=0) as channel:
                await asyncio.wait_for(look(channel), PATIENCE_S)

    try:
        asyncio.run(inner())
    finally:
        assert program.end() == 0


def scores(rows: list[dict[str, Any]]) -> list[float]:
    return [row['score'] for row in rows]


def test_threshold_and_classes_of_detectnet_change_at_once(
    bikes_frames: list[NDArray[np.uint8]],
    ssd_onnx: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    program = Program(detectnet, bikes_frames[2], monkeypatch, '--threshold=0.5')

    async def look(channel: aiohttp.ClientWebSocketResponse) -> None:
        told = await rows_until(channel, lambda rows: rows)
        assert min(scores(told['rows'])) >= 0.5
        assert set(told['times_ms']) == {'preprocess', 'inference', 'postprocess'}
        await channel.send_json({'score_threshold': 0.1})
        told = await rows_until(channel, lambda rows: rows and min(scores(rows)) < 0.5)
        kinds = sorted({row['class_id'] for row in told['rows']})
        assert len(kinds) > 1
        await channel.send_json({'class_ids': kinds[:1]})
        await rows_until(channel, lambda rows: {row['class_id'] for row in rows} == {kinds[0]})
        await channel.send_json({'class_ids': [], 'score_threshold': 1.0})
        await rows_until(channel, lambda rows: not rows)

    watch(program, look)
    out = capsys.readouterr().out
    assert out.startswith(f'open {program.page.url} in a browser; Ctrl-C ends\n')
    assert 'wrote' not in out


def test_the_threshold_of_imagenet(
    coffee: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program(imagenet, coffee[..., ::-1].copy(), monkeypatch, '--topK=0')

    async def look(channel: aiohttp.ClientWebSocketResponse) -> None:
        await rows_until(channel, lambda rows: len(rows) > 1)
        await channel.send_json({'score_threshold': 0.5})
        await rows_until(channel, lambda rows: len(rows) == 1)

    watch(program, look)


def test_the_classes_that_segnet_colours(
    astronaut: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = Program(segnet, astronaut[..., ::-1].copy(), monkeypatch)

    async def look(channel: aiohttp.ClientWebSocketResponse) -> None:
        told = await rows_until(channel, lambda rows: rows)
        ids = {row['label']: row['class_id'] for row in told['rows']}
        await channel.send_json({'class_ids': [ids['background']]})
        while program.page.settings.class_ids != {ids['background']}:
            await rows_until(channel, lambda rows: rows)

    watch(program, look)


def test_a_port_in_use_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], coffee: NDArray[np.uint8]
) -> None:
    picture = tmp_path / 'coffee.png'
    cv2.imwrite(str(picture), coffee)
    page = PageSink('http://localhost:0')
    port = page.url.rstrip('/').rpartition(':')[2]
    try:
        assert imagenet.main([str(picture), f'http://@:{port}']) == 1
    finally:
        page.close()
    said = capsys.readouterr().err.splitlines()
    assert said[-1].startswith(f'imagenet: cannot serve a page: port {port} is in use; give')


def test_a_file_is_played_again_and_follows_changes(tmp_path: Path) -> None:
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(tmp_path / name), np.zeros((16, 24, 3), np.uint8))
    waits: list[float] = []
    changes = [True, False, False, False]

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return changes.pop(0)

    pictures = PictureFolder(tmp_path)
    seen = replayed(named_frames(pictures, VideoOptions(loop=-1)), pictures.rate_hz, wait)
    found = [(one.index, one.name) for one in islice(seen, 5)]
    assert found == [(0, 'a.png'), (1, 'a.png'), (2, 'b.png'), (3, 'a.png'), (4, 'b.png')]
    # One a second.
    assert 0 < waits[0] <= 1
    once = replayed(named_frames(pictures, VideoOptions()), 1000.0, lambda _: False)
    assert [one.name for one in once] == ['a.png', 'b.png']
