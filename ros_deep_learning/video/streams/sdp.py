# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The description of an RTP stream of one video (SDP, RFC 8866)."""

from __future__ import annotations

from dataclasses import dataclass

DYNAMIC_PAYLOAD = 96
CLOCK_HZ = 90_000
"""Ticks of the RTP clock of every video format (RFC 3551, section 5)."""


@dataclass(frozen=True, slots=True)
class RtpFormat:
    """How a codec is sent in RTP.

    Attributes:
        encoding: Its name in ``a=rtpmap``.
        payload: Payload type.
        parameters: Of ``a=fmtp``; empty for none.
    """

    encoding: str
    payload: int = DYNAMIC_PAYLOAD
    parameters: str = ''


RTP_FORMATS = {
    'h264': RtpFormat('H264', parameters='packetization-mode=1'),
    'h265': RtpFormat('H265'),
    'vp8': RtpFormat('VP8'),
    'vp9': RtpFormat('VP9'),
    'mjpeg': RtpFormat('JPEG', payload=26),
}
"""By the codec names of jetson-inference (RFC 6184, 7798, 7741, 9628 and 2435)."""


def describe(codec: str, host: str, port: int, control: str = '') -> str:
    """Return the description of a stream.

    Args:
        codec: A key of ``RTP_FORMATS``.
        host: Address that the stream is sent to.
        port: UDP port; 0 if a viewer chooses it.
        control: Name of the video in requests of RTSP; empty for none.
    """
    form = RTP_FORMATS[codec]
    version = 'IP6' if ':' in host else 'IP4'
    lines = [
        'v=0',
        f'o=- 0 0 IN {version} {host}',
        's=ros_deep_learning',
        f'c=IN {version} {host}',
        't=0 0',
        f'm=video {port} RTP/AVP {form.payload}',
        f'a=rtpmap:{form.payload} {form.encoding}/{CLOCK_HZ}',
    ]
    if form.parameters:
        lines.append(f'a=fmtp:{form.payload} {form.parameters}')
    if control:
        lines.append(f'a=control:{control}')
    return ''.join(f'{line}\r\n' for line in lines)
