# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Write docs/parameters.md from the nodes' own parameter tables.

Usage, in the environment that `make env` makes: python dev/parameter_reference.py
"""

from __future__ import annotations

from pathlib import Path

from ros_deep_learning.nodes.parameters.collect_settings import CollectSettings
from ros_deep_learning.nodes.parameters.detectnet_settings import DetectNetSettings
from ros_deep_learning.nodes.parameters.imagenet_settings import ImageNetSettings
from ros_deep_learning.nodes.parameters.parameter_table import ParameterTable
from ros_deep_learning.nodes.parameters.segnet_settings import SegNetSettings
from ros_deep_learning.nodes.parameters.video_output_settings import (
    VideoOutputSettings,
)
from ros_deep_learning.nodes.parameters.video_source_settings import (
    VideoSourceSettings,
)

PAGE = Path(__file__).parents[1] / 'docs' / 'parameters.md'
TABLES = {
    'detectnet': DetectNetSettings,
    'imagenet': ImageNetSettings,
    'segnet': SegNetSettings,
    'collect': CollectSettings,
    'video_output': VideoOutputSettings,
    'video_source': VideoSourceSettings,
}


def page() -> str:
    """Return the text of the page."""
    parts = [
        '# Parameters of the nodes\n',
        '`dev/parameter_reference.py` writes this page from the nodes; a test compares them.\n\n'
        'A live parameter can be changed on an active node and takes effect with the next frame. '
        'A change of one that reloads makes a configured node load its network again, while the '
        'old one keeps running, also if that fails. The others can be changed only while the node '
        'is unconfigured, or never after the start. A change of several parameters is accepted or '
        'refused as a whole. A node warns of a parameter that it is started with and does not '
        'have. `ros2 param dump` writes a file that starts an equal node, also from '
        'another folder, since paths of networks and labels are absolute in it; '
        '`autostart` is false in it if a launch file configured and activated the node.\n',
    ]
    for name, settings in TABLES.items():
        parts += [f'## {name}\n', ParameterTable(settings).reference()]
    return '\n'.join(parts)


if __name__ == '__main__':
    PAGE.write_text(page())
    print(f'wrote {PAGE}')
