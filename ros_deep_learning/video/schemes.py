# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every source and output of video: how it is written, its options, and how it was tried."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = 'run over loopback'
FILES = 'run'
STAND_IN = "run with a stand-in for OpenCV's camera; no device was there"
BUILT = "the pipeline's text is tested; not run, no such device was there"
DEBIAN = (
    "run by hand with Debian's OpenCV 4.6 and GStreamer 1.22; the tests read the pipeline's text"
)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A kind of source or output.

    Attributes:
        form: How it is written.
        text: What it is.
        options: The fields of ``VideoOptions`` that it uses, besides those that all use.
        needs: What has to be installed; empty for nothing more.
        tried: How it was tried.
    """

    form: str
    text: str
    options: tuple[str, ...]
    needs: str
    tried: str


SOURCES = (
    Scheme('street.jpg', 'a picture', ('loop',), '', FILES),
    Scheme('photos, photos/*.jpg', 'a folder or pattern of pictures', ('loop',), '', FILES),
    Scheme('bikes.mp4', 'a video that OpenCV reads', ('loop',), '', FILES),
    Scheme(
        '/dev/video0, v4l2:///dev/video0',
        'a V4L2 camera',
        ('codec',),
        'Linux',
        STAND_IN,
    ),
    Scheme('csi://0', 'a camera at the CSI port of a Jetson', (), 'OpenCV with GStreamer', BUILT),
    Scheme('rtsp://host/name', 'an RTSP server, over TCP', ('latency_ms',), 'PyAV', LOOPBACK),
    Scheme(
        'rtp://@:5004',
        'RTP packets that are sent to this port',
        ('codec', 'latency_ms'),
        'PyAV',
        LOOPBACK,
    ),
    Scheme(
        'webrtc://host:8554/name',
        'a WebRTC stream, asked for by WHEP at `http://host:8554/name/whep`',
        (),
        'aiortc',
        LOOPBACK,
    ),
    Scheme(
        'webrtc://@:8554/name',
        'a WebRTC stream that is sent here by WHIP, as by OBS, or from the camera of a browser',
        (),
        'aiortc, aiohttp',
        'run over loopback, with aiortc and from a headless Chromium',
    ),
    Scheme('http://host/video', 'MJPEG of an IP camera', (), 'PyAV or OpenCV', LOOPBACK),
    Scheme('http://host/all.m3u8', 'HLS; one with an end is a file', ('loop',), 'PyAV', LOOPBACK),
    Scheme('http://host/bikes.mp4', 'a video on a web server, a file', ('loop',), '', LOOPBACK),
    Scheme('udp://127.0.0.1:5000, tcp://host:5000', 'MPEG-TS', (), 'PyAV or OpenCV', LOOPBACK),
    Scheme(
        'rtmp://host/live/name',
        'an RTMP server',
        (),
        'PyAV or OpenCV',
        'run over loopback by hand, with FFmpeg as the server',
    ),
    Scheme('pattern://bars, pattern://ball', 'test pictures with their number', (), '', FILES),
    Scheme('gst:videotestsrc', 'a GStreamer pipeline', (), 'OpenCV with GStreamer', DEBIAN),
)
SINKS = (
    Scheme('out.jpg', 'one picture; of many frames, the library takes none', (), '', FILES),
    Scheme('seen, out/%d.png', 'a folder of pictures, with numbers', (), '', FILES),
    Scheme(
        'out.mp4, .mkv, .mov, .avi',
        'a video file',
        ('codec', 'bitrate', 'rate_hz'),
        'PyAV for H.264, H.265 and a bit rate',
        FILES,
    ),
    Scheme(
        'rtp://host:5004',
        'RTP packets to one address, whether somebody reads them or not',
        ('codec', 'bitrate', 'rate_hz'),
        'PyAV',
        LOOPBACK,
    ),
    Scheme(
        'rtsp://@:8554/name',
        'an RTSP server for up to 16 viewers, over TCP or UDP',
        ('codec', 'bitrate', 'rate_hz'),
        'PyAV',
        LOOPBACK,
    ),
    Scheme(
        'webrtc://@:8554/name',
        'a WebRTC stream for up to 16 viewers: on its page, or by WHEP',
        ('codec',),
        'aiortc, aiohttp',
        'run over loopback, with aiortc and in a headless Chromium',
    ),
    Scheme(
        'webrtc://host:8889/name',
        'a WebRTC stream, sent by WHIP to the server at `http://host:8889/name/whip`',
        ('codec',),
        'aiortc',
        LOOPBACK,
    ),
    Scheme(
        'http://@:8080',
        'a page in the browser ([page.md](page.md)), for up to 16 viewers; also MJPEG',
        (),
        'aiohttp',
        'run over loopback, in a headless Chromium',
    ),
    Scheme(
        'display://0',
        'a window',
        (),
        'OpenCV with windows',
        "run with a stand-in for OpenCV's windows; by hand in a real one, on the screen of Xvfb",
    ),
)
