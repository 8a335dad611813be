# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Another model on a running node: no gap, no lost header, and the truth when it fails."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticStatus
from mirror import MirrorNode, plain
from rcl_interfaces.srv import GetParameters, SetParametersAtomically
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter, parameter_value_to_python
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, LabelInfo, VisionInfo

from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.errors import SettingsError
from ros_deep_learning.nodes.lifecycle import network_swap, vision_node
from ros_deep_learning.nodes.messages.inference_stats import InferenceStats
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS

SUCCESS = TransitionCallbackReturn.SUCCESS
BLANK = np.full((60, 80, 3), 128, np.uint8)
SLOW_NODE = """
import sys
sys.path.insert(0, {folder!r})
from mirror import MirrorNode
from ros_deep_learning.nodes.program.spin import run_node

class SlowNode(MirrorNode):
    def __init__(self):
        super().__init__()
        self.trigger_configure()
        self.trigger_activate()
        self.may_open.clear()

sys.exit(run_node(SlowNode, threads=2))
"""


@pytest.fixture
def node(spinning: Callable[..., Any]) -> MirrorNode:
    node: MirrorNode = spinning(MirrorNode)
    assert node.trigger_configure() == SUCCESS
    return node


@pytest.fixture
def active(node: MirrorNode) -> MirrorNode:
    assert node.trigger_activate() == SUCCESS
    return node


class Change:
    """A change of parameters that is under way."""

    def __init__(self, graph: Any, node: str, **values: Any) -> None:
        self._graph = graph
        # The server answers a client that it has discovered; then nothing is lost.
        assert graph.set_parameters(node).successful
        client = graph.client(SetParametersAtomically, f'/{node}/set_parameters_atomically')
        self._future = client.call_async(
            SetParametersAtomically.Request(
                parameters=[Parameter(k, value=v).to_parameter_msg() for k, v in values.items()]
            )
        )

    def done(self) -> bool:
        return bool(self._future.done())

    def result(self) -> Any:
        self._graph.wait_until('the answer', self.done)
        return self._future.result().result


def parameter(graph: Any, node: str, name: str) -> Any:
    request = GetParameters.Request(names=[name])
    (value,) = graph.call(GetParameters, f'/{node}/get_parameters', request).values
    return parameter_value_to_python(value)


@pytest.mark.own_messages
def test_the_old_network_runs_until_the_new_one_takes_over(
    active: MirrorNode, graph: Any, make_image: Callable[..., Image]
) -> None:
    old = active.network
    stats = graph.inbox('/mirror/stats', InferenceStats, 1000)
    flipped = graph.inbox('/mirror/flipped', Image, 1000)
    labels = graph.inbox('/mirror/label_info', LabelInfo, LATCHED_QOS)
    info = graph.inbox('/mirror/vision_info', VisionInfo, LATCHED_QOS)
    publisher = graph.image_publisher('/mirror/image_in')
    graph.ask(publisher, make_image(plain(1), stamp=1), flipped)
    active.may_open.clear()
    change = Change(graph, 'mirror', model='glass')
    assert active.opening.wait(60)
    for stamp in range(2, 8):
        graph.ask(publisher, make_image(plain(stamp), stamp=stamp), flipped)
        graph.wait_until('its stats', lambda s=stamp: stats.messages[-1].header.stamp.sec == s)
        assert stats.messages[-1].model == 'mirror'
    assert parameter(graph, 'mirror', 'model') == 'mirror'
    assert not change.done()
    active.may_open.set()
    assert change.result().successful
    assert parameter(graph, 'mirror', 'model') == 'glass'
    graph.ask(publisher, make_image(plain(8), stamp=8), flipped)
    graph.wait_until('its stats', lambda: stats.messages[-1].header.stamp.sec == 8)
    assert stats.messages[-1].model == 'glass'
    assert active.network is not old
    assert active.network.seen == [8] * len(active.network.seen) != []
    assert not old.open
    graph.wait_until('the new labels', lambda: len(labels.messages[-1].class_map) == 1)
    assert labels.messages[-1].class_map[0].class_name == 'glass'
    assert info.messages[-1].method == 'glass'
    counts = active.cameras[0].statistics.snapshot()
    assert counts.failed == counts.invalid == 0


