# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``imagenet-camera``, ``detectnet-camera`` and ``segnet-camera``: the programs on a camera."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from .. import detectnet, imagenet, segnet

JETSON = Path('/etc/nv_tegra_release')
"""A file that JetPack has; there /dev/video0 is the raw sensor of a CSI camera."""


def imagenet_camera(argv: Sequence[str] | None = None) -> int:
    """Run imagenet on a camera; ``argv`` is None for the command line's arguments."""
    return imagenet.main(with_camera(sys.argv[1:] if argv is None else argv))


def detectnet_camera(argv: Sequence[str] | None = None) -> int:
    """Run detectnet on a camera; ``argv`` is None for the command line's arguments."""
    return detectnet.main(with_camera(sys.argv[1:] if argv is None else argv))


def segnet_camera(argv: Sequence[str] | None = None) -> int:
    """Run segnet on a camera; ``argv`` is None for the command line's arguments."""
    return segnet.main(with_camera(sys.argv[1:] if argv is None else argv))


def with_camera(argv: Sequence[str]) -> list[str]:
    """Return arguments with the camera as the input.

    Args:
        argv: Arguments; ``--camera`` is a path, an address, or the number of a CSI camera. Without
            it the camera is ``csi://0`` on a Jetson, elsewhere ``/dev/video0``.
    """
    camera = 'csi://0' if JETSON.exists() else '/dev/video0'
    rest = list(argv)
    for k, word in enumerate(argv):
        name, equals, value = word.partition('=')
        if name != '--camera':
            continue
        end = k + 1 if equals else k + 2
        given = value if equals else ''.join(argv[k + 1 : end])
        camera = f'csi://{given}' if given.isdecimal() else given or camera
        del rest[k:end]
        break
    return rest if {'-h', '--help'} & set(rest) else [camera, *rest]
