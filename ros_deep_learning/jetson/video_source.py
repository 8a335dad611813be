# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``videoSource`` of jetson-utils."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
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
    options = VideoOptions('videoSource')
    add = options.add_argument
    add('--input-width', type=int, default=0, help='width in pixels requested of a camera')
    add('--input-height', type=int, default=0, help='height in pixels requested of a camera')
    add('--input-rate', type=float, default=0.0, help='frame rate requested of a camera')
    add('--input-codec', default='unknown', help='codec requested of a camera, such as mjpeg')
    add('--input-flip', default='none', help='such as rotate-180')
    add('--input-loop', type=int, default=0, help='how often a file is repeated, -1 for ever')
    add(
        '--input-latency',
        type=int,
        default=2000,
        help='how long a late packet is waited for, in ms',
    )
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
        SettingsError: An option is unknown.
    """

    def __init__(
        self,
        URI: str,
        argv: Sequence[str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        from ..imaging.compressed import decode_jpeg
        from ..video.options import CAMERA_CODECS, VideoOptions
        from ..video.sources import open_frames
        from ..video.turns import TURNS

        read = _options().read_all(argv, options, _NAMES)
        for name, known in (('input_flip', TURNS), ('input_codec', CAMERA_CODECS)):
            if getattr(read, name) not in known:
                msg = f'{name}: expected one of {", ".join(known)}, got {getattr(read, name)!r}'
                raise ImageError(msg)
        self._name, self._flip = URI, read.input_flip
        self._source = open_frames(
            URI,
            VideoOptions(
                width=read.input_width,
                height=read.input_height,
                rate_hz=read.input_rate,
                codec=read.input_codec,
                latency_ms=read.input_latency,
                decode_jpeg=decode_jpeg,
            ),
        )
        self._loops = read.input_loop
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
            timeout: Ignored: a frame is waited for.

        Returns:
            The frame; None if a camera is unavailable, which the log says.

        Raises:
            ImageError: The file has ended; ``IsStreaming`` says so after the last frame.
        """
        from ..video.turns import turned

        if not self._open:
            msg = f'{self._name} has ended; to fix: end the loop if IsStreaming() is false'
            raise ImageError(msg)
        if self._source.live:
            try:
                self._next = next(self._frames)
            except CameraError as err:
                Log.Warning(str(err))
                self._frames = self._play()
                return None
        frame = self._next
        assert frame is not None
        if not self._source.live:
            self._look_ahead()
        frame = turned(frame, self._flip)
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
        return self._source.rate_hz

    def _play(self) -> Iterator[NDArray[np.uint8]]:
        if self._source.live:
            return iter(self._source.frames())
        times = repeat(None) if self._loops < 0 else repeat(None, self._loops + 1)
        return chain.from_iterable(self._source.frames() for _ in times)

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
