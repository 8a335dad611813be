# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""An opener of addresses that speaks https and nothing else, on every redirect too."""

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
    """What a server offers is not taken; trying again would not help."""


class _Redirects(HTTPRedirectHandler):
    max_redirections = 5

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not newurl.lower().startswith('https://'):
            complaint = f'the server sends on to {newurl[:200]}, which is not https: refused'
            raise RefusedError(complaint)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def https_opener() -> Any:
    """Make an opener; certificates are those of the system, or of ``$SSL_CERT_FILE``.

    Proxies are those of ``$https_proxy`` and ``$no_proxy``. Its ``open`` raises RefusedError on a
    redirect to anything but https.
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
