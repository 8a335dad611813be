# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of packets of H.264 and H.265, encoded here, whose pictures are known."""

from __future__ import annotations

import array
import sys
from fractions import Fraction

import numpy as np
import pytest

from ros_deep_learning.errors import BackendUnavailableError, ImageError
from ros_deep_learning.imaging.video_packets import PacketDecoder, has_key_frame, read_codec

av = pytest.importorskip('av')
ENCODERS = {'h264': 'libx264', 'hevc': 'libx265'}
GROUP = 6
"""A key frame is followed by 5 others."""


def picture(number: int) -> np.ndarray:
    rgb = np.full((64, 96, 3), (10 * number, 100, 200 - 5 * number), np.uint8)
    rgb[10:30, 3 * number : 3 * number + 20] = 255
    return rgb


@pytest.fixture(scope='module', params=ENCODERS)
def codec(request):
    return request.param


@pytest.fixture(scope='module')
def packets(codec):
    encoder = av.CodecContext.create(ENCODERS[codec], 'w')
    encoder.width, encoder.height, encoder.pix_fmt = 96, 64, 'yuv420p'
    encoder.framerate, encoder.time_base = 30, Fraction(1, 30)
    encoder.options = {
        'g': str(GROUP), 'bf': '0', 'tune': 'zerolatency', 'preset': 'ultrafast', 'crf': '10',
        'x265-params': f'keyint={GROUP}:bframes=0:log-level=none',
    }  # fmt: skip
    made = []
    for number in range(3 * GROUP):
        frame = av.VideoFrame.from_ndarray(picture(number), 'rgb24')
        frame.pts = number
        made += encoder.encode(frame)
    made += encoder.encode(None)
    assert len(made) == 3 * GROUP
    return [array.array('B', bytes(each)) for each in made]


def is_picture(pixels, number):
    off = np.abs(pixels.as_order('rgb').astype(int) - picture(number))
    return np.median(off) < 6 and off.mean() < 8


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
