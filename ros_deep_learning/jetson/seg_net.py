# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""``segNet`` of jetson-inference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..networks import MaskWish
from ..networks.segnet import SegNet
from ..tasks.segmentation import MaskFilter, SegmentationSettings
from .images import as_rgb, cudaFromNumpy, draw_on, put_back
from .network_options import NamedNetwork, NetworkOptions, chosen_card, told_what_is_here


def _options() -> NetworkOptions:
    options = NetworkOptions('segNet', 'fcn-resnet18-voc-320x320')
    options.add_argument('--alpha', type=float, default=150, help='opacity of the colours, 0..255')
    return options


class segNet(NamedNetwork[SegNet]):
    """Finds the class of every pixel: ``Process`` an image, then ask for ``Mask`` or ``Overlay``.

    Args:
        network: Name of a network.
        argv: The command line, whose options win.
        model: Network file, in place of a name.
        labels: File of one label a line.
        colors: File of one colour a line.
        input_blob: Input tensor.
        output_blob: Output tensor.

    Raises:
        DeepLearningError: There is no such network, or it cannot be loaded.
    """

    def __init__(
        self,
        network: str = 'fcn-resnet18-voc-320x320',
        argv: Sequence[str] | None = None,
        model: str = '',
        labels: str = '',
        colors: str = '',
        input_blob: str = '',
        output_blob: str = '',
    ) -> None:
        options = _options().read(
            argv,
            network=network,
            model=model,
            labels=labels,
            colors=colors,
            input_blob=input_blob,
            output_blob=output_blob,
        )
        self._alpha: float = options.alpha
        with told_what_is_here('segNet', 'segmentation'):
            self.network = SegNet(chosen_card(options, 'segmentation'))
        self._image: NDArray[np.uint8] | None = None
        self._masks: dict[str, NDArray[np.uint8]] = {}

    @staticmethod
    def Usage() -> str:
        """Return the options for a program's help."""
        return _options().described()

    def Process(
        self,
        image: Any,
        width: int = 0,
        height: int = 0,
        ignore_class: str = 'void',
        format: str = '',  # noqa: A002  (jetson-inference's name)
    ) -> None:
        """Segment an image.

        Args:
            image: Shape (H, W, 3) or (H, W, 4), uint8, RGB, in host memory. ``Overlay`` reads it,
                so it must not change before.
            width: Ignored: the image knows it.
            height: Ignored likewise.
            ignore_class: Class whose pixels get the second-best class; one that the network does
                not have is ignored.
            format: Ignored likewise.
        """
        names = {label.casefold() for label in self.network.labels}
        ignored = ignore_class if ignore_class.casefold() in names else ''
        kinds = get_args(MaskFilter)
        wishes = [
            MaskWish(SegmentationSettings(mask_filter=kind, ignore_class=ignored))
            for kind in kinds
        ]
        wishes.append(MaskWish(SegmentationSettings(ignore_class=ignored, resolution='grid')))
        found = self.network.segment_in(as_rgb(image), wishes)
        self._times = found[0].times
        self._image = np.asarray(image)[..., :3]
        self._masks = {
            kind: one.class_mask for kind, one in zip((*kinds, 'grid'), found, strict=True)
        }

    def Mask(
        self, image: Any, width: int = 0, height: int = 0, filter_mode: str = 'linear'
    ) -> None:
        """Write the classes of the last image into an image of any size.

        Args:
            image: rgb8 or rgba8 for the colours of the classes; gray8 for their numbers, 255
                where there is none.
            width: Ignored: the image knows it.
            height: Ignored likewise.
            filter_mode: ``linear`` or ``point``.
        """
        from ..imaging.drawing.mask_overlay import color_mask

        target = cudaFromNumpy(image)
        classes = self._classes((target.width, target.height), filter_mode)
        if target.channels == 1:
            target[..., 0] = classes
        else:
            target[..., :3] = color_mask(classes, self.network.colors_rgb)
            target[..., 3:] = 255

    def Overlay(
        self, image: Any, width: int = 0, height: int = 0, filter_mode: str = 'linear'
    ) -> None:
        """Write the last image with the colours of its classes over it into an image of any size.

        Args:
            image: rgb8 or rgba8; may be the last image itself.
            width: Ignored: the image knows it.
            height: Ignored likewise.
            filter_mode: ``linear`` or ``point``.
        """
        import cv2

        from ..imaging.drawing.mask_overlay import blend_mask

        canvas = draw_on(image)
        size_wh = canvas.shape[1], canvas.shape[0]
        classes = self._classes(size_wh, filter_mode)
        assert self._image is not None
        if not np.shares_memory(canvas, self._image):
            canvas[...] = cv2.resize(self._image, size_wh)
        blend_mask(canvas, classes, self.network.colors_rgb, alpha=self._alpha)
        put_back(canvas, image)

    def _classes(self, size_wh: tuple[int, int], filter_mode: str) -> NDArray[np.uint8]:
        """Return the class mask of the last image in a size, shape (H, W), uint8."""
        import cv2

        if filter_mode not in get_args(MaskFilter):
            msg = f'filter_mode: expected linear or point, got {filter_mode!r}'
            raise ImageError(msg)
        if not self._masks:
            msg = 'no image was processed yet; to fix: call Process first'
            raise ImageError(msg)
        kind = 'grid' if size_wh == self.GetGridSize() else filter_mode
        mask = self._masks[kind]
        if (mask.shape[1], mask.shape[0]) == size_wh:
            return mask
        return np.asarray(cv2.resize(mask, size_wh, interpolation=cv2.INTER_NEAREST), np.uint8)

    def GetGridSize(self) -> tuple[int, int]:
        """Return columns and rows of the network's grid."""
        known = self.network.grid_size_wh
        if known is None:
            height, width = self._masks['grid'].shape if self._masks else (0, 0)
            return width, height
        return known

    def GetGridWidth(self) -> int:
        """Return the columns of the network's grid."""
        return self.GetGridSize()[0]

    def GetGridHeight(self) -> int:
        """Return the rows of the network's grid."""
        return self.GetGridSize()[1]

    def GetClassColor(self, class_id: int) -> tuple[float, float, float, float]:
        """Return red, green, blue and opacity of a class, 0..255.

        Raises:
            SettingsError: There is no such class.
        """
        red, green, blue = self.network.colors_rgb[self._known(class_id)].tolist()
        return red, green, blue, self._alpha

    def GetOverlayAlpha(self) -> float:
        """Return the opacity of the colours, 0..255."""
        return self._alpha

    def SetOverlayAlpha(self, alpha: float) -> None:
        """Set the opacity of the colours, 0..255."""
        self._alpha = alpha
