# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A window on the screen, opened through OpenCV."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError

_CLOSING_KEYS = (27, ord('q'))


class Window:
    """Shows frames in a window; all calls must come from the same thread.

    Args:
        title: Text in the title bar.

    Raises:
        ImageError: There is no screen, or this OpenCV is built without windows.
    """

    def __init__(self, title: str) -> None:
        instead = 'look at it in a browser (the output http://@:8080) or write a file (video.mp4)'
        if sys.platform.startswith('linux') and not (
            os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
        ):
            msg = (
                'no screen to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set; '
                f'to fix: {instead}'
            )
            raise ImageError(msg)
        if re.search(r'^\s*GUI:\s*NONE', cv2.getBuildInformation(), re.MULTILINE):
            msg = (
                'this OpenCV has no windows (opencv-python-headless); to fix: install '
                f"opencv-python in its place or apt's python3-opencv, or {instead}"
            )
            raise ImageError(msg)
        self._title = title
        self._open = False

    def show(self, frame_bgr: NDArray[np.uint8]) -> None:
        """Show a frame, shape (H, W, 3), uint8."""
        if not self._open:
            cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
            cv2.resizeWindow(self._title, frame_bgr.shape[1], frame_bgr.shape[0])
            self._open = True
        cv2.imshow(self._title, frame_bgr)

    def set_title(self, title: str) -> None:
        """Change the text in the title bar, once the window has shown a frame."""
        if self._open:
            cv2.setWindowTitle(self._title, title)

    def is_closed(self) -> bool:
        """Process window events, and return whether the user closed it or pressed q or Esc."""
        if not self._open:
            return False
        key = cv2.waitKey(1)
        gone = cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1
        return bool(gone or key in _CLOSING_KEYS)

    def close(self) -> None:
        """Close the window; a second call does nothing."""
        if self._open:
            # A window that the user has closed is not there any more.
            with suppress(cv2.error):
                cv2.destroyWindow(self._title)
            self._open = False