def test_the_memory_of_a_network_is_returned_once_it_is_closed(
    active: MirrorNode, graph: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    still_open: list[list[str]] = []

    def note() -> None:
        still_open.append([mirror.labels[0] for mirror in active.made if mirror.open])

    for module in (network_swap, vision_node):
        monkeypatch.setattr(module, 'return_freed_memory', note)
    assert graph.set_parameters('mirror', model='glass').successful
    assert still_open == [['glass']]
    active.release()
    assert still_open == [['glass'], []]


@pytest.mark.rclpy
def test_live_parameters_are_answered_meanwhile_and_stay(active: MirrorNode, graph: Any) -> None:
    health = graph.statuses()
    active.may_open.clear()
    change = Change(graph, 'mirror', model='glass', threshold=0.125)
    assert active.opening.wait(60)
    for k in range(40):
        assert graph.set_parameters('mirror', threshold=0.5 + k / 100).successful
        assert parameter(graph, 'mirror', 'threshold') == 0.5 + k / 100
        refused = graph.set_parameters('mirror', class_id='colour')
        assert not refused.successful
    second = graph.set_parameters('mirror', model='fog')
    assert not second.successful
    assert second.reason == 'another network is being loaded; ask again when that is done'
    assert not graph.set_parameters('mirror', cameras='left').successful
    assert graph.state('mirror') == 'active'

    def is_told() -> bool:
        said = health['mirror: engine'].message if 'mirror: engine' in health else ''
        return 'glass comes: polishing 50%, ' in said and 's so far' in said

    graph.wait_until('the load in diagnostics', is_told)
    assert not change.done()
    active.may_open.set()
    assert change.result().successful
    # What was asked for together with the model came last.
    assert parameter(graph, 'mirror', 'threshold') == active.settings.threshold == 0.125
    assert active.settings.model == 'glass'


@pytest.mark.rclpy
def test_a_live_change_during_the_load_is_kept(active: MirrorNode, graph: Any) -> None:
    active.may_open.clear()
    change = Change(graph, 'mirror', model='glass')
    assert active.opening.wait(60)
    assert graph.set_parameters('mirror', threshold=0.75).successful
    active.may_open.set()
    assert change.result().successful
    assert parameter(graph, 'mirror', 'threshold') == active.settings.threshold == 0.75


@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'model': 'fog'}, "no such mirror as 'fog'; buy one"),
        ({'model': 'glass', 'wanted': 'left'}, "'left' is not to be seen in glass"),
        ({'model': 'bug'}, 'broke, the log has the traceback: ZeroDivisionError()'),
        ({'model': 'glass', 'class_id': 'colour'}, 'must be one of label, index'),
    ],
)
def test_a_swap_that_fails_leaves_the_old_network_running(
    active: MirrorNode,
    graph: Any,
    make_image: Callable[..., Image],
    changes: dict[str, Any],
    words: str,
) -> None:
    before, old = active.settings, active.network
    flipped = graph.inbox('/mirror/flipped', Image)
    publisher = graph.image_publisher('/mirror/image_in')
    for stamp in (1, 2):
        answer = graph.set_parameters('mirror', **changes)
        assert not answer.successful
        assert words in answer.reason
        assert '\n' not in answer.reason
        assert parameter(graph, 'mirror', 'model') == 'mirror'
        assert active.settings == before
        assert active.network is old
        graph.ask(publisher, make_image(plain(stamp), stamp=stamp), flipped)
    assert all(not mirror.open for mirror in active.made if mirror is not old)


def test_the_last_error_tells_of_a_swap_that_failed(active: MirrorNode, graph: Any) -> None:
    newest = graph.statuses()
    assert not graph.set_parameters('mirror', model='fog').successful

    def error() -> bool:
        status = newest.get('mirror: engine', DiagnosticStatus())
        values = {pair.key: pair.value for pair in status.values}
        told = "mirror goes on: no such mirror as 'fog'" in values.get('last error', '')
        return told and status.level == DiagnosticStatus.OK

    graph.wait_until('the error', error)


def test_the_settings_meanwhile_must_fit_the_new_network_too(
    active: MirrorNode, graph: Any
) -> None:
    active.may_open.clear()
    change = Change(graph, 'mirror', model='glass')
    assert active.opening.wait(60)
    assert graph.set_parameters('mirror', wanted='left').successful
    active.may_open.set()
    answer = change.result()
    assert not answer.successful
    assert "'left' is not to be seen in glass" in answer.reason
    assert (active.settings.model, active.settings.wanted) == ('mirror', 'left')
    together = graph.set_parameters('mirror', model='glass', wanted='glass')
    assert together.successful, together.reason


