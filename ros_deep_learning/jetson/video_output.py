# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``videoOutput`` of jetson-utils."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..paths import user_path
from .images import as_bgr, saveImage
from .log import Log
from .video_options import VideoOptions

if TYPE_CHECKING:
    from ..video.sinks import Sink

_NAMES = {
    'width': 'output_width',
    'height': 'output_height',
    'frameRate': 'output_rate',
    'framerate': 'output_rate',
    'codec': 'output_codec',
    'bitrate': 'bitrate',
}
_DISPLAY = 'display://'


def _options() -> VideoOptions:
    from ..video.arguments import add_output_arguments

    options = VideoOptions('videoOutput')
    add = options.add_argument
    add('--output-width', type=int, default=0, help='ignored: a frame knows its size')
    add('--output-height', type=int, default=0, help='ignored likewise')
    add_output_arguments(options)
    add('--headless', action='store_true', help='open no window')
    return options


class videoOutput:
    """Shows frames in a window, writes them to a file, or sends them as a stream.

    Args:
        URI: ``display://0``, a picture's or a video's path, with or without ``file://``, or a
            folder, ``rtp://host:port``, ``rtsp://@:8554/name``, ``http://@:8080`` for a page;
            empty for a window if there is a screen.
        argv: The command line, whose options win.
        options: Values by name: ``framerate``, ``codec``, ``bitrate``.

    Raises:
        ImageError: The output is of no known kind, cannot be written, or there is no screen.
        SettingsError: An option is unknown, or its value.
    """

    def __init__(
        self,
        URI: str = '',
        argv: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        from ..paths import PICTURE_SUFFIXES
        from ..video.arguments import output_options
        from ..video.options import DEFAULT_RATE_HZ
        from ..video.sinks import open_output
        from ..video.window import Window

        read = _options().read_all(argv, options, _NAMES)
        asked = output_options(read)
        self._rate_hz = asked.rate_hz or DEFAULT_RATE_HZ
        self._window: Window | None = None
        self._sink: Sink | None = None
        self._picture: Path | None = None
        self._closed = False
        path = user_path(URI.removeprefix('file://'))
        has_screen = bool(os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY'))
        if URI.startswith(_DISPLAY) or (not URI and has_screen):
            if not read.headless:
                self._window = Window('jetson')
        elif path.suffix.lower() in PICTURE_SUFFIXES and '%' not in path.name:
            self._picture = path
        elif URI:
            self._sink = open_output(URI, asked)

    @staticmethod
    def Usage() -> str:
        """Return the options for a program's help."""
        return _options().described()

    def Render(self, image: Any, width: int = 0, height: int = 0) -> None:
        """Show or write a frame.

        A picture file has the last frame.

        Args:
            image: Shape (H, W, 3), (H, W, 4) or (H, W, 1), uint8, RGB.
            width: Ignored: the image knows it.
            height: Ignored likewise.

        Raises:
            ImageError: It cannot be written.
        """
        import cv2
        import numpy as np

        if self._picture is not None:
            saveImage(self._picture, image)
            return
        frame = as_bgr(image)
        if frame.shape[2] == 1:
            frame = np.asarray(cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR), np.uint8)
        if self._window is not None:
            self._window.show(frame)
            self._closed = self._closed or self._window.is_closed()
        elif self._sink is not None:
            self._sink.write(frame)

    RenderOnce = Render

    def SetStatus(self, text: str) -> None:
        """Set the title of the window; of another output, log it."""
        if self._window is not None:
            self._window.set_title(text)
        else:
            Log.Verbose(text)

    SetTitle = SetStatus

    def IsStreaming(self) -> bool:
        """Return whether frames are taken: false once the window or the file is closed."""
        return not self._closed

    IsOpen = IsStreaming

    def GetFrameRate(self) -> float:
        """Return the frame rate of a video file."""
        return float(self._rate_hz)

    def Close(self) -> None:
        """Finish the file; the end of the program does so too.

        Raises:
            ImageError: It is not complete, such as on a full disk.
        """
        self._closed = True
        if self._sink is not None:
            self._sink.close()

    def __del__(self) -> None:
        if getattr(self, '_sink', None) is not None:
            self.Close()


def glDisplay() -> videoOutput:
    """Open a window as scripts of 2019 do.

    Raises:
        ImageError: There is no screen.
    """
    return videoOutput('display://0')
