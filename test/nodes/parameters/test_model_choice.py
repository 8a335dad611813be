# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""jetson-inference's parameters on real nodes: old names, and changes to a model card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import zoo_stand_ins as stand_ins
from rclpy.lifecycle import TransitionCallbackReturn
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, Detection2DArray, LabelInfo

from ros_deep_learning.networks import DetectNet
from ros_deep_learning.nodes.detectnet import DetectNetNode
from ros_deep_learning.nodes.imagenet import ImageNetNode
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS
from ros_deep_learning.nodes.segnet import SegNetNode


def names_of(message: Any) -> list[str]:
    return [result.class_id for result in message.results]


@pytest.mark.parametrize('alias', ['model_name', 'model_path'])
def test_old_names_of_the_model_work_and_are_told(
    spinning: Callable[..., Any], graph: Any, capfd: pytest.CaptureFixture[str], alias: str
) -> None:
    node = spinning(ImageNetNode, '-p', f'{alias}:=selfie', '-p', 'model:=other')
    told = f"parameter {alias} is an old name; it sets model to 'selfie'"
    assert told in capfd.readouterr().err
    assert 'selfie is made for segmentation, not for classification' in failure(node, capfd)
    assert graph.set_parameters('imagenet', model='efficientnet-lite0').successful
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS


def test_an_empty_old_name_changes_nothing(
    active_here: Callable[..., Any], capfd: pytest.CaptureFixture[str]
) -> None:
    active_here(ImageNetNode, '-p', "model_name:=''", '-p', "input_blob:=''")
    assert 'old name' not in capfd.readouterr().err


@pytest.mark.parametrize(
    ('parameter', 'words'),
    [
        ('class_labels_path:=/no/such/labels.txt', '/no/such/labels.txt'),
        ('input_blob:=data', "takes [images], got 'data'"),
        ('output_blob:=prob', "no output 'prob'; it has [logits]"),
        ('prototxt_path:=deploy.prototxt', 'deploy.prototxt belongs to a caffemodel'),
        ('model_path:=/no/such.onnx', 'there is no network file /no/such.onnx'),
        ('model_path:=/no/such.engine', 'give the ONNX file that it was built from'),
    ],
)
def test_parameters_of_upstream_change_the_card(
    spinning: Callable[..., Any],
    capfd: pytest.CaptureFixture[str],
    parameter: str,
    words: str,
) -> None:
    assert words in failure(spinning(ImageNetNode, '-p', parameter), capfd)


def failure(node: Any, capfd: pytest.CaptureFixture[str]) -> str:
    """Return the one line of a configuration that fails."""
    assert node.trigger_configure() == TransitionCallbackReturn.FAILURE
    (line,) = [each for each in capfd.readouterr().err.splitlines() if 'configure failed' in each]
    return line


def given(**parameters: Any) -> list[str]:
    pairs = [('-p', f'{name}:={value}') for name, value in parameters.items()]
    return [part for pair in pairs for part in pair]


