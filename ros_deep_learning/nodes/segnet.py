# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The segnet node: images in, the class of every pixel out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sensor_msgs.msg import Image

from ..imaging.pixels import Pixels
from ..networks import MaskParts, SegNet
from ..tasks.segmentation import (
    MaskFilter,
    Resolution,
    Segmentation,
    SegmentationSettings,
    ignored_class,
)
from .cards import CardChanges, chosen_card
from .frame import Frame
from .masks import MaskMessages, SegmentationMessage, draw_parts, hidden_classes
from .parameters import parameter
from .settings import MODEL_ALIASES, MODEL_TEXT, VisionSettings
from .spin import run_node
from .texts import read_names
from .usage import Topic
from .vision_node import VisionNode

_VOID = 'void'


@dataclass(frozen=True, slots=True, kw_only=True)
class SegNetSettings(VisionSettings):
    """The parameters of segnet."""

    model: str = parameter('selfie', MODEL_TEXT, aliases=MODEL_ALIASES)
    class_colors_path: str = parameter(
        '', "File with one colour a line, instead of the model card's; empty keeps those."
    )
    output_blob: str = parameter(
        '', "Name of the network's output tensor, instead of the model card's; empty keeps that."
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
        live=True,
    )
    overlay_legend: bool = parameter(
        True, 'Whether ~/overlay lists its classes, with the share that each covers.', live=True
    )

    def segmentation(self, mask_filter: str, resolution: str) -> SegmentationSettings:
        """Pick what the library's post-processing takes."""
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

    def open_network(self) -> SegNet:
        """Load the segmentation network that the parameters name."""
        settings: SegNetSettings = self.settings
        changes = CardChanges(
            class_colors_path=settings.class_colors_path,
            output_names={'output_blob': settings.output_blob},
        )
        card = chosen_card(settings, settings.model, changes)
        return SegNet(card, **self.loading())

    def check(self, settings: SegNetSettings) -> None:
        """Check that the network has the class to be ignored."""
        ignored_class(settings.ways()['overlay'], self.network.labels)

    def add_outputs(self) -> None:
        """Add the masks."""
        for name in ('class_mask', 'color_mask', 'confidence_mask'):
            self.outputs.add(name, Image)
        if SegmentationMessage is not None:
            self.outputs.add('segmentation', SegmentationMessage)

    def process(self, frame: Frame, pixels: Pixels) -> None:
        """Segment, in each way that an output with subscribers needs, and publish those."""
        settings: SegNetSettings = self.settings
        ways = {name: way for name, way in settings.ways().items() if self.outputs.wanted(name)}
        # For ~/stats alone, the network runs too.
        distinct = list(dict.fromkeys(ways.values())) or [settings.ways()['class_mask']]
        parts = [self._parts({n for n, way in ways.items() if way == one}) for one in distinct]
        masks = self.network.segment_in(pixels, distinct, parts)
        found = dict(zip(distinct, masks, strict=True))
        for name, way in ways.items():
            self.outputs.publish(name, self._message(name, frame, pixels, found[way]))

    def _parts(self, outputs: set[str]) -> MaskParts:
        """Tell what outputs that share a mask need of it."""
        settings: SegNetSettings = self.settings
        alphas = None
        if 'overlay' in outputs:
            hidden = hidden_classes(self.network.labels, read_names(settings.overlay_bare))
            alphas = tuple(np.where(hidden, 0, round(settings.overlay_alpha)).tolist())
        return MaskParts(
            confidence='uint8' if outputs & {'confidence_mask', 'segmentation'} else None,
            counts='segmentation' in outputs or (bool(alphas) and settings.overlay_legend),
            color_mask='color_mask' in outputs,
            overlay_alphas=alphas,
        )

    def _message(self, name: str, frame: Frame, pixels: Pixels, parts: Segmentation) -> Any:
        settings: SegNetSettings = self.settings
        masks = MaskMessages(self.images, frame.header)
        if name == 'class_mask':
            return masks.class_mask(parts)
        if name == 'confidence_mask':
            return masks.confidence_mask(parts)
        if name == 'segmentation':
            return masks.segmentation(parts)
        if name == 'color_mask':
            return masks.color_mask(parts, self.network.colors_rgb)
        if parts.ready.overlay is None:
            message, picture = self.images.copy('overlay', frame.header, pixels)
        else:
            size_wh = pixels.size_wh
            message, picture = self.images.canvas('overlay', frame.header, size_wh, 'rgb8')
        draw_parts(
            picture,
            parts,
            labels=self.network.labels,
            colors_rgb=self.network.colors_rgb,
            alpha=settings.overlay_alpha,
            bare=read_names(settings.overlay_bare),
            legend=settings.overlay_legend,
        )
        return message


def main() -> int:
    """Run the node as a process."""
    return run_node(SegNetNode, threads=2)
