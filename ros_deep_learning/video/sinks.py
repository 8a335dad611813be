# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write frames to a folder of pictures or to a video file."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..files import PART_SUFFIX
from ..paths import PICTURE_SUFFIXES, VIDEO_SUFFIXES, user_path
from ..text import disk_cause, one_line
from .encoders import PyAvWriter, has_encoder
from .options import DEFAULT_RATE_HZ, OUTPUT_CODECS, VideoOptions
from .screens import is_screen, open_screen
from .streams.rtp_sink import RtpSink
from .streams.rtsp_sink import RtspSink
from .webrtc.addresses import is_served_here
from .webrtc.sink import WebrtcSink
from .webrtc.whip_sink import WhipSink

_log = logging.getLogger(__name__)

_CODECS = dict.fromkeys(VIDEO_SUFFIXES, 'mpeg4') | {'.avi': 'mjpeg'}
"""Codec by file suffix where there is no encoder for H.264; every OpenCV can write these."""

_OF_OPENCV = ('mpeg4', 'mjpeg')
"""OpenCV writes them in a good and constant quality, so it does so unless a bit rate is given."""

_SPARE_BYTES = 16 * 2**20
"""Space that is left on the disk, so that a video can still be finished."""
_FRAMES_BETWEEN_LOOKS = 16

NUMBERED = 'frame-%06d.jpg'


class Sink(Protocol):
    """Writes frames in order; the caller closes it.

    Attributes:
        paths: The files written so far; for a folder of pictures, the folder alone.
    """

    paths: list[Path]

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Write one frame, shape (H, W, 3), uint8."""

    def close(self) -> None:
        """Finish the output; a second call does nothing.

        Raises:
            ImageError: It is not complete, such as on a full disk.
        """


def _open_webrtc(output: str, options: VideoOptions) -> WebrtcSink | WhipSink:
    return WebrtcSink(output, options) if is_served_here(output) else WhipSink(output, options)


_STREAMS: Mapping[str, Callable[[str, VideoOptions], Sink]] = {
    'rtp': RtpSink,
    'rtsp': RtspSink,
    'webrtc': _open_webrtc,
}
"""By the scheme of their URL."""


def write_picture(path: Path, frame_bgr: NDArray[np.uint8], jpeg_quality: int = 95) -> None:
    """Write a picture; of one that cannot be written nothing is left, and an older one stays.

    Args:
        path: The file; its suffix says the format.
        frame_bgr: Shape (H, W, 3) or (H, W, 1), uint8.
        jpeg_quality: 1..100, for a JPEG.

    Raises:
        ImageError: The picture cannot be written.
    """
    # Not synced, since there may be as many as frames of a camera.
    part = path.with_name(f'.{path.name}{PART_SUFFIX}')
    try:
        is_jpeg = path.suffix.lower() in ('.jpg', '.jpeg')
        options = [cv2.IMWRITE_JPEG_QUALITY, jpeg_quality] if is_jpeg else []
        encoded, data = cv2.imencode(path.suffix, frame_bgr, options)
        if not encoded:
            msg = f'cannot write {path}: its suffix is not one of a picture'
            raise ImageError(msg)
        part.write_bytes(data.tobytes())
        part.replace(path)
    except cv2.error as err:
        msg = f'cannot write {path}: {one_line(err)}'
        raise ImageError(msg) from err
    except OSError as err:
        with suppress(OSError):
            part.unlink()
        msg = f'cannot write {path}: {disk_cause(err)}'
        raise ImageError(msg) from err


class PictureSink:
    """Writes each frame as a picture.

    Args:
        folder: Folder for the pictures; created if missing.
        names: File names of the first pictures.
        form: File name of each further picture, with ``%d`` for its number.

    Attributes:
        index: Index of the next picture, counted from 0; a caller who leaves one out raises it.

    Raises:
        ImageError: The folder cannot be created, or ``form`` has no number.
    """

    def __init__(self, folder: Path, names: Sequence[str] = (), form: str = NUMBERED) -> None:
        self._folder, self._names, self._form = folder, names, form
        self.index = 0
        self.paths: list[Path] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            form % 0
        except (OSError, TypeError, ValueError) as err:
            msg = f'cannot write pictures {folder / form}: {err}'
            raise ImageError(msg) from err

    def target(self, index: int) -> Path:
        """Return the path of the picture with an index, counted from 0."""
        known = index < len(self._names)
        return self._folder / (self._names[index] if known else self._form % index)

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Write one frame.

        Raises:
            ImageError: The picture cannot be written.
        """
        write_picture(self.target(self.index), frame_bgr)
        self.index += 1
        self.paths = [self._folder]

    def close(self) -> None:
        """Do nothing: every picture is already complete."""


