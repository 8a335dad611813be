# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Serve the page on which people collect and label."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...video.page.newest import Newest, Report
from ...web.address import read_address
from ...web.server import Asset, PageServer
from ..folder import CollectedFolder
from ..queue import Queue
from ..suggestions import Suggester
from .view import CollectView

_OWN = {
    '/': ('collect.html', 'text/html; charset=utf-8'),
    '/collect.css': ('collect.css', 'text/css; charset=utf-8'),
    '/collect.js': ('collect.js', 'text/javascript; charset=utf-8'),
    '/boxes.js': ('boxes.js', 'text/javascript; charset=utf-8'),
    '/masks.js': ('masks.js', 'text/javascript; charset=utf-8'),
}
# The style of all pages of the package.
_SHARED = {
    '/live.css': ('live.css', 'text/css; charset=utf-8'),
    '/icon.svg': ('icon.svg', 'image/svg+xml'),
}


class CollectPage:
    """The page, from its making to ``close``.

    Args:
        address: Such as ``http://@:8080``.
        folder: The data set.
        pictures: Files that wait for a label beside those of the data set.
        suggester: Draws first labels; None for nobody.
        source: Name of the live frames; empty where there are none.

    Attributes:
        url: What to type in a browser.

    Raises:
        SettingsError: The address is taken or none, or aiohttp is missing.
    """

    def __init__(
        self,
        address: str,
        folder: CollectedFolder,
        *,
        pictures: Sequence[Path] = (),
        suggester: Suggester | None = None,
        source: str = '',
    ) -> None:
        shared = files('ros_deep_learning.video.page') / 'assets'
        own = files(__package__) / 'assets'
        handlers = {
            path: Asset(kind, (place / name).read_bytes()).answer
            for place, assets in ((own, _OWN), (shared, _SHARED))
            for path, (name, kind) in assets.items()
        }
        self._server = PageServer(read_address(address))
        self._newest = Newest(self._server.loop)
        queue = Queue(folder, pictures)
        self._view = CollectView(self._newest, folder, queue, suggester, source)
        self._server.start({**handlers, **self._view.handlers})
        self.url = self._server.url

    @property
    def is_busy(self) -> bool:
        """Whether somebody has a picture in hand."""
        return self._view.is_busy

    def show(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Show a live frame, shape (H, W, 3), uint8, which is not written again."""
        self._newest.put(frame_bgr, Report())

    def close(self) -> None:
        """End the page; a second call does nothing."""
        self._newest.end()
        self._server.close()
        self._view.close()
