# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write docs/parameters.md from the nodes' own parameter tables.

Usage, in the environment that `make env` makes: python dev/parameter_reference.py
"""

from __future__ import annotations

from pathlib import Path

from ros_deep_learning.nodes.imagenet import ImageNetSettings
from ros_deep_learning.nodes.parameters.detectnet_settings import DetectNetSettings
from ros_deep_learning.nodes.parameters.parameter_table import ParameterTable
from ros_deep_learning.nodes.parameters.video_output_settings import (
    VideoOutputSettings,
)
from ros_deep_learning.nodes.parameters.video_source_settings import (
    VideoSourceSettings,
)
from ros_deep_learning.nodes.segnet import SegNetSettings

PAGE = Path(__file__).parents[1] / 'docs' / 'parameters.md'
TABLES = {
    'detectnet': DetectNetSettings,
    'imagenet': ImageNetSettings,
    'segnet': SegNetSettings,
    'video_output': VideoOutputSettings,
    'video_source': VideoSourceSettings,
}


def page() -> str:
    """Make the page."""
    parts = [
        '# Parameters of the nodes\n',
        'Made from the nodes by `dev/parameter_reference.py`; a test holds it against them.\n\n'
        'A live parameter can change on an active node and acts on the next frame. A change of '
        'one that reloads has a configured node load its network anew, beside the old one, which '
        'goes on where that fails. The others change only while the node is unconfigured, or '
        'never after its start. A change of several is made as a whole or refused as a whole. '
        '`ros2 param dump` of a node is a file that starts an equal one; `autostart` is false in '
        'it where a launch file configured and activated the node.\n',
    ]
    for name, settings in TABLES.items():
        parts += [f'## {name}\n', ParameterTable(settings).reference()]
    return '\n'.join(parts)


if __name__ == '__main__':
    PAGE.write_text(page())
    print(f'wrote {PAGE}')
