# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The viewers of an RTSP stream, over the connection itself or over UDP."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from .rtp_encoder import RtpPacket

MOST_QUEUED_BYTES = 4 * 2**20
"""Eight seconds at 4 Mbit/s; no more is kept for a viewer that does not read."""


class Viewer(Protocol):
    """Takes packets without blocking."""

    def offer(self, packets: Sequence[RtpPacket]) -> None:
        """Take the packets of a frame, or leave them out."""

    def close(self) -> None:
        """Take no more."""


class TcpViewer:
    """A viewer that gets its packets within the RTSP connection (RFC 2326, section 10.12).

    One that reads too slowly loses what it has not read yet, and goes on with a key frame.

    Args:
        connection: The connection; replies are sent through ``send`` as well.
        channel: Number of the channel of RTP; that of RTCP is one higher.
    """

    def __init__(self, connection: socket.socket, channel: int) -> None:
        self._connection, self._channel = connection, channel
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._waits_for_key = True
        self._closed = False
        self._changed = threading.Condition()
        self.sending = threading.Lock()
        threading.Thread(target=self._run, name='rtsp_viewer', daemon=True).start()

    def offer(self, packets: Sequence[RtpPacket]) -> None:
        """Queue the packets of a frame."""
        with self._changed:
            if self._queued_bytes > MOST_QUEUED_BYTES:
                self._queue.clear()
                self._queued_bytes = 0
                self._waits_for_key = True
            for packet in packets:
                if packet.starts_key_frame:
                    self._waits_for_key = False
                if self._waits_for_key and not packet.is_rtcp:
                    continue
                channel = self._channel + packet.is_rtcp
                head = b'$' + bytes([channel]) + len(packet.data).to_bytes(2, 'big')
                self._queue.append(head + packet.data)
                self._queued_bytes += len(packet.data) + 4
            self._changed.notify()

    def close(self) -> None:
        """Stop sending; the connection is left to its owner."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._queue or self._closed)
                    if self._closed:
                        return
                    data = self._queue.popleft()
                    self._queued_bytes -= len(data)
                with self.sending:
                    self._connection.sendall(data)


class UdpViewer:
    """A viewer that gets its packets at two UDP ports.

    Args:
        host: Address from which it asked; packets go nowhere else.
        ports: Its ports for RTP and RTCP.
        local_host: Address to send from.
    """

    def __init__(self, host: str, ports: tuple[int, int], local_host: str) -> None:
        family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self._peers = [(host, port) for port in ports]
        self._sockets: list[socket.socket] = []
        self._waits_for_key = True
        for _ in ports:
            one = socket.socket(family, socket.SOCK_DGRAM)
            one.setblocking(False)
            one.bind((local_host, 0))
            self._sockets.append(one)

    @property
    def local_ports(self) -> tuple[int, int]:
        """The ports that packets are sent from."""
        rtp, rtcp = (int(one.getsockname()[1]) for one in self._sockets)
        return rtp, rtcp

    def offer(self, packets: Sequence[RtpPacket]) -> None:
        """Send the packets of a frame; those that find no room are dropped."""
        for packet in packets:
            if packet.starts_key_frame:
                self._waits_for_key = False
            if self._waits_for_key and not packet.is_rtcp:
                continue
            with suppress(OSError):
                one = self._sockets[packet.is_rtcp]
                one.sendto(packet.data, self._peers[packet.is_rtcp])

    def close(self) -> None:
        """Close the ports."""
        for one in self._sockets:
            one.close()
