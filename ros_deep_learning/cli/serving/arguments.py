# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The options that say which server runs a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...engines.remote.options import RemoteOptions
from ...errors import SettingsError


def add_remote_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a server."""
    group = parser.add_argument_group('a network on an inference server (docs/servers.md)')
    add = group.add_argument
    add('--remote-url', help='grpc://host:8001, grpcs:// with TLS, http://host:8000 or https://')
    add('--remote-model', default='', help='name of the model there; the network, if left out')
    add('--remote-deadline', type=float, default=5.0, help='seconds until its answer (5)')
    add('--remote-in-flight', type=int, default=4, help='most requests at a time (4)')
    add('--remote-token-file', type=Path, help='file with the token for it')
    add('--remote-ca-file', type=Path, help="certificates that sign the server's, in PEM")


def remote_options(arguments: argparse.Namespace) -> RemoteOptions | None:
    """Return the server of the options; None = none is given.

    Raises:
        SettingsError: An option has a wrong value, or needs a server that is not given.
    """
    if arguments.remote_url is None:
        if arguments.remote_model or arguments.remote_token_file or arguments.remote_ca_file:
            msg = 'expected the address of the server too: --remote-url grpc://HOST:8001'
            raise SettingsError(msg)
        return None
    return RemoteOptions(
        arguments.remote_url,
        model=arguments.remote_model,
        deadline_s=arguments.remote_deadline,
        token_file=arguments.remote_token_file,
        ca_file=arguments.remote_ca_file,
        in_flight=arguments.remote_in_flight,
    )
