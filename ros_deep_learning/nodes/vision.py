# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""detectnet, imagenet and segnet, or some of them, in one process with one engine loader."""

from __future__ import annotations

from .detectnet import DetectNetNode
from .imagenet import ImageNetNode
from .program.spin import run_nodes
from .segnet import SegNetNode

NODES = (DetectNetNode, ImageNetNode, SegNetNode)


def main() -> int:
    """Run the nodes as a process; each has its own worker, and all share one executor."""
    return run_nodes(NODES, threads=2, choosable=True)
