# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Who may see a page."""

from __future__ import annotations

import socket

import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.web.access import TOKEN_VARIABLE, Access, open_access

TOKEN = 'abcdefghijklmnop'
NAMES = frozenset({'localhost', 'robot'})


@pytest.mark.parametrize(
    'host', ['localhost', 'localhost:9000', '127.0.0.1:8080', '[::1]:8080', 'robot:8080', 'ROBOT']
)
def test_this_machine_needs_no_token(host: str) -> None:
    assert Access('', NAMES).refusal(host, None, ()) is None
    assert Access('', NAMES).refusal(host, f'http://{host}', ()) is None


@pytest.mark.parametrize(
    'host',
    [
        'evil.example:8080',
        'robot.evil.example',
        '192.168.1.5:8080',
        '',
        'localhost:8080:1',
        'localhost@evil.example',
        'localhost/..',
        'lo\ncalhost',
    ],
)
def test_another_name_is_refused(host: str) -> None:
    """A web site can let its name point here, and would read the page as its own."""
    refusal = Access('', NAMES).refusal(host, None, ())
    assert refusal is not None
    assert refusal.status == 421


@pytest.mark.parametrize(
    'origin',
    [
        'http://evil.example',
        'http://localhost:81',
        'null',
        '',
        'http://localhost.evil',
        'http://[x',
    ],
)
def test_another_site_is_refused(origin: str) -> None:
    refusal = Access('', NAMES).refusal('localhost:8080', origin, ())
    assert refusal is not None
    assert refusal.status == 403


@pytest.mark.parametrize('host', ['192.168.1.5:8080', 'robot', 'robot.local:8080', 'localhost'])
@pytest.mark.parametrize('tokens', [(), ('', ''), ('x', TOKEN[:-1]), ('é\udcff',)])
def test_the_network_needs_the_token(host: str, tokens: tuple[str, ...]) -> None:
    access = Access(TOKEN, NAMES)
    refusal = access.refusal(host, None, tokens)
    assert refusal is not None
    assert refusal.status == 401
    assert access.refusal(host, None, (*tokens, TOKEN)) is None


def test_the_token_does_not_help_against_another_name() -> None:
    refusal = Access(TOKEN, NAMES).refusal('evil.example', None, (TOKEN,))
    assert refusal is not None
    assert refusal.status == 421


def test_a_token_is_made_for_the_network_alone() -> None:
    assert open_access(is_local=True, environ={}).token == ''
    made = {open_access(is_local=False, environ={}).token for _ in range(3)}
    assert len(made) == 3
    assert min(map(len, made)) >= 21
    assert socket.gethostname().lower() in open_access(is_local=True, environ={}).names


def test_a_token_of_the_environment() -> None:
    for is_local in (True, False):
        assert open_access(is_local=is_local, environ={TOKEN_VARIABLE: TOKEN}).token == TOKEN
    for bad in ('short', 'has a space in it.', TOKEN + ';'):
        with pytest.raises(SettingsError, match=f'{TOKEN_VARIABLE}: expected 16 or more'):
            open_access(is_local=True, environ={TOKEN_VARIABLE: bad})