def test_the_same_model_loads_nothing(active: MirrorNode, graph: Any) -> None:
    network = active.network
    assert graph.set_parameters('mirror', model='mirror', threshold=0.25).successful
    assert active.network is network
    assert len(active.made) == 1


@pytest.mark.rclpy
def test_an_inactive_node_takes_another_model_too(node: MirrorNode, graph: Any) -> None:
    assert graph.set_parameters('mirror', model='glass').successful
    assert not node.made[0].open
    labels = graph.inbox('/mirror/label_info', LabelInfo, LATCHED_QOS)
    assert node.trigger_activate() == SUCCESS
    graph.wait_until('the labels', lambda: len(labels))
    assert labels.messages[0].class_map[0].class_name == 'glass'


def test_a_node_that_is_cleaned_up_meanwhile_takes_nothing(active: MirrorNode, graph: Any) -> None:
    active.may_open.clear()
    change = Change(graph, 'mirror', model='glass')
    assert active.opening.wait(60)
    assert active.trigger_deactivate() == SUCCESS
    assert not change.done()
    assert active.trigger_cleanup() == SUCCESS
    answer = change.result()
    assert not answer.successful
    assert 'the node was cleaned up meanwhile' in answer.reason
    assert active.settings.model == 'mirror'
    assert active.network is None
    active.may_open.set()
    assert active.trigger_configure() == SUCCESS
    assert active.trigger_activate() == SUCCESS
    assert [mirror.open for mirror in active.made] == [False, True]


def test_a_swap_that_comes_after_the_clean_up_loads_nothing(node: MirrorNode) -> None:
    assert node.trigger_cleanup() == SUCCESS
    with pytest.raises(SettingsError, match='the node was cleaned up meanwhile'):
        node.swap.run({'model': 'glass'})
    assert len(node.made) == 1


def test_a_configuration_waits_for_the_change_in_hand(spinning: Callable[..., Any]) -> None:
    node: MirrorNode = spinning(MirrorNode)
    configuring = threading.Thread(target=node.trigger_configure)
    node.may_open.clear()
    with node.setup.lock:
        configuring.start()
        assert not node.opening.wait(0.5)
    assert node.opening.wait(60)
    node.may_open.set()
    configuring.join(20)
    assert node.network is not None


def test_an_interrupt_in_a_swap_ends_the_process_cleanly(
    graph: Any, tmp_path: Path, run_python: Callable[..., Any]
) -> None:
    program = run_python(SLOW_NODE.format(folder=str(Path(__file__).parents[2] / 'support')))
    graph.wait_until('active', lambda: graph.state('mirror') == 'active')
    change = Change(graph, 'mirror', model='glass')
    graph.wait_until('the load', lambda: 'glass comes: polishing' in program.text())
    program.process.send_signal(signal.SIGINT)
    assert program.process.wait(60) == 0
    assert 'Traceback' not in program.text()
    assert 'given up, because the process ends' in program.text()
    del change


@pytest.fixture
def run_python(tmp_path: Path, program_type: Callable[..., Any], ros_domain: int) -> Any:
    programs: list[Any] = []

    def run(script: str) -> Any:
        programs.append(program_type([sys.executable, '-c', script], tmp_path / 'python.log'))
        return programs[-1]

    yield run
    for program in programs:
        program.stop()


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    """Another model: the same weights with other labels."""
    card = find_card('efficientnet-lite0')
    source = Path(__file__).parents[3] / 'models' / 'cards' / 'efficientnet-lite0.yaml'
    text = yaml.safe_load(source.read_text())
    labels = tmp_path / 'twin.txt'
    labels.write_text('\n'.join(f'twin {k}' for k in range(1000)) + '\n')
    text |= {'name': 'twin', 'aliases': [], 'labels': str(labels)}
    text['source'] = {'file': str(card.source.file)}
    path = tmp_path / 'twin.yaml'
    path.write_text(yaml.safe_dump(text))
    return path


