# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The distribution's cv_bridge, for encodings that the package does not decode itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray


@cache
def fallback() -> Callable[[Any], NDArray[np.uint8]] | None:
    """Return a function from an Image message to an rgb8 array, or None without cv_bridge."""
    try:
        from cv_bridge import CvBridge
    except ImportError:
        return None
    bridge = CvBridge()
    return lambda message: np.asarray(bridge.imgmsg_to_cv2(message, 'rgb8'), np.uint8)
