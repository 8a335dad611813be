# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An URL opener that uses https only, also after redirects."""

from __future__ import annotations

import ssl
from http.client import HTTPMessage
from typing import IO, Any
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)


class RefusedError(Exception):
    """The server's answer is not acceptable; another attempt would not help."""


class _Redirects(HTTPRedirectHandler):
    max_redirections = 5

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not newurl.lower().startswith('https://'):
            complaint = f'the server redirects to {newurl[:200]}, which is not https: refused'
            raise RefusedError(complaint)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def https_opener() -> Any:
    """Create an opener that accepts https URLs only.

    Certificates are those of the system or of ``$SSL_CERT_FILE``; proxies those of
    ``$https_proxy`` and ``$no_proxy``. ``open`` raises RefusedError on a redirect to anything but
    https.
    """
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPSHandler(context=ssl.create_default_context()),
        _Redirects(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener
