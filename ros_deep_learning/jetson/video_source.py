# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``videoSource`` of jetson-utils."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Event
from time import sleep
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import CameraError, ImageError
from .images import converted, cudaImage
from .log import Log
from .video_options import VideoOptions

_NAMES = {
    'width': 'input_width',
    'height': 'input_height',
    'frameRate': 'input_rate',
    'framerate': 'input_rate',
    'codec': 'input_codec',
    'flipMethod': 'input_flip',
    'flip': 'input_flip',
    'loop': 'input_loop',
    'latency': 'input_latency',
}


def _options() -> VideoOptions:
    from ..video.arguments import add_source_arguments

    options = VideoOptions('videoSource')
    add_source_arguments(options)
    return options


class videoSource:
    """Reads a file, a folder of pictures, a camera or a stream.

    Args:
        URI: Such as ``file://my_video.mp4``, a path, ``/dev/video0``, ``csi://0``, ``rtsp://...``.
        argv: The command line, whose options win.
        options: Values by name: ``width``, ``height``, ``framerate``, ``codec``, ``flipMethod``,
            ``loop``, ``latency``.

    Raises:
        ImageError: There is no such file, or it cannot be read.
        SettingsError: An option is unknown, or its value.
    """

    def __init__(
        self,
        URI: str,
        argv: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        from ..imaging.compressed import decode_jpeg
        from ..video.arguments import source_options
        from ..video.sources import open_frames

        read = _options().read_all(argv, options, _NAMES)
        self._name = URI
        self._options = replace(source_options(read), decode_jpeg=decode_jpeg)
        self._source = open_frames(URI, self._options)
        self._frames = self._play()
        self._next: NDArray[np.uint8] | None = None
        self._open = True
        self._size_wh: tuple[int, int] = (read.input_width, read.input_height)
        if not self._source.live:
            self._look_ahead()

    @staticmethod
    def Usage() -> str:
        """Return the options for a program's help."""
        return _options().described()

    def Capture(self, format: str = 'rgb8', timeout: int = 1000) -> cudaImage | None:  # noqa: A002
        """Return the next frame.

        Args:
            format: ``rgb8``, ``rgba8`` or ``gray8``.
            timeout: Milliseconds to pause if a camera is unavailable, at most 500; a frame is
                waited for.

        Returns:
            The frame; None if a camera is unavailable, which the log says.

        Raises:
            ImageError: The file has ended; ``IsStreaming`` says so after the last frame.
        """
        from ..video.play import FIRST_WAIT_S

        if not self._open:
            msg = f'{self._name} has ended; to fix: end the loop if IsStreaming() is false'
            raise ImageError(msg)
        if self._source.live:
            try:
                self._next = next(self._frames)
            except CameraError as err:
                Log.Warning(str(err))
                self._frames = self._play()
                sleep(min(FIRST_WAIT_S, max(0, timeout) / 1000))
                return None
        frame = self._next
        assert frame is not None
        if not self._source.live:
            self._look_ahead()
        self._size_wh = frame.shape[1], frame.shape[0]
        return converted(np.ascontiguousarray(frame[..., ::-1]), format)

    def CaptureRGBA(self, timeout: int = 1000) -> tuple[cudaImage | None, int, int]:
        """Return the next frame as scripts of 2019 do: the image, its width and its height."""
        image = self.Capture('rgba8')
        return image, self.GetWidth(), self.GetHeight()

    def IsStreaming(self) -> bool:
        """Return whether there is another frame; of a camera, whether it is open."""
        return self._open

    def Open(self) -> None:
        """Play from the start, if it was closed."""
        if not self._open:
            self._open, self._frames = True, self._play()
            if not self._source.live:
                self._look_ahead()

    def Close(self) -> None:
        """Close the file or camera."""
        self._open, self._frames = False, iter(())

    def GetWidth(self) -> int:
        """Return the width in pixels; of a camera 0 before the first frame, unless requested."""
        return self._size_wh[0]

    def GetHeight(self) -> int:
        """Return the height in pixels, as ``GetWidth``."""
        return self._size_wh[1]

    def GetFrameRate(self) -> float:
        """Return the frame rate."""
        return self._options.rate_hz or self._source.rate_hz

    def _play(self) -> Iterator[NDArray[np.uint8]]:
        from ..video.play import play

        # A script asks again itself, so that a camera that is away is given up at once.
        frames = play(
            self._source,
            self._options,
            stopped=Event(),
            on_absence=lambda _: None,
            patience_s=0.0,
        )
        return (frame.image_bgr for frame in frames)

    def _look_ahead(self) -> None:
        """Take the next frame of a file, so that its end is known with its last frame."""
        self._next = next(self._frames, None)
        self._open = self._next is not None
        if self._next is not None:
            height, width = self._next.shape[:2]
            self._size_wh = (width, height)


def gstCamera(width: int = 1280, height: int = 720, camera: str = '0') -> videoSource:
    """Open a camera as scripts of 2019 do.

    Args:
        width: Width in pixels that is requested.
        height: Height in pixels that is requested.
        camera: ``/dev/video0``, or the number of a CSI camera.
    """
    name = f'csi://{camera}' if camera.isdecimal() else camera
    return videoSource(name, options={'width': width, 'height': height})
