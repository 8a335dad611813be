# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of packets of H.264 and H.265, encoded here, whose pictures are known."""

from __future__ import annotations

import sys

import pytest

from ros_deep_learning.errors import BackendUnavailableError, ImageError
from ros_deep_learning.imaging.video_packets import PacketDecoder, has_key_frame, read_codec

pytest.importorskip('av')

from packets import ENCODERS, GROUP, encoded, is_picture


@pytest.fixture(scope='module', params=ENCODERS)
def codec(request):
    return request.param


@pytest.fixture(scope='module')
def packets(codec):
    return encoded(codec)


def test_every_packet_is_a_picture(codec, packets):
    decoder = PacketDecoder(codec, 10_000)
    assert [has_key_frame(each, codec) for each in packets] == [
        number % GROUP == 0 for number in range(3 * GROUP)
    ]
    for number, packet in enumerate(packets):
        assert is_picture(decoder.decode(packet), number)


@pytest.mark.parametrize('first', [1, GROUP - 1])
def test_a_stream_that_has_begun_is_read_from_its_next_key_frame_on(codec, packets, first):
    decoder = PacketDecoder(codec, 10_000)
    for packet in packets[first:GROUP]:
        assert decoder.decode(packet) is None
        assert decoder.waits_for_key_frame
    assert is_picture(decoder.decode(packets[GROUP]), GROUP)


def test_after_a_loss_no_wrong_picture_is_given(codec, packets):
    decoder = PacketDecoder(codec, 10_000)
    for number, packet in enumerate(packets):
        if number == 2:
            decoder.lost()
            continue
        found = decoder.decode(packet)
        assert (found is None) == (2 < number < GROUP)
        assert found is None or is_picture(found, number)


@pytest.mark.parametrize('damage', [b'', b'\0\0\0\1\x67garbage', b'\0' * 50])
def test_a_damaged_packet_costs_no_more_than_its_group(codec, packets, damage):
    decoder = PacketDecoder(codec, 10_000)
    decoder.decode(packets[0])
    with pytest.raises(ImageError, match=f'a {codec} packet of {len(damage)} bytes'):
        decoder.decode(damage)
    assert decoder.decode(packets[2]) is None
    assert is_picture(decoder.decode(packets[GROUP]), GROUP)


def test_a_picture_that_is_too_large_is_refused(codec, packets):
    with pytest.raises(ImageError, match='96x64 pixels is refused: the limit is 6000'):
        PacketDecoder(codec, 6000).decode(packets[0])


def test_a_picture_of_more_than_twice_the_limit_is_refused_by_ffmpeg(codec, packets):
    with pytest.raises(ImageError, match=f'a {codec} packet of .* bytes cannot be decoded'):
        PacketDecoder(codec, 1000).decode(packets[0])


@pytest.mark.parametrize(
    ('text', 'codec'),
    [
        ('h264', 'h264'), ('h265', 'hevc'), ('hevc;yuv420p;bgr8;bgr8', 'hevc'),
        ('libx264', 'h264'), ('h264_nvenc', 'h264'), ('hevc_vaapi', 'hevc'), ('H.265', 'hevc'),
    ],
)  # fmt: skip
def test_codecs_by_the_names_that_drivers_use(text, codec):
    assert read_codec(text) == codec


@pytest.mark.parametrize('text', ['av1', 'vp9', 'mjpeg', '', 'rgb8;h264'])
def test_other_codecs_are_named(text):
    with pytest.raises(ImageError, match='only h264 and h265 are'):
        read_codec(text)


def test_without_pyav_the_fix_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, 'av', None)
    with pytest.raises(BackendUnavailableError, match='to fix: pip install av'):
        PacketDecoder('h264', 100)
