# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Outputs that somebody looks at while a program runs: a window, or a page in the browser."""

from __future__ import annotations

from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, TypeGuard

import numpy as np
from numpy.typing import NDArray

from .window import Window

if TYPE_CHECKING:
    from .page.sink import PageSink

DISPLAY = 'display://'
PAGE = 'http://'
_EVENTS_S = 0.02


class WindowSink:
    """Shows frames in a window; all calls must come from the same thread.

    Attributes:
        paths: Empty: nothing is written.
        closed: Whether the user closed it, or pressed q or Esc.

    Raises:
        ImageError: There is no screen, or this OpenCV is built without windows.
    """

    def __init__(self) -> None:
        self._window = Window('ros_deep_learning')
        self.paths: list[Path] = []
        self.closed = False

    def write(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Show a frame, shape (H, W, 3), uint8."""
        self._window.show(frame_bgr)
        self.closed = self.closed or self._window.is_closed()

    def wait(self, seconds: float) -> bool:
        """Wait with the frame shown, until the user closes the window; return False."""
        end_s = monotonic() + seconds
        while not self.closed and (rest_s := end_s - monotonic()) > 0:
            sleep(min(rest_s, _EVENTS_S))
            self.closed = self._window.is_closed()
        return False

    def close(self) -> None:
        """Close the window; a second call does nothing."""
        self._window.close()


def is_screen(output: str) -> bool:
    """Return whether an output is a window or a page."""
    return output.lower().startswith((DISPLAY, PAGE))


def is_page_output(output: str | None) -> bool:
    """Return whether an output is a page."""
    return output is not None and output.lower().startswith(PAGE)


def open_screen(output: str) -> WindowSink | PageSink:
    """Open a window (``display://0``) or a page (``http://@:8080``).

    Raises:
        ImageError: There is no screen to open a window on.
        SettingsError: The page's address is of no known form, taken, or not of this machine; or
            aiohttp is missing.
    """
    if output.lower().startswith(DISPLAY):
        return WindowSink()
    # aiohttp is an extra, and takes a third of a second to import.
    from .page.sink import PageSink

    return PageSink(output)


def is_page(sink: object) -> TypeGuard[PageSink]:
    """Return whether a sink is a page, without importing what pages need."""
    return hasattr(sink, 'set_panel')
