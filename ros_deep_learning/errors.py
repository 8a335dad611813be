# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""All errors that the package raises on purpose."""


class DeepLearningError(Exception):
    """Base of all errors of this package; the message is one line with the cause and the fix."""


class ImageError(DeepLearningError):
    """An image contradicts its own header, or its encoding is not supported."""


class CameraError(ImageError):
    """A camera or stream does not deliver images at present; it may recover."""


class SenderAwaitedError(CameraError):
    """Nobody sends to a source that listens for senders; they may begin at any time."""


class CardError(DeepLearningError):
    """A model card is malformed; the message names the file and the key."""


class ModelNotFoundError(DeepLearningError):
    """No model card or file has the requested name."""


class FetchError(DeepLearningError):
    """A download failed, was refused, or differs from what its card declares."""


class LockError(DeepLearningError):
    """A lock file cannot be made, or its file system has no locks."""


class ConversionError(DeepLearningError):
    """A network file cannot be converted to ONNX."""


class EngineError(DeepLearningError):
    """A backend cannot load or run a network."""


class BackendUnavailableError(EngineError):
    """The requested backend cannot run on this machine."""


class BuildError(EngineError):
    """An engine cannot be built from its ONNX file."""


class BuildCancelledError(BuildError):
    """The caller cancelled a build before it was finished."""


class PlanError(EngineError):
    """A serialised engine is refused: truncated, foreign, altered, or made for something else."""


class NotPrivateError(PlanError, FetchError):
    """Another user can have written a file or folder of the cache, of plans or of networks."""


class OnnxError(CardError, EngineError):
    """A file cannot be read as an ONNX network, by what makes a card of it or by a backend."""


class OpenQuestionError(CardError):
    """A network file does not tell which of several values a key of its card has.

    Attributes:
        key: The key, ``decoder`` or ``scale``.
        candidates: The values, as a card has them.
    """

    def __init__(self, message: str, key: str, candidates: tuple[str, ...]) -> None:
        super().__init__(message)
        self.key = key
        self.candidates = candidates


class DeviceError(EngineError):
    """The accelerator failed: out of memory, or an error after which its context is unusable."""


class InferenceError(EngineError):
    """An engine could not run a frame."""


class ServerError(InferenceError):
    """A server that runs a network cannot be used now, or answered wrongly; it may recover."""


class DecodeError(DeepLearningError):
    """The outputs of a network are not what its decoder expects."""


class AmbiguousOutputsError(DecodeError):
    """Several decoders can read the outputs of a network.

    Attributes:
        decoders: Their names.
    """

    def __init__(self, message: str, decoders: tuple[str, ...]) -> None:
        super().__init__(message)
        self.decoders = decoders


class TrainingError(DeepLearningError):
    """A network cannot be trained, or its training had to stop."""


class SettingsError(DeepLearningError):
    """A parameter or an argument has an invalid value."""


class DatasetError(DeepLearningError):
    """A data set cannot be read or written, or has nothing that can be used."""


class BenchmarkError(DeepLearningError):
    """A benchmark cannot be carried out, or its report cannot be read or written."""


class BagError(DeepLearningError):
    """A bag cannot be read or written, or has nothing that can be used."""


class FleetError(DeepLearningError):
    """A job over many inputs cannot be begun, or an output cannot get its place."""


class UsageError(DeepLearningError):
    """A program was called with an unknown or unreadable argument."""


class RclpyError(DeepLearningError):
    """The installed rclpy lacks something that the nodes use."""
