# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters that every vision node has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, get_args

from ...cards.card import Channels, Resize
from ...engines.backend import EngineOptions
from ...engines.base import Precision
from ...engines.loader import default_loader
from ...errors import SettingsError
from ...imaging.compressed import MAX_PIXELS
from ...imaging.sample_range import SampleRange, read_sample_range
from ...recognition.given_values import read_given
from .input_settings import InputSettings
from .parameter_table import parameter
from .server_settings import ServerSettings
from .texts import read_names

_CAMERA_NAME = re.compile('[A-Za-z][A-Za-z0-9_]*', re.ASCII)

TRANSPORTS = ('auto', 'raw', 'compressed', 'ffmpeg', 'foxglove')
MODEL_TEXT = (
    'Name of a network in the zoo, or the path of a model card (.yaml) or of a network (.onnx, '
    '.caffemodel with prototxt_path, .uff or .pb of an SSD).'
)
MODEL_ALIASES = ('model_path', 'model_name')
"""jetson-inference's names; as there, a path has precedence over a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionSettings(ServerSettings, InputSettings):
    """The parameters that all three nodes share."""

    backend: str = parameter(
        'auto',
        'What runs the network; auto takes TensorRT if it can run, else ONNX Runtime, and remote '
        'if there is a remote_url.',
        choices=('auto', 'tensorrt', 'onnxruntime', 'remote'),
        reload=True,
    )
    precision: str = parameter(
        'auto',
        'Precision of the engine; the precision that was built is in the log and in ~/stats.',
        choices=('auto', 'fp32', 'fp16', 'int8'),
        reload=True,
    )
    class_labels_path: str = parameter(
        '',
        "File with one label a line, instead of the model card's; empty keeps those.",
        reload=True,
        file=True,
    )
    input_blob: str = parameter(
        '',
        "Name of the network's input tensor, instead of the model card's; empty keeps that.",
        reload=True,
    )
    input_size: str = parameter(
        '',
        'Width and height of the input as 640x480, for a network that leaves them open; empty '
        'keeps those of the model card, or those that the file suggests.',
        reload=True,
    )
    resize: str = parameter(
        'auto',
        'How images are fitted into the input; auto is as the model card says, or the file '
        'suggests.',
        choices=('auto', *get_args(Resize)),
        reload=True,
    )
    channels: str = parameter(
        'auto',
        "The network's channel order; auto is as for resize.",
        choices=('auto', *get_args(Channels)),
        reload=True,
    )
    scale: float = parameter(
        0.0,
        'Factor on the pixel value 0..255, such as 0.00392157; 0 is as for resize.',
        minimum=0.0,
        maximum=1000.0,
        reload=True,
    )
    mean: str = parameter(
        '',
        'Subtracted after the scale: a number, or one of each channel joined by commas; empty is '
        'as for resize.',
        names=True,
        reload=True,
    )
    std: str = parameter(
        '',
        'Divisor at the end: a number, or one of each channel joined by commas; empty is as for '
        'resize.',
        names=True,
        reload=True,
    )
    prototxt_path: str = parameter(
        '',
        'The prototxt of the .caffemodel that model names; otherwise it must be empty, since a '
        "model card names all the network's files.",
        reload=True,
        file=True,
    )
    cameras: str = parameter(
        '',
        'Names of the cameras, each with its own ~/NAME/image_in and results on ~/NAME/...; empty '
        'is one camera, on ~/image_in, with results on ~/...',
        names=True,
    )
    max_rate_hz: float = parameter(
        0.0,
        'Most frames a second of each camera; 0 is no limit.',
        minimum=0.0,
        maximum=100_000.0,
        live=True,
    )
    threads: int = parameter(
        0,
        'CPU threads of ONNX Runtime; 0 measures at load: one a physical core, or fewer.',
        minimum=0,
        maximum=1024,
        reload=True,
    )
    device: int = parameter(
        0, 'Number of the GPU to run on, as CUDA counts them.', minimum=0, maximum=255, reload=True
    )
    max_batch: int = parameter(
        1,
        "Most images in one run, if the network's batch size is open; tiles and cameras share a "
        'run.',
        minimum=1,
        maximum=256,
        reload=True,
    )
    cuda_graph: bool = parameter(
        True,
        'Whether inference may be captured in a CUDA graph, which makes kernel launches cheap.',
        reload=True,
    )
    workspace_mb: int = parameter(
        0,
        "Most scratch memory in MiB for an engine's layers; 0 is TensorRT's limit.",
        minimum=0,
        maximum=1_048_576,
        reload=True,
    )
    dla_core: int = parameter(
        -1,
        'Deep learning accelerator of a Jetson to build for; -1 takes the GPU.',
        minimum=-1,
        maximum=15,
        reload=True,
    )
    optimization_level: int = parameter(
        -1,
        "TensorRT's builder optimisation level: higher builds longer, for speed; -1 is its own.",
        minimum=-1,
        maximum=5,
        reload=True,
    )
    trust_engine_file: bool = parameter(
        False,
        'Whether a ready-made .engine, .plan or .trt may be run; it is executable code.',
        read_only=True,
    )
    model_folders: str = parameter(
        '',
        'Folders below which parameters may name files while the node runs, beside those of the '
        "package's and the user's own networks and the files named at the start.",
        names=True,
        folders=True,
        read_only=True,
    )
    allow_downloads: str = parameter(
        'configure',
        'When networks may be downloaded: if one is missing while the node is configured, also '
        'after a change of model while it runs (always), or never.',
        choices=('configure', 'always', 'never'),
        read_only=True,
    )
    class_id: str = parameter(
        'label',
        'What class_id fields hold: the readable label, or its number in label_info.',
        choices=('label', 'index'),
        live=True,
    )
    overlay_jpeg_quality: int = parameter(
        80, 'JPEG quality of ~/overlay/compressed.', minimum=1, maximum=100, live=True
    )
    image_transport: str = parameter(
        'auto',
        'Which images are used: raw; those of ~/image_in/compressed (JPEG or PNG); video of '
        '~/image_in/ffmpeg or ~/image_in/foxglove (H.264 or H.265, through PyAV); or the others '
        'only while there is no raw publisher (auto).',
        choices=TRANSPORTS,
    )
    one_copy: bool = parameter(
        True,
        'Whether images are received in a thread of their own, into memory that is kept; false '
        'takes them as rclpy does, on the executor.',
    )
    max_image_pixels: int = parameter(
        2**24,
        'Most pixels of a compressed image, width times height as its header says; a larger one '
        'is not decoded and counts as invalid.',
        minimum=1,
        maximum=MAX_PIXELS,
    )
    image_range: str = parameter(
        'full',
        'Which 16-bit samples become black and white: full keeps the upper 8 bits; the bits of '
        'the camera, as 12; two samples, as 500,3000; auto is the 1st and 99th percentile of each '
        'image.',
        names=True,
    )
    image_timeout: float = parameter(
        5.0,
        'Seconds without an image after which diagnostics warn; 0 never warns.',
        minimum=0.0,
        maximum=86400.0,
        live=True,
    )
    autostart: bool = parameter(
        False,
        'Whether the node configures and activates itself when it starts.',
        read_only=True,
    )
    exit_on_failed_start: bool = parameter(
        False,
        'Whether the process ends with exit code 1 if autostart fails.',
        read_only=True,
    )
    bond_heartbeat_period: float = parameter(
        0.25,
        "Seconds between the heartbeats for nav2's lifecycle manager, where bondpy is installed; "
        '0 sends none.',
        minimum=0.0,
        maximum=60.0,
    )
    max_failures: int = parameter(
        10,
        'Number of failed inferences in a row that deactivates the node; 0 never does.',
        minimum=0,
        maximum=1_000_000,
        live=True,
    )

    def __post_init__(self) -> None:
        self.given_values()
        self.sample_range()
        self.remote_options()
        names = self.camera_names()
        if self.input and names:
            msg = (
                'parameter input: expected no cameras with it, since the node reads one source; '
                'to fix: start a video_source for each camera'
            )
            raise SettingsError(msg)
        for name in names:
            if not _CAMERA_NAME.fullmatch(name):
                msg = (
                    f'parameter cameras: {name!r} cannot be part of a topic; use letters, digits '
                    'and underscores, a letter first'
                )
                raise SettingsError(msg)
            if names.count(name) > 1:
                msg = f'parameter cameras names {name!r} twice'
                raise SettingsError(msg)

    def given_values(self) -> dict[str, Any]:
        """Return the fields of ``Hints`` that these parameters give.

        Raises:
            SettingsError: A parameter has a wrong form.
        """
        try:
            return read_given(
                resize='' if self.resize == 'auto' else self.resize,
                channels='' if self.channels == 'auto' else self.channels,
                scale=self.scale or None,
                mean=self.mean.replace(';', ','),
                std=self.std.replace(';', ','),
                input_size=self.input_size,
            )
        except SettingsError as err:
            msg = f'parameter {err}'
            raise SettingsError(msg) from err

    def sample_range(self) -> SampleRange:
        """Return the 16-bit samples that become black and white.

        Raises:
            SettingsError: ``image_range`` has a wrong form.
        """
        return read_sample_range(','.join(read_names(self.image_range)))

    def camera_names(self) -> tuple[str, ...]:
        """Return the names of the cameras; empty for the only one, which has no name."""
        return read_names(self.cameras)

    def plan(self, labels: Sequence[str]) -> Any:
        """Compile the settings for a network's classes.

        Raises:
            SettingsError: They do not fit the network.
        """

    def class_names(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Return the ``class_id`` of each class: its label, or its number as text."""
        return tuple(labels) if self.class_id == 'label' else tuple(map(str, range(len(labels))))

    def loading(self) -> dict[str, Any]:
        """Return keyword arguments that every network takes."""
        return {
            'loader': default_loader().offline() if self.allow_downloads == 'never' else None,
            'backend': self.backend,
            'precision': cast('Precision', self.precision),
            'options': self.engine_options(),
        }

    def of_a_swap(self) -> VisionSettings:
        """Return the settings to load a network with that a running node changes to."""
        if self.allow_downloads == 'always':
            return self
        return replace(self, allow_downloads='never')

    def engine_options(self) -> EngineOptions:
        """Return what the engine loader takes besides backend and precision."""
        return EngineOptions(
            threads=self.threads or None,
            device=self.device,
            workspace_mb=self.workspace_mb or None,
            dla_core=None if self.dla_core < 0 else self.dla_core,
            optimization_level=None if self.optimization_level < 0 else self.optimization_level,
            cuda_graph=self.cuda_graph,
            max_batch=self.max_batch,
            trust_engine_file=self.trust_engine_file,
            remote=self.remote_options(),
        )
