# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Two network namespaces with a link of limited rate between them, as two hosts."""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import select
import shutil
import signal
import struct
import subprocess
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

SIDES = ('robot', 'desk')
ADDRESSES = dict(zip(SIDES, ('10.77.0.1', '10.77.0.2'), strict=True))
_NAME = re.compile(r'rdl-(\d+)-(?:robot|desk|switch)')
_TUN = Path('/dev/net/tun')
# linux/if_tun.h
_TUNSETIFF, _IFF_TAP, _IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
_FRAME_BYTES = 2048
_BROADCAST = b'\xff' * 6


@dataclass(frozen=True, slots=True)
class Link:
    """What connects the hosts; all of it holds for each direction.

    Attributes:
        mbit_s: Rate in 10^6 bits a second.
        loss: Share of the Ethernet frames that are lost, 0 to 1.
        delay_ms: Time of travel beside that of the queue.
    """

    mbit_s: int
    loss: float = 0.0
    delay_ms: float = 0.0

    @property
    def name(self) -> str:
        """Words for a table."""
        rate = f'{self.mbit_s / 1000:g} Gbit/s' if self.mbit_s >= 1000 else f'{self.mbit_s} Mbit/s'
        if not (self.loss or self.delay_ms):
            return rate
        return f'{rate}, {self.loss:.0%} loss, {self.delay_ms:g} ms'


