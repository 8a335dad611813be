# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Let torchvision of PyPI, which is built for CUDA, be imported beside a PyTorch for the CPU.

Its C++ operators do not load there, and its Python code refuses to be imported without two of
them. Of these, detection in evaluation uses one, which is written here in plain PyTorch.
"""

from __future__ import annotations

import torch

_DECLARED = [
    'nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
    'qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
]
_kept: list[torch.library.Library] = []


def define() -> None:
    """Define the operators where they are missing; call it before torchvision is imported."""
    if torch.version.cuda is not None or _kept:
        return
    library = torch.library.Library('torchvision', 'DEF')
    for declared in _DECLARED:
        library.define(declared)
    library.impl('nms', nms, 'CPU')
    _kept.append(library)
    import torchvision

    # Asked before each use of an operator; on import it must not be so.
    torchvision.extension._has_ops = lambda: True


def nms(dets: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Return the indices of the boxes that stay, by falling score."""
    order = scores.argsort(descending=True, stable=True).tolist()
    sides = (dets[:, 2:] - dets[:, :2]).clamp(min=0)
    areas = sides.prod(1)
    kept = []
    while order:
        first, *order = order
        kept.append(first)
        if not order:
            break
        low = torch.maximum(dets[order, :2], dets[first, :2])
        high = torch.minimum(dets[order, 2:], dets[first, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        iou = shared / (areas[order] + areas[first] - shared)
        order = [
            index for index, one in zip(order, iou.tolist(), strict=True) if one <= iou_threshold
        ]
    return torch.tensor(kept, dtype=torch.int64)
