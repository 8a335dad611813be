# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Image networks for robots: a Python library and ROS 2 nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = '0.1.0'

if TYPE_CHECKING:
    from .cards.card import ModelCard
    from .engines.backend import EngineOptions
    from .engines.loader import EngineLoader
    from .engines.remote.options import RemoteOptions
    from .errors import DeepLearningError
    from .imaging.drawing.mask_overlay import blend_mask, color_mask
    from .imaging.drawing.overlay import OverlayFlags, draw_detections
    from .imaging.drawing.text_overlay import draw_classification
    from .imaging.pixels import Pixels
    from .networks import DetectNet, ImageNet, SegNet
    from .networks.device.device_segmentation import DeviceSegmentation
    from .tasks.classification import Classification, ClassificationSettings, SeenClass
    from .tasks.detection import Detection, Detections
    from .tasks.parts import TilingSettings
    from .tasks.segmentation import Segmentation, SegmentationSettings
    from .tasks.smoothing import Smoother
    from .tasks.suppression import DetectionFilter, DetectionSettings
    from .tasks.times import StageTimes
    from .tasks.tracking.tracker import Tracker, TrackingSettings

__all__ = [
    'Classification',
    'ClassificationSettings',
    'DeepLearningError',
    'DetectNet',
    'Detection',
    'DetectionFilter',
    'DetectionSettings',
    'Detections',
    'DeviceSegmentation',
    'EngineLoader',
    'EngineOptions',
    'ImageNet',
    'ModelCard',
    'OverlayFlags',
    'Pixels',
    'RemoteOptions',
    'SeenClass',
    'SegNet',
    'Segmentation',
    'SegmentationSettings',
    'Smoother',
    'StageTimes',
    'TilingSettings',
    'Tracker',
    'TrackingSettings',
    'blend_mask',
    'color_mask',
    'draw_classification',
    'draw_detections',
]

_HOMES = {
    'Classification': 'tasks.classification',
    'ClassificationSettings': 'tasks.classification',
    'DeepLearningError': 'errors',
    'DetectNet': 'networks',
    'Detection': 'tasks.detection',
    'DetectionFilter': 'tasks.suppression',
    'DetectionSettings': 'tasks.suppression',
    'Detections': 'tasks.detection',
    'DeviceSegmentation': 'networks.device.device_segmentation',
    'EngineLoader': 'engines.loader',
    'EngineOptions': 'engines.backend',
    'ImageNet': 'networks',
    'ModelCard': 'cards.card',
    'OverlayFlags': 'imaging.drawing.overlay',
    'Pixels': 'imaging.pixels',
    'RemoteOptions': 'engines.remote.options',
    'SeenClass': 'tasks.classification',
    'SegNet': 'networks',
    'Segmentation': 'tasks.segmentation',
    'SegmentationSettings': 'tasks.segmentation',
    'Smoother': 'tasks.smoothing',
    'StageTimes': 'tasks.times',
    'TilingSettings': 'tasks.parts',
    'Tracker': 'tasks.tracking.tracker',
    'TrackingSettings': 'tasks.tracking.tracker',
    'blend_mask': 'imaging.drawing.mask_overlay',
    'color_mask': 'imaging.drawing.mask_overlay',
    'draw_classification': 'imaging.drawing.text_overlay',
    'draw_detections': 'imaging.drawing.overlay',
}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use, so that importing the package stays light."""
    if name not in _HOMES:
        msg = f'module {__name__!r} has no attribute {name!r}'
        raise AttributeError(msg)
    from importlib import import_module

    value = getattr(import_module(f'.{_HOMES[name]}', __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
