# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The parameters of an inference server that runs a vision node's network."""

from __future__ import annotations

from dataclasses import dataclass

from ...engines.remote.options import RemoteOptions
from ...paths import user_path
from .parameter_table import parameter


# Without slots, because a class can have one base with slots of its own.
@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The parameters of the server, and of what happens while it fails."""

    remote_url: str = parameter(
        '',
        'Address of an inference server that runs the network, as grpc://host:8001, grpcs:// with '
        'TLS, http://host:8000 or https://; only at the start, so that nobody on the graph can '
        'send the images elsewhere.',
        read_only=True,
    )
    remote_model: str = parameter(
        '', 'Name of the model on that server; empty is that of the model card.', reload=True
    )
    remote_deadline: float = parameter(
        1.0,
        'Seconds until the answer of the server has to be there.',
        minimum=0.001,
        maximum=3600.0,
        reload=True,
    )
    remote_in_flight: int = parameter(
        4,
        'Most requests to the server at a time, of several cameras or tiles.',
        minimum=1,
        maximum=256,
        reload=True,
    )
    remote_shared_memory: bool = parameter(
        True,
        'Whether tensors go to a server on this machine through shared memory, if it allows that.',
        reload=True,
    )
    remote_cuda_memory: bool = parameter(
        False,
        'Whether they go through memory of the GPU instead, to a server on this machine that '
        'uses the same GPU.',
        reload=True,
    )
    remote_jpeg_quality: int = parameter(
        90,
        'Quality of the images for a served network that takes JPEG files.',
        minimum=1,
        maximum=100,
        reload=True,
    )
    remote_fallback: str = parameter(
        'none',
        'What runs the network on this machine while the server fails; a warning in diagnostics '
        'says so.',
        choices=('none', 'auto', 'tensorrt', 'onnxruntime'),
        reload=True,
    )
    remote_wait: float = parameter(
        0.0,
        'Seconds to wait for the server while the node is configured.',
        minimum=0.0,
        maximum=86400.0,
    )
    remote_token_file: str = parameter(
        '',
        'File with the token for the server; with TLS only, or on this machine.',
        read_only=True,
    )
    remote_ca_file: str = parameter(
        '',
        "File of the certificates that sign the server's, in PEM; empty takes the system's.",
        read_only=True,
    )

    def remote_options(self) -> RemoteOptions | None:
        """Return the server that runs the network; None = none does.

        Raises:
            SettingsError: The address has a wrong form, or a token would be sent without TLS.
        """
        if not self.remote_url:
            return None
        return RemoteOptions(
            self.remote_url,
            model=self.remote_model,
            deadline_s=self.remote_deadline,
            wait_s=self.remote_wait,
            token_file=user_path(self.remote_token_file) if self.remote_token_file else None,
            ca_file=user_path(self.remote_ca_file) if self.remote_ca_file else None,
            in_flight=self.remote_in_flight,
            shared_memory=self.remote_shared_memory,
            cuda_memory=self.remote_cuda_memory,
            jpeg_quality=self.remote_jpeg_quality,
            fallback='' if self.remote_fallback == 'none' else self.remote_fallback,
        )
