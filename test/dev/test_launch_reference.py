# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The page of launch files, held against the files."""

from __future__ import annotations

from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'dev'


@pytest.fixture(autouse=True)
def _on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))


def test_the_tables_are_the_launch_files_own() -> None:
    import launch_reference

    text = launch_reference.PAGE.read_text()
    assert text == launch_reference.page(text), 'run dev/launch_reference.py'


USUAL = 'namespace params_file use_sim_time log_level respawn'
VISION = f'{USUAL} name image_topic autostart model precision backend rviz'
SOURCE = 'input input_width input_height input_codec input_loop input_latency'
OUTPUT = 'output output_codec output_bitrate'
OLD = 'model_name model_path prototxt_path class_labels_path input_blob'


@pytest.mark.parametrize(
    ('file', 'names'),
    [
        ('imagenet', f'{VISION} {SOURCE} {OUTPUT} {OLD} output_blob'),
        (
            'detectnet',
            f'{VISION} {SOURCE} {OUTPUT} {OLD} output_cvg output_bbox overlay_flags '
            'mean_pixel_value threshold',
        ),
        (
            'segnet',
            f'{VISION} {SOURCE} {OUTPUT} {OLD} class_colors_path output_blob mask_filter '
            'overlay_filter overlay_alpha',
        ),
        ('video_source', f'{USUAL} name image_topic {SOURCE}'),
        ('video_output', f'{USUAL} name image_topic {OUTPUT} topic'),
        ('video_viewer', f'{USUAL} image_topic {SOURCE} {OUTPUT}'),
        ('vision', f'{USUAL} image_topic autostart precision backend nodes segnet_model {SOURCE}'),
    ],
)
def test_the_usual_arguments_and_those_of_upstream(file: str, names: str) -> None:
    import launch_reference

    assert set(names.split()) <= set(launch_reference.declared(file))
