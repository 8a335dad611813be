# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Let torchvision of PyPI, which is built for CUDA, be imported beside a PyTorch for the CPU.

Its C++ operators do not load there, and its Python code refuses to be imported without two of
them. Those that detection in evaluation uses are written here in plain PyTorch, or taken from
torchvision's own Python.
"""

from __future__ import annotations

import torch

_DECLARED = [
    'nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
    'qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor',
    'roi_align(Tensor input, Tensor rois, float spatial_scale, SymInt pooled_height, '
    'SymInt pooled_width, int sampling_ratio, bool aligned) -> Tensor',
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
    torchvision.extension._has_ops = has_ops
    from torchvision.ops.roi_align import _roi_align

    # Its wrapper compiles, which exports do not allow.
    library.impl('roi_align', getattr(_roi_align, '__wrapped__', _roi_align), 'CPU')


def has_ops() -> bool:
    """Return True; exports compile it, which they cannot do with a lambda."""
    return True


def nms(dets: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Return the indices of the boxes that stay, by falling score."""
    order = scores.argsort(descending=True, stable=True)
    areas = (dets[:, 2:] - dets[:, :2]).prod(1)
    kept = []
    while order.numel():
        first, order = int(order[0]), order[1:]
        kept.append(first)
        low = torch.maximum(dets[order, :2], dets[first, :2])
        high = torch.minimum(dets[order, 2:], dets[first, 2:])
        shared = (high - low).clamp(min=0).prod(1)
        iou = shared / (areas[order] + areas[first] - shared)
        # Boxes without an area have NaN, and stay as in torchvision.
        order = order[~(iou > iou_threshold)]
    return torch.tensor(kept, dtype=torch.int64)
