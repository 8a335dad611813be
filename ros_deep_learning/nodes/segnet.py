# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The segnet node: images in, the class of every pixel out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..networks import MaskParts, SegNet
from ..progress import Progress
from ..tasks.segmentation import (
    MaskFilter,
    Resolution,
    Segmentation,
    SegmentationSettings,
    ignored_class,
)
from ..tasks.times import StageTimes
from .lifecycle.vision_node import VisionNode
from .messages.mask_messages import MaskMessages, draw_parts, hidden_classes
from .messages.topics import Topic
from .parameters.model_choice import CardChanges, chosen_card
from .parameters.parameter_table import parameter
from .parameters.texts import read_names
from .parameters.vision_settings import MODEL_ALIASES, MODEL_TEXT, VisionSettings
from .program.spin import run_node
from .stream.channel import Shot

_VOID = 'void'


@dataclass(frozen=True, slots=True)
class Masks:
    """What was found in one image.

    Attributes:
        by_output: The mask that each output with subscribers is made of.
        times: What the image cost.
    """

    by_output: Mapping[str, Segmentation]
    times: StageTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class SegNetSettings(VisionSettings):
    """The parameters of segnet."""

    model: str = parameter('selfie', MODEL_TEXT, aliases=MODEL_ALIASES, reload=True)
    class_colors_path: str = parameter(
        '',
        "File with one colour a line, instead of the model card's; empty keeps those.",
        reload=True,
    )
    output_blob: str = parameter(
        '',
        "Name of the network's output tensor, instead of the model card's; empty keeps that.",
        reload=True,
    )
    mask_filter: str = parameter(
        'linear',
        'Between the cells of the network, the masks interpolate the scores of each class '
        '(linear) or take the nearest cell (point).',
        choices=('linear', 'point'),
        live=True,
    )
    mask_resolution: str = parameter(
        'source',
        "Size of the class and confidence masks: that of the image, or of the network's grid.",
        choices=('source', 'grid'),
        live=True,
    )
    min_confidence: float = parameter(
        0.0,
        'Probability of its best class below which a pixel has none (255).',
        minimum=0.0,
        maximum=1.0,
        live=True,
    )
    ignore_class: str = parameter(
        _VOID,
        'Name or number of a class whose pixels get the runner-up; empty ignores none, and void '
        'does so where the network has no such class.',
        live=True,
    )
    overlay_filter: str = parameter(
        'linear', 'The filter of ~/overlay.', choices=('linear', 'point'), live=True
    )
    overlay_alpha: float = parameter(
        120.0, 'Opacity of the colours in ~/overlay.', minimum=0.0, maximum=255.0, live=True
    )
    overlay_bare: str = parameter(
        'background',
        'Classes that ~/overlay leaves without colour, joined by commas.',
        names=True,
        live=True,
    )
    overlay_legend: bool = parameter(
        True, 'Whether ~/overlay lists its classes, with the share that each covers.', live=True
    )

    def segmentation(self, mask_filter: str, resolution: str) -> SegmentationSettings:
        """Return the settings of the library's post-processing."""
        return SegmentationSettings(
            mask_filter=cast('MaskFilter', mask_filter),
            min_confidence=self.min_confidence,
            ignore_class=None if self.ignore_class == _VOID else self.ignore_class,
            resolution=cast('Resolution', resolution),
        )

    def ways(self) -> dict[str, SegmentationSettings]:
        """List how the masks of each output are made."""
        masks = self.segmentation(self.mask_filter, self.mask_resolution)
        return {
            'class_mask': masks,
            'confidence_mask': masks,
            'segmentation': masks,
            'color_mask': self.segmentation(self.mask_filter, 'source'),
            'overlay': self.segmentation(self.overlay_filter, 'source'),
        }


@dataclass(frozen=True, slots=True)
class _Plan:
    """What settings mean for a network's frames.

    Attributes:
        ways: How the mask of each output is made.
        hidden: Shape (K,), whether the overlay leaves a class without colour.
        alphas: Opacity 0..255 of each class in the overlay.
    """

    ways: Mapping[str, SegmentationSettings]
    hidden: NDArray[np.bool_]
    alphas: tuple[int, ...]


@lru_cache(maxsize=16)
def _planned(settings: SegNetSettings, labels: tuple[str, ...]) -> _Plan:
    """Compile settings, once for each change.

    Raises:
        SettingsError: The network does not have the class to be ignored.
    """
    ways = settings.ways()
    ignored_class(ways['overlay'], labels)
    hidden = hidden_classes(labels, read_names(settings.overlay_bare))
    return _Plan(ways, hidden, tuple(np.where(hidden, 0, round(settings.overlay_alpha)).tolist()))