class VideoSink:
    """Writes frames into a video file, which is created with the first frame.

    It is written by PyAV where that is installed, else by OpenCV, which also writes MJPEG and
    MPEG-4 without a bit rate. If the process is killed, the file lacks its last seconds; a
    ``.mp4`` or ``.mov`` of OpenCV cannot be read then, since its index is written at the end.

    Args:
        path: The file; its suffix is one of ``VIDEO_SUFFIXES``.
        options: Its ``rate_hz``, where 0 is 30; ``codec``, where ``unknown`` is the default of the
            suffix; and ``bitrate``, where 0 is a constant quality, as always by OpenCV.

    Attributes:
        codec: The codec that is written, a key of ``OUTPUT_CODECS``.
        rate_hz: Frame rate.
    """

    def __init__(self, path: Path, options: VideoOptions) -> None:
        self._path, self._bitrate = path, options.bitrate
        self.rate_hz = options.rate_hz or DEFAULT_RATE_HZ
        self.codec = default_codec(path) if options.codec == 'unknown' else options.codec
        self._writer: Any = None
        self._size_wh = (0, 0)
        self._count = 0
        self.paths: list[Path] = []

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Write one frame; later frames are resized to the size of the first.

        Raises:
            ImageError: Such a file cannot be written there, or the disk is nearly full; what was
                written until then can be read after ``close``.
        """
        size_wh = (frame_bgr.shape[1], frame_bgr.shape[0])
        if self._writer is None:
            self._open(size_wh)
        elif self._count % _FRAMES_BETWEEN_LOOKS == 0:
            self._check_space()
        if size_wh != self._size_wh:
            frame_bgr = cv2.resize(frame_bgr, self._size_wh).astype(np.uint8, copy=False)
        self._count += 1
        try:
            self._writer.write(frame_bgr)
        except ImageError:
            self.close()
            raise

    def close(self) -> None:
        """Finish the file and count its frames; a second call does nothing.

        Raises:
            ImageError: The file lacks frames. OpenCV does not report that it cannot write.
        """
        if self._writer is None:
            return
        writer, self._writer = self._writer, None
        try:
            writer.release()
            found = _frame_count(self._path)
        except ImageError:
            # The header may promise more than there is.
            found = _decoded_count(self._path)
        # A container with times in milliseconds may round the count.
        if found < self._count - 1 - self._count // 100:
            self.paths = []
            msg = (
                f'{self._path} was not written completely: {found} of {self._count} frames can be '
                'read; is the disk full?'
            )
            raise ImageError(msg)

    def _check_space(self) -> None:
        try:
            free = shutil.disk_usage(self._path.parent).free
        except OSError:
            return
        if free < _SPARE_BYTES:
            msg = (
                f'no space left on the disk for {self._path}: it ends after {self._count} frames; '
                'free some'
            )
            raise ImageError(msg)

    def _open(self, size_wh: tuple[int, int]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            msg = f'cannot write the video {self._path}: {err}'
            raise ImageError(msg) from err
        # Before there is a file, which would have no frame.
        self._check_space()
        if has_encoder(self.codec) and (self._bitrate or self.codec not in _OF_OPENCV):
            self._writer = PyAvWriter(self._path, self.codec, self.rate_hz, size_wh, self._bitrate)
        else:
            self._writer = self._opencv_writer(size_wh)
        self._size_wh = size_wh
        self.paths = [self._path]

    def _opencv_writer(self, size_wh: tuple[int, int]) -> cv2.VideoWriter:
        if self._bitrate:
            words = '%s: the bit rate has no effect, OpenCV chooses that of %s; to fix: %s'
            _log.warning(words, self._path, self.codec, 'pip install av')
        code = cv2.VideoWriter.fourcc(*OUTPUT_CODECS[self.codec])
        writer = cv2.VideoWriter(str(self._path), code, self.rate_hz, size_wh)
        if not writer.isOpened():
            msg = (
                f'cannot write the video {self._path} as {self.codec}; is the folder writable? '
                'every OpenCV has mjpeg in an .avi'
            )
            raise ImageError(msg)
        return writer


def default_codec(path: Path) -> str:
    """Return the codec of a video of which none is requested: H.264 where PyAV encodes it."""
    codec = _CODECS[path.suffix.lower()]
    return 'h264' if codec == 'mpeg4' and has_encoder('h264') else codec


def _frame_count(path: Path) -> int:
    """Return how many frames a finished video has; 0 if it cannot be read."""
    capture = cv2.VideoCapture(str(path))
    try:
        # Of a file that was cut off, it is 0 or a huge negative number.
        return max(0, round(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
    finally:
        capture.release()


def _decoded_count(path: Path) -> int:
    """Return how many frames of a video can be decoded."""
    capture, count = cv2.VideoCapture(str(path)), 0
    try:
        while capture.grab():
            count += 1
    finally:
        capture.release()
    return count


def open_output(output: str, options: VideoOptions) -> Sink:
    """Open a video file, numbered pictures in a folder or by a pattern, a stream or a screen.

    Args:
        output: A path, with or without a leading ``file://``, or the URL of a stream; or
            ``display://0`` for a window, ``http://@:8080`` for a page.
        options: Frame rate of a video, or the expected one of a stream; ``codec``, where
            ``unknown`` is the default of the suffix, of a stream H.264; ``bitrate`` of a stream,
            where 0 is 4 Mbit/s, or of a video as for ``VideoSink``.

    Raises:
        BackendUnavailableError: It is a stream, and PyAV is not installed.
        ImageError: The scheme of the URL or the suffix is unknown, or the output cannot be
            opened.
        SettingsError: A page cannot be served there.
    """
    if is_screen(output):
        return open_screen(output)
    check_output_scheme(output)
    if is_stream_output(output):
        return _STREAMS[_scheme(output)](output, options)
    path = user_path(output.removeprefix('file://'))
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES:
        return VideoSink(path, options)
    if suffix not in PICTURE_SUFFIXES:
        if not output or (suffix and not path.is_dir()):
            known = ', '.join((*PICTURE_SUFFIXES, *VIDEO_SUFFIXES))
            msg = f'cannot write {output!r}: expected a folder, or one of {known}'
            raise ImageError(msg)
        return PictureSink(path)
    if '%' not in path.name:
        msg = f'{path} is one picture, but there are many frames; give a folder, or name-%d.jpg'
        raise ImageError(msg)
    return PictureSink(path.parent, form=path.name)


def is_stream_sink(sink: object) -> bool:
    """Return whether a sink sends or serves a stream, whose viewers see frames as they come."""
    return isinstance(sink, (RtpSink, RtspSink, WebrtcSink, WhipSink))


def is_stream_output(output: str) -> bool:
    """Return whether an output is the URL of a stream that is sent or served here."""
    return _scheme(output) in _STREAMS


def check_output_scheme(output: str) -> None:
    """Raise ImageError if an output is a URL of an unknown scheme."""
    scheme = _scheme(output)
    if scheme and scheme != 'file' and scheme not in _STREAMS:
        streams = ', '.join(f'{name}://' for name in _STREAMS)
        msg = (
            f'cannot write {output!r}: expected a path, with or without file://, or one of '
            f'{streams}, http:// (a page) and display:// (a window)'
        )
        raise ImageError(msg)


def _scheme(output: str) -> str:
    scheme, separator, _ = output.partition('://')
    return scheme.lower() if separator else ''
