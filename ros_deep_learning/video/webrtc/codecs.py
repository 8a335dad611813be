# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The codecs of WebRTC that can be asked for."""

from __future__ import annotations

from typing import Any

from ...errors import ImageError

CODECS = ('h264', 'vp8')


def webrtc_codec(name: str, codec: str) -> str:
    """Return the codec that is asked for; empty for that which the other side prefers.

    Args:
        name: The stream, for the error.
        codec: ``h264``, ``vp8`` or ``unknown``.

    Raises:
        ImageError: The codec is not one of WebRTC.
    """
    if codec not in ('unknown', *CODECS):
        msg = f'{name}: codec {codec} is not one of {", ".join(CODECS)}'
        raise ImageError(msg)
    return '' if codec == 'unknown' else codec


def send_track(aiortc: Any, peer: Any, track: Any, codec: str) -> None:
    """Add a track to a peer, in one codec unless that is empty."""
    sender = peer.addTrack(track)
    wanted = f'video/{codec}'
    known = aiortc.RTCRtpSender.getCapabilities('video').codecs
    chosen = [one for one in known if one.mimeType.lower() == wanted]
    for transceiver in peer.getTransceivers():
        if transceiver.sender is sender and codec:
            transceiver.setCodecPreferences(chosen)