def test_a_caffemodel_with_its_prototxt(
    active_here: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    coffee: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv('ROS_DEEP_LEARNING_CACHE', str(tmp_path / 'cache'))
    prototxt, model, labels = stand_ins.write_snapshot(tmp_path)
    # As imagenet.ros2.launch has it for a network trained with DIGITS.
    active_here(ImageNetNode, *given(
        model_path=model, prototxt_path=prototxt, class_labels_path=labels, input_blob='data',
        output_blob='softmax',
    ))  # fmt: skip
    classes = graph.inbox('/imagenet/classification', Classification)
    publisher = graph.image_publisher('/imagenet/image_in')
    names = names_of(graph.ask(publisher, make_image(coffee), classes))
    assert names
    assert all(name.startswith('thing ') for name in names)


@pytest.mark.rclpy
def test_an_onnx_file_with_its_own_labels(
    active_here: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    coffee: np.ndarray,
    tmp_path: Path,
) -> None:
    model = onnx.load_from_string(stand_ins.fcn_resnet18((96, 64), 3))
    onnx.helper.set_model_props(model, {'names': "{0: 'grass', 1: 'sky', 2: 'cup'}"})
    onnx.save(model, str(tmp_path / 'fcn.onnx'))
    active_here(SegNetNode, *given(model_path=tmp_path / 'fcn.onnx'))
    info = graph.inbox('/segnet/label_info', LabelInfo, LATCHED_QOS)
    masks = graph.inbox('/segnet/class_mask', Image)
    publisher = graph.image_publisher('/segnet/image_in')
    mask = np.frombuffer(graph.ask(publisher, make_image(coffee), masks).data, np.uint8)
    assert mask.size == coffee.shape[0] * coffee.shape[1]
    assert mask.max() < 3
    graph.wait_until('the labels', lambda: len(info))
    class_map = [c.class_name for c in info.messages[0].class_map]
    assert class_map == ['grass', 'sky', 'cup']


def test_labels_of_a_file_are_published(
    start: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    coffee: np.ndarray,
    tmp_path: Any,
) -> None:
    labels = tmp_path / 'mine.txt'
    labels.write_text(''.join(f'thing {k}\n' for k in range(1000)))
    program = start('imagenet', '--ros-args', '-p', f'class_labels_path:={labels}',
                    '-p', 'autostart:=true')  # fmt: skip
    classes = graph.inbox('/imagenet/classification', Classification)
    publisher = graph.image_publisher('/imagenet/image_in')
    answer = graph.ask(publisher, make_image(coffee), classes)
    assert names_of(answer)[0] == 'thing 967', program.text()


def test_colors_of_a_file_are_used(
    active_here: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
    tmp_path: Path,
) -> None:
    colors = tmp_path / 'colors.txt'
    colors.write_text('10 20 30\n200 100 0\n')
    active_here(SegNetNode, *given(class_colors_path=colors, model_name='mp-selfie'))
    inbox = graph.inbox('/segnet/color_mask', Image)
    publisher = graph.image_publisher('/segnet/image_in')
    drawn = np.frombuffer(graph.ask(publisher, make_image(astronaut), inbox).data, np.uint8)
    assert {tuple(color) for color in drawn.reshape(-1, 3).tolist()} == {
        (10, 20, 30), (200, 100, 0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ('parameter', 'words'),
    [
        ('output_bbox:=bboxes', "no output 'bboxes'"),
        ('output_cvg:=coverage', "no output 'coverage'"),
        ('classes:=catt', "'catt' is none of the 90 labels"),
        ('class_labels_path:=/no/such/labels.txt', '/no/such/labels.txt'),
    ],
)
def test_what_does_not_fit_the_network_fails_to_configure(
    spinning: Callable[..., Any],
    capfd: pytest.CaptureFixture[str],
    ssd_onnx: Path,
    parameter: str,
    words: str,
) -> None:
    assert words in failure(spinning(DetectNetNode, '-p', parameter), capfd)


def test_the_mean_pixel_value_reaches_the_network(
    active_here: Callable[..., Any],
    graph: Any,
    make_image: Callable[..., Image],
    chelsea: np.ndarray,
    ssd_onnx: Path,
) -> None:
    # The card's own mean is 127.5: said once more as a parameter it changes nothing.
    active_here(DetectNetNode, '-p', 'mean_pixel_value:=127.5')
    detections = graph.inbox('/detectnet/detections', Detection2DArray)
    publisher = graph.image_publisher('/detectnet/image_in')
    answer = graph.ask(publisher, make_image(chelsea), detections)
    with DetectNet('ssd-mobilenet-v2') as net:
        found = net.detect(chelsea)
    (detection,) = answer.detections
    assert detection.results[0].hypothesis.score == pytest.approx(found.scores[0], abs=1e-6)