@pytest.mark.own_messages
def test_swaps_under_load_lose_and_repeat_no_header(
    start: Callable[..., Any], graph: Any, make_image: Callable[..., Image], twin: Path
) -> None:
    allowed = f'model_folders:={twin.parent}'
    program = start(
        'imagenet', '--ros-args', '-p', 'autostart:=true', '-p', 'threshold:=0.0', '-p', allowed
    )
    graph.wait_until('active', lambda: graph.state('imagenet') == 'active')
    classes = graph.inbox('/imagenet/classification', Classification, 5000)
    stats = graph.inbox('/imagenet/stats', InferenceStats, 5000)
    publisher = graph.image_publisher('/imagenet/image_in')
    stop = threading.Event()
    sent: list[int] = []

    def camera() -> None:
        image = make_image(BLANK)
        while not stop.wait(0.01):
            sent.append(len(sent) + 1)
            image.header.stamp.sec = sent[-1]
            publisher.publish(image)

    shows = threading.Thread(target=camera)
    shows.start()
    models = ['efficientnet-lite0']
    try:
        graph.wait_until('results', lambda: len(stats) > 10)
        for model in (str(twin), 'nonsense', 'efficientnet-lite0', 'selfie', str(twin)):
            before = len(stats)
            answer = Change(graph, 'imagenet', model=model).result()
            wrong = model in ('nonsense', 'selfie')
            assert answer.successful != wrong, answer.reason
            if not wrong:
                models.append(model)
            assert parameter(graph, 'imagenet', 'model') == models[-1]
            graph.wait_until('results', lambda before=before: len(stats) > before + 10)
    finally:
        stop.set()
        shows.join()
    # The results of a frame are published in this order, and the frames one after the other.
    newest = graph.meet(publisher, lambda s: make_image(BLANK, stamp=s), stats, len(sent) + 1)
    graph.wait_until('its classes', lambda: classes.messages[-1].header.stamp.sec == newest)
    sent = list(range(1, newest + 1))
    stamps = [message.header.stamp.sec for message in stats.messages]
    assert stamps == sorted(set(stamps))
    assert set(stamps) <= set(sent)
    # The two topics are not discovered at once.
    named = {m.header.stamp.sec: m.results[0].class_id for m in classes.messages}
    both = [message for message in stats.messages if message.header.stamp.sec >= min(named)]
    assert {message.header.stamp.sec for message in both} <= set(named)
    assert len(classes) == len({message.header.stamp.sec for message in classes.messages})
    # Every frame that arrived has a result or is counted as dropped; none failed.
    last = stats.messages[-1]
    first = stats.messages[0]
    assert last.frames - first.frames == len(stats) - 1
    assert last.invalid == last.failed == 0
    ends = last.frames + last.dropped + last.limited + last.unwanted
    assert last.received - 1 <= ends <= last.received
    ran = [message.model for message in stats.messages]
    assert [ran[0], *(b for a, b in itertools.pairwise(ran) if a != b)] == models
    # What InferenceStats says ran the frame is what its result came from.
    for message in both:
        twins = named[message.header.stamp.sec].startswith('twin ')
        assert twins == (message.model == str(twin))
    log = program.text()
    assert program.stop() == 0
    assert 'Traceback' not in log


def test_what_cannot_be_loaded_is_said_in_one_line(
    start: Callable[..., Any], graph: Any, tmp_path: Path, twin: Path
) -> None:
    allowed = f'model_folders:={tmp_path}'
    program = start('imagenet', '--ros-args', '-p', 'autostart:=true', '-p', allowed)
    graph.wait_until('active', lambda: graph.state('imagenet') == 'active')
    broken = tmp_path / 'broken.yaml'
    text = yaml.safe_load(twin.read_text())
    weights = tmp_path / 'broken.onnx'
    weights.write_bytes(b'not a network')
    broken.write_text(yaml.safe_dump(text | {'source': {'file': str(weights)}}))
    for changes, words in (
        ({'model': 'efficentnet-lite0'}, "no model 'efficentnet-lite0'"),
        ({'model': 'selfie'}, 'is made for segmentation, not for classification'),
        ({'model': str(broken)}, 'broken.onnx'),
        ({'backend': 'tensorrt'}, 'tensorrt'),
        ({'class_labels_path': str(tmp_path / 'none.txt')}, 'none.txt'),
        ({'model': str(twin), 'output_blob': 'nothing'}, 'nothing'),
        ({'class_labels_path': '/etc/machine-id'}, 'only name files below model_folders'),
        ({'model': 'googlenet-12'}, 'downloads are off'),
        ({'trust_engine_file': True}, 'read-only'),
        ({'model_folders': '/'}, 'read-only'),
    ):
        answer = Change(graph, 'imagenet', **changes).result()
        assert not answer.successful, changes
        assert words in answer.reason
        assert '\n' not in answer.reason
        for name in changes:
            assert parameter(graph, 'imagenet', name) in (
                *('efficientnet-lite0', 'auto', '', False, str(tmp_path)),
            )
    assert graph.state('imagenet') == 'active'
    assert 'Traceback' not in program.text()