class TwoHosts:
    """The namespaces ``robot`` and ``desk``, which are removed at the end of the context.

    Each side sends through the kernel's token bucket (tbf) with a queue of 50 ms. Between them is
    a switch (veth pairs and a bridge), or where frames are lost or delayed a pair of TAP devices
    and a relay in this process, since not every kernel has netem.

    Args:
        link: The link.
        multicast: Whether the link carries multicast.
    """

    def __init__(self, link: Link, *, multicast: bool = True) -> None:
        self._link = link
        self._multicast = multicast
        self._spaces = {side: f'rdl-{os.getpid()}-{side}' for side in SIDES}
        self._switch = f'rdl-{os.getpid()}-switch'
        self._taps: list[int] = []
        self._ends = threading.Event()
        self._relay = threading.Thread(target=self._carry, daemon=True)

    def __enter__(self) -> TwoHosts:
        remove_stale()
        try:
            self._make()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes of the hosts and remove them; twice is harmless."""
        self._ends.set()
        if self._relay.is_alive():
            self._relay.join()
        while self._taps:
            os.close(self._taps.pop())
        for space in {*self._spaces.values(), self._switch} & set(_namespaces()):
            _remove(space)

    def command(self, side: str, command: Sequence[str]) -> list[str]:
        """Return a command that runs another one on a host, which has a /dev/shm of its own."""
        script = 'mount -t tmpfs tmpfs /dev/shm && exec "$@"'
        return ['ip', 'netns', 'exec', self._spaces[side], 'sh', '-c', script, 'sh', *command]

    def sent_bytes(self, side: str) -> int:
        """Return the bytes that a host has put on the link, with all headers."""
        shown = _ip('-n', self._spaces[side], '-s', '-j', 'link', 'show', 'link0')
        return int(json.loads(shown)[0]['stats64']['tx']['bytes'])

    def _make(self) -> None:
        for space in (*self._spaces.values(), self._switch):
            _ip('netns', 'add', space)
        relayed = bool(self._link.loss or self._link.delay_ms)
        if relayed:
            self._make_taps()
        else:
            self._make_switch()
        # 4 ms of the rate at a time, since a busy machine wakes the queue late.
        burst = max(16_000, self._link.mbit_s * 1_000_000 // 8 * 4 // 1000)
        for side, space in self._spaces.items():
            _ip('-n', space, 'addr', 'add', f'{ADDRESSES[side]}/24', 'dev', 'link0')
            for device in ('lo', 'link0'):
                _ip('-n', space, 'link', 'set', device, 'up')
            bucket = ('rate', f'{self._link.mbit_s}mbit', 'burst', str(burst), 'latency', '50ms')
            _run('tc', '-n', space, 'qdisc', 'add', 'dev', 'link0', 'root', 'tbf', *bucket)
        if relayed:
            self._relay.start()

    def _make_taps(self) -> None:
        for number, space in enumerate(self._spaces.values()):
            name = f'rdl{os.getpid()}-{number}'
            self._taps.append(_open_tap(name))
            _ip('link', 'set', name, 'netns', space, 'name', 'link0')

    def _make_switch(self) -> None:
        within = ('-n', self._switch, 'link')
        _ip(*within, 'add', 'switch', 'type', 'bridge', 'mcast_snooping', '0')
        _ip(*within, 'set', 'switch', 'up')
        for side, space in self._spaces.items():
            port = ('type', 'veth', 'peer', 'name', side, 'netns', self._switch)
            _ip('link', 'add', 'link0', 'netns', space, *port)
            _ip(*within, 'set', side, 'master', 'switch', 'up')
            flood = 'on' if self._multicast else 'off'
            _ip(*within, 'set', side, 'type', 'bridge_slave', 'mcast_flood', flood)

    def _carry(self) -> None:
        chance = random.Random(0)
        other = dict(zip(self._taps, reversed(self._taps), strict=True))
        on_the_way: deque[tuple[float, int, bytes]] = deque()
        while not self._ends.is_set():
            wait_s = on_the_way[0][0] - time.monotonic() if on_the_way else 0.1
            readable, _, _ = select.select(self._taps, [], [], max(0.0, wait_s))
            now_s = time.monotonic()
            for tap in readable:
                frame = os.read(tap, _FRAME_BYTES)
                # IEEE 802.3, section 3.2.3: the first bit sent is that of a group.
                if frame[0] & 1 and frame[:6] != _BROADCAST and not self._multicast:
                    continue
                if chance.random() >= self._link.loss:
                    on_the_way.append((now_s + self._link.delay_ms / 1000, other[tap], frame))
            while on_the_way and on_the_way[0][0] <= now_s:
                _, tap, frame = on_the_way.popleft()
                os.write(tap, frame)


def why_not() -> str | None:
    """Return why no hosts can be made here; None = they can."""
    if os.geteuid() != 0:
        return 'network namespaces need root; to fix: run it as root'
    for tool in ('ip', 'tc'):
        if shutil.which(tool) is None:
            return f'there is no {tool}; to fix: apt install iproute2'
    if not _TUN.exists():
        return f'there is no {_TUN}; to fix: docker run --device {_TUN}'
    try:
        with TwoHosts(Link(100)) as hosts:
            _run(*hosts.command(SIDES[0], ['true']))
    except OSError as err:
        return f'{err}; to fix: in a container, docker run --privileged'
    return None


def remove_stale() -> None:
    """Remove the hosts of benchmarks that were killed."""
    for space in _namespaces():
        known = _NAME.fullmatch(space)
        if known and not Path('/proc', known[1]).exists():
            _remove(space)


def _remove(space: str) -> None:
    # A namespace lasts as long as a process in it, and a killed program leaves its children.
    for pid in _ip('netns', 'pids', space).split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    _ip('netns', 'del', space)


def _namespaces() -> list[str]:
    return [line.split()[0] for line in _ip('netns', 'list').splitlines()]


def _open_tap(name: str) -> int:
    tap = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
    try:
        request = struct.pack('16sH22x', name.encode(), _IFF_TAP | _IFF_NO_PI)
        fcntl.ioctl(tap, _TUNSETIFF, request)
    except OSError:
        os.close(tap)
        raise
    return tap


def _ip(*words: str) -> str:
    return _run('ip', *words)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f'{" ".join(command)}: {done.stderr.strip()}'
        raise OSError(msg)
    return done.stdout
