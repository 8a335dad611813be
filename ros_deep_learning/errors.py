# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Every error the package raises on purpose."""


class DeepLearningError(Exception):
    """Base of all errors of this package: one clear line that names the thing and the mend."""


class ImageError(DeepLearningError):
    """An image lies about itself, or its encoding is not supported."""


class CameraError(ImageError):
    """A camera or stream is away; it may come back."""


class CardError(DeepLearningError):
    """A model card is malformed; the message names the file and the key."""


class ModelNotFoundError(DeepLearningError):
    """No card or file has the name that was asked for."""


class FetchError(DeepLearningError):
    """A download failed, was refused, or is not what its card promised."""


class ConversionError(DeepLearningError):
    """A network file cannot be converted to ONNX."""


class EngineError(DeepLearningError):
    """A network cannot be loaded or run by a backend."""


class BackendUnavailableError(EngineError):
    """The backend that was asked for cannot run on this machine."""


class BuildError(EngineError):
    """An engine cannot be built from its ONNX file."""


class BuildCancelledError(BuildError):
    """The caller gave up a build before it was done."""


class PlanError(EngineError):
    """A serialised engine is refused: torn, foreign, altered or made for something else."""


class DeviceError(EngineError):
    """The accelerator failed: out of memory, or an error that its context does not survive."""


class InferenceError(EngineError):
    """A frame could not be run through an engine."""


class DecodeError(DeepLearningError):
    """A network's outputs are not what its decoder expects."""


class SettingsError(DeepLearningError):
    """A parameter or an argument has a value that cannot be used."""


class UsageError(DeepLearningError):
    """A program was called with an argument that it does not know or cannot read."""
