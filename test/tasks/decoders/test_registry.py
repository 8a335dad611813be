# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the decoders' names."""

from __future__ import annotations

import pytest

from ros_deep_learning.errors import DecodeError
from ros_deep_learning.tasks.decoders.registry import DECODERS, find_decoder


@pytest.mark.parametrize('name', ['', 'SSD', 'yolo'])
def test_unknown_names_list_the_known(name):
    with pytest.raises(DecodeError, match=f"no decoder '{name}'; it is one of .*ssd"):
        find_decoder(name)


def test_every_decoder_is_found_and_says_what_it_reads():
    for name, decoder in DECODERS.items():
        assert find_decoder(name) is decoder
        assert decoder.roles
        assert len(set(decoder.roles)) == len(decoder.roles)
