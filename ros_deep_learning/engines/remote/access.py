# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tokens and certificates, read from files when a connection is opened."""

from __future__ import annotations

import ssl

from ...errors import ServerError
from ...text import one_line
from .options import RemoteOptions


def read_token(options: RemoteOptions) -> str:
    """Return the token to send; empty where there is none.

    Raises:
        ServerError: Its file cannot be read, or is empty or longer than a line.
    """
    if options.token_file is None:
        return ''
    try:
        token = options.token_file.read_text(encoding='ascii').strip()
    except (OSError, ValueError) as err:
        msg = f'remote_token_file {options.token_file}: {_cause(err)}'
        raise ServerError(msg) from err
    if not token.isprintable() or not token or ' ' in token:
        msg = f'remote_token_file {options.token_file}: expected one token on one line'
        raise ServerError(msg)
    return token


def read_certificates(options: RemoteOptions) -> str | None:
    """Return the certificates in PEM that sign the server's; None = the system's.

    Raises:
        ServerError: Their file cannot be read, or has no certificate.
    """
    if options.ca_file is None:
        return None
    try:
        # Comments between them may be in any language.
        text = options.ca_file.read_bytes().decode('ascii', 'ignore')
    except OSError as err:
        msg = f'remote_ca_file {options.ca_file}: {_cause(err)}'
        raise ServerError(msg) from err
    try:
        # Python's default context takes the system's where there are none, and gRPC says nothing.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as err:
        msg = f'remote_ca_file {options.ca_file}: expected certificates in PEM: {one_line(err)}'
        raise ServerError(msg) from err
    return text


def _cause(err: Exception) -> str:
    return (err.strerror if isinstance(err, OSError) else None) or 'it is not text in ASCII'
