# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of a camera that a vision node reads itself."""

from __future__ import annotations

import dataclasses
from typing import Any

from ...imaging.compressed import decode_jpeg
from ...video.options import VideoOptions
from .parameter_table import parameter
from .video_source_settings import VideoSourceSettings


def _as_video_source(name: str) -> Any:
    """Make a field like one of video_source's."""
    (field,) = (one for one in dataclasses.fields(VideoSourceSettings) if one.name == name)
    return dataclasses.field(default=field.default, metadata=field.metadata)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InputSettings:
    """The parameters of the source that a node reads in place of ``~/image_in``."""

    # Read only, because it can be a pipeline that runs anything.
    input: str = parameter(
        '',
        'A camera, stream, video or pictures that the node reads itself, in place of ~/image_in, '
        "as video_source's resource; empty subscribes. The images are published on ~/image_raw "
        'while somebody subscribes there.',
        read_only=True,
    )
    input_width: int = _as_video_source('width')
    input_height: int = _as_video_source('height')
    input_framerate: float = _as_video_source('framerate')
    input_codec: str = _as_video_source('codec')
    input_flip: str = _as_video_source('flip')
    input_loop: int = _as_video_source('loop')
    input_latency: int = _as_video_source('latency')
    input_frame_id: str = _as_video_source('frame_id')

    def input_options(self) -> VideoOptions:
        """Return what to request of the source, and what to make of its frames."""
        return VideoOptions(
            width=self.input_width,
            height=self.input_height,
            rate_hz=self.input_framerate,
            flip=self.input_flip,
            codec=self.input_codec,
            latency_ms=self.input_latency,
            loop=self.input_loop,
            decode_jpeg=decode_jpeg,
        )
