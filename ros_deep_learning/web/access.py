# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Who may see a page: by the name that it was asked for, its origin, and a token."""

from __future__ import annotations

import hmac
import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from ..errors import SettingsError

TOKEN_VARIABLE = 'ROS_DEEP_LEARNING_PAGE_TOKEN'  # noqa: S105
"""Environment variable of a token that stays the same from run to run."""
LEAST_TOKEN = 16
_TOKEN = re.compile(rf'[A-Za-z0-9_-]{{{LEAST_TOKEN},}}')
_HOST = re.compile(r'(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?')


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to somebody who is not let in.

    Attributes:
        status: Status of the HTTP answer.
        text: The cause and the fix, for people.
    """

    status: HTTPStatus
    text: str


@dataclass(frozen=True, slots=True)
class Access:
    """Decides who may see a page.

    A browser is made to ask for a page by any web site that its user visits. Such a request has
    the site's name as ``Origin``, or, where the site has its name point to this machine (DNS
    rebinding), as ``Host``.

    Attributes:
        token: Secret that a visitor must know; empty lets in all who reach the server.
        names: Host names of this machine, in lower case, beside its IP addresses.
    """

    token: str
    names: frozenset[str]

    def refusal(self, host: str, origin: str | None, tokens: Iterable[str]) -> Refusal | None:
        """Return why a request is refused; None if it is not.

        Args:
            host: Its ``Host`` header.
            origin: Its ``Origin`` header, None without one.
            tokens: What it has as token, in its address, its cookie and its ``Authorization``.
        """
        if not self._knows(host):
            return Refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                'This page has another name: open it by localhost or the IP address of the robot.',
            )
        # Not parsed as a URL, which fails for some texts.
        if origin is not None and origin.partition('://')[2].lower() != host.lower():
            return Refusal(HTTPStatus.FORBIDDEN, 'Other web sites cannot use this page.')
        if self.token and not any(map(self._fits, tokens)):
            return Refusal(
                HTTPStatus.UNAUTHORIZED,
                'A token is missing or wrong: open the whole address that the program printed.',
            )
        return None

    def _fits(self, token: str) -> bool:
        """Return whether a token is the right one, in a time that does not depend on it."""
        given = token.encode('utf-8', 'surrogateescape')
        return hmac.compare_digest(given, self.token.encode())

    def _knows(self, host: str) -> bool:
        matched = _HOST.fullmatch(host)
        if matched is None:
            return False
        name = matched[1].strip('[]').lower()
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            # On a network, such as robot.local or robot.lan.
            short = name.partition('.')[0] if self.token else name
            return short in self.names
        return address.is_loopback or bool(self.token)


def open_access(*, is_local: bool, environ: Mapping[str, str] = os.environ) -> Access:
    """Return the access to a page: without a token where only this machine reaches it.

    Raises:
        SettingsError: The token of the environment is too short, or no token.
    """
    names = frozenset({'localhost', socket.gethostname().lower()})
    token = environ.get(TOKEN_VARIABLE, '')
    if token and not _TOKEN.fullmatch(token):
        msg = f'{TOKEN_VARIABLE}: expected {LEAST_TOKEN} or more letters, digits, - or _'
        raise SettingsError(msg)
    if not token and not is_local:
        token = secrets.token_urlsafe(LEAST_TOKEN)
    return Access(token, names)