class SegNetNode(VisionNode):
    """Finds the class of every pixel of the images of ``~/image_in``."""

    default_name = 'segnet'
    settings_type = SegNetSettings
    topics = (
        *VisionNode.topics,
        Topic(
            'out',
            '~/class_mask',
            'sensor_msgs/Image',
            'mono8: the class of every pixel; 255 is unlabelled',
        ),
        Topic('out', '~/confidence_mask', 'sensor_msgs/Image', 'mono8: how sure, 0 to 255'),
        Topic('out', '~/color_mask', 'sensor_msgs/Image', 'rgb8: only colours of classes'),
        Topic(
            'out',
            '~/segmentation',
            'ros_deep_learning/Segmentation',
            'class and confidence masks, pixels and share a class',
        ),
    )

    threshold_parameter = 'min_confidence'

    def __init__(self) -> None:
        super().__init__(self.default_name, self.settings_type)

    def open_network(self, settings: SegNetSettings, progress: Progress) -> SegNet:
        """Load the segmentation network that settings name."""
        changes = CardChanges(
            task='segmentation',
            class_colors_path=settings.class_colors_path,
            outputs={'scores': settings.output_blob},
        )
        card = chosen_card(settings, settings.model, changes)
        return SegNet(card, progress=progress, **settings.loading())

    def check_fit(self, settings: SegNetSettings, network: SegNet) -> None:
        """Check that the network has the class to be ignored."""
        _planned(settings, network.labels)

    def infer(self, shots: Sequence[Shot], settings: SegNetSettings) -> list[Masks]:
        """Segment, in each way that an output with subscribers needs."""
        plan = _planned(settings, self.network.labels)
        ways = [
            {name: way for name, way in plan.ways.items() if shot.channel.outputs.wanted(name)}
            for shot in shots
        ]
        # For ~/stats alone, the network runs too.
        distinct = [
            list(dict.fromkeys(each.values())) or [plan.ways['class_mask']] for each in ways
        ]
        parts = [
            [
                _parts({n for n, way in each.items() if way == one}, plan, settings)
                for one in wanted
            ]
            for each, wanted in zip(ways, distinct, strict=True)
        ]
        pixels = [shot.pixels for shot in shots]
        found = self.network.segment_batch_in(pixels, distinct, parts)
        return [
            Masks({name: masks[wanted.index(way)] for name, way in each.items()}, masks[0].times)
            for each, wanted, masks in zip(ways, distinct, found, strict=True)
        ]

    def publish(self, shot: Shot, result: Masks, settings: SegNetSettings) -> None:
        """Publish the outputs that the masks were made for."""
        for name, parts in result.by_output.items():
            shot.channel.outputs.publish(name, self._message(name, shot, parts, settings))

    def _message(
        self, name: str, shot: Shot, parts: Segmentation, settings: SegNetSettings
    ) -> Any:
        images, header, size_wh = shot.channel.images, shot.frame.header, shot.pixels.size_wh
        masks = MaskMessages(images, header)
        if name == 'class_mask':
            return masks.class_mask(parts)
        if name == 'confidence_mask':
            return masks.confidence_mask(parts)
        if name == 'segmentation':
            return masks.segmentation(parts)
        if name == 'color_mask':
            return masks.color_mask(parts, self.network.colors_rgb)
        if parts.ready.overlay is None:
            message, picture = images.copy('overlay', header, shot.pixels)
        else:
            message, picture = images.canvas('overlay', header, size_wh, 'rgb8')
        draw_parts(
            picture,
            parts,
            labels=self.network.labels,
            colors_rgb=self.network.colors_rgb,
            alpha=settings.overlay_alpha,
            hidden=_planned(settings, self.network.labels).hidden,
            legend=settings.overlay_legend,
        )
        return message


def _parts(outputs: set[str], plan: _Plan, settings: SegNetSettings) -> MaskParts:
    """List what outputs that share a mask need of it."""
    with_overlay = 'overlay' in outputs
    return MaskParts(
        confidence='uint8' if outputs & {'confidence_mask', 'segmentation'} else None,
        counts='segmentation' in outputs or (with_overlay and settings.overlay_legend),
        color_mask='color_mask' in outputs,
        overlay_alphas=plan.alphas if with_overlay else None,
    )


def main() -> int:
    """Run the node as a process."""
    return run_node(SegNetNode, threads=2)
