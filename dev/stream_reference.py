# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write the tables of docs/streams.md from the code.

Usage: PYTHONPATH=. python3 dev/stream_reference.py
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ros_deep_learning.nodes.parameters.video_output_settings import VideoOutputSettings
from ros_deep_learning.nodes.parameters.video_source_settings import VideoSourceSettings
from ros_deep_learning.video.schemes import SINKS, SOURCES, Scheme

PAGE = Path(__file__).parents[1] / 'docs' / 'streams.md'
BEGIN, END = '<!-- {} made by dev/stream_reference.py -->', '<!-- {} made until here -->'
OPTIONS = (
    (
        'width',
        '--input-width',
        'width',
        '',
        'pixels that a camera is asked for, and that frames are scaled to',
    ),
    ('height', '--input-height', 'height', '', 'likewise'),
    ('rate_hz', '--input-rate, --output-rate', 'framerate', 'framerate', 'frames a second'),
    ('flip', '--input-flip', 'flip', '', 'how frames are rotated or mirrored'),
    (
        'codec',
        '--input-codec, --output-codec',
        'codec',
        'codec',
        'asked of a V4L2 camera, or sent by rtp://; that of an output',
    ),
    (
        'latency_ms',
        '--input-latency',
        'latency',
        '',
        'milliseconds that a late packet is waited for',
    ),
    ('loop', '--input-loop', 'loop', '', 'times that a file is repeated, -1 for ever'),
    ('bitrate', '--bitrate', '', 'bitrate', 'bits a second of a stream or file'),
)
"""Each field of VideoOptions, the options of the programs, the parameters of video_source and
video_output, and its meaning."""


def schemes(rows: Iterable[Scheme]) -> list[str]:
    """Return the table of sources or outputs."""
    lines = ['| written | what it is | options | needs | tried |', '|---|---|---|---|---|']
    for row in rows:
        form = ', '.join(f'`{part}`' for part in row.form.split(', '))
        options = ', '.join(f'`{name}`' for name in row.options)
        lines.append(f'| {form} | {row.text} | {options} | {row.needs} | {row.tried} |')
    return lines


def options() -> list[str]:
    """Return the table of options."""
    lines = [
        '| library | programs, jetson | `video_source` | launch | `video_output` | launch | |',
        '|---|---|---|---|---|---|---|',
    ]
    for field, typed, source, output, text in OPTIONS:
        cells = [f'`{field}`', ', '.join(f'`{option}`' for option in typed.split(', '))]
        for name, settings, prefix in (
            (source, VideoSourceSettings, 'input_'),
            (output, VideoOutputSettings, 'output_'),
        ):
            if name:
                assert name in settings.__dataclass_fields__
            cells += [f'`{name}`', f'`{prefix}{name}`'] if name else ['', '']
        lines.append(f'| {" | ".join(cells)} | {text} |')
    return lines


TABLES = {'sources': schemes(SOURCES), 'outputs': schemes(SINKS), 'options': options()}


def page(text: str) -> str:
    """Return the text of the page with the tables in it."""
    for name, lines in TABLES.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = text.partition(begin)
        after = rest.partition(end)[2]
        text = '\n'.join([before + begin, *lines, end]) + after
    return text


if __name__ == '__main__':
    PAGE.write_text(page(PAGE.read_text()))
    print(f'wrote {PAGE}')
