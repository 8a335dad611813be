# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An output that is a page: what jetson-inference's users saw in a window, in a browser."""

from __future__ import annotations

import threading
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...web.address import read_address
from ...web.server import Asset, PageServer
from .newest import Newest, Report
from .panel import Change, LiveSettings, Panel
from .view import LiveView

_ASSETS = {
    '/': ('live.html', 'text/html; charset=utf-8'),
    '/live.css': ('live.css', 'text/css; charset=utf-8'),
    '/live.js': ('live.js', 'text/javascript; charset=utf-8'),
    '/icon.svg': ('icon.svg', 'image/svg+xml'),
}


class PageSink:
    """Shows frames to any number of browsers, without waiting for them.

    Args:
        resource: Its address, such as ``http://@:8080``.

    Attributes:
        on_change: Told what a viewer wants, in the thread of the page; by default its settings
            are taken over at once.
        url: What to type in a browser; on a network it has the token.
        paths: Empty: nothing is written.

    Raises:
        SettingsError: The address is of no known form, taken, or not of this machine; or aiohttp
            is missing.
    """

    def __init__(self, resource: str) -> None:
        self.paths: list[Path] = []
        self.on_change: Change = lambda wanted: self.set_settings(wanted.settings)
        self._panel = Panel()
        self._changed = threading.Event()
        folder = files(__package__) / 'assets'
        handlers = {
            path: Asset(kind, (folder / name).read_bytes()).answer
            for path, (name, kind) in _ASSETS.items()
        }
        self._server = PageServer(read_address(resource))
        self._newest = Newest(self._server.loop)
        self._view = LiveView(self._newest, self._panel, lambda wanted: self.on_change(wanted))
        self._server.start({**handlers, **self._view.handlers})
        self.url = self._server.url

    @property
    def settings(self) -> LiveSettings:
        """What the viewers have chosen, or what was set."""
        return self._panel.settings

    def set_settings(self, settings: LiveSettings) -> None:
        """Show other settings."""
        self.set_panel(replace(self._panel, settings=settings))
        self._changed.set()

    def set_panel(self, panel: Panel) -> None:
        """Show what stands beside the picture."""
        self._panel = panel
        self._server.call(self._view.set_panel, panel)

    def wait_for_change(self, timeout_s: float) -> bool:
        """Wait until the settings change, and return whether they did."""
        changed = self._changed.wait(max(0.0, timeout_s))
        self._changed.clear()
        return changed

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Show a frame, shape (H, W, 3), uint8, which is not written again."""
        self.show(frame_bgr, Report())

    def show(self, frame_bgr: NDArray[np.uint8], report: Report) -> None:
        """Show a frame as ``write`` does, with what is told about it."""
        self._newest.put(frame_bgr, report)

    def close(self) -> None:
        """End the page; a second call does nothing."""
        self._newest.end()
        self._server.close()
