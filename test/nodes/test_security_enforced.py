# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A node under ROS_SECURITY_STRATEGY=Enforce with the policy that ships with it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from keystore import Permissions, make_keystore, permissions_of

CYCLONE = 'rmw_cyclonedds_cpp'
POLICY = Path(__file__).parents[2] / 'config' / 'security' / 'imagenet.policy.xml'
# Sends images, and prints what it gets: until it has five results and the node's state, or, as an
# intruder, until its input ends.
CLIENT = """
import json, select, sys
import rclpy
from lifecycle_msgs.srv import GetState
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

rclpy.init()
name = sys.argv[1]
node = rclpy.create_node(name)
senders, states = [], []
node.create_subscription(
    Classification, '/imagenet/classification',
    lambda message: senders.append(message.header.frame_id), 10)
images = node.create_publisher(Image, '/imagenet/image_in', 1)
state = node.create_client(GetState, '/imagenet/get_state')
image = Image(width=64, height=48, encoding='rgb8', step=192, data=bytes(192 * 48))
image.header.frame_id = name
print('ready', flush=True)


def goes_on():
    if name == 'intruder':
        return not select.select([sys.stdin], [], [], 0)[0]
    return len(senders) < 5 or states != ['active']


while goes_on():
    image.header.stamp.sec += 1
    images.publish(image)
    if states != ['active'] and state.service_is_ready():
        future = state.call_async(GetState.Request())
        rclpy.spin_until_future_complete(node, future, timeout_sec=2)
        states = [future.result().current_state.label] if future.done() else []
    rclpy.spin_once(node, timeout_sec=0.1)
seen = {other for other in node.get_node_names() if other != name}
print(json.dumps({'senders': sorted(set(senders)), 'states': states, 'seen': sorted(seen)}))
"""


def plugins_missing() -> str:
    """Return why no node can be run under Enforce here, or nothing."""
    try:
        prefix = get_package_prefix(CYCLONE)
    except PackageNotFoundError:
        return f'no {CYCLONE}, and the Fast DDS of wheels has no security plugins'
    libraries = list(Path(prefix, 'lib').glob('**/libdds_security_auth.so'))
    return '' if libraries else f'the {CYCLONE} here has no security plugins'


pytestmark = [
    pytest.mark.security_plugins,
    pytest.mark.skipif(
        bool(plugins_missing()),
        reason=f'SROS 2 policies were NOT tried under Enforce: {plugins_missing()}',
    ),
]


@pytest.fixture(scope='module')
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    allowed = permissions_of(POLICY)
    fewer = [topic for topic in allowed.publish if topic != 'rt/imagenet/classification']
    root = tmp_path_factory.mktemp('keystore')
    enclaves = {
        'imagenet': allowed,
        'less': replace(allowed, publish=fewer),
        'operator': Permissions(),
    }
    make_keystore(root, enclaves)
    return root


@pytest.fixture(autouse=True)
def enforced(keystore: Path, ros_domain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('RMW_IMPLEMENTATION', CYCLONE)
    monkeypatch.setenv('ROS_SECURITY_KEYSTORE', str(keystore))
    monkeypatch.setenv('ROS_SECURITY_ENABLE', 'true')
    monkeypatch.setenv('ROS_SECURITY_STRATEGY', 'Enforce')


def client(name: str, *arguments: str) -> Any:
    return subprocess.Popen(
        [sys.executable, '-c', CLIENT, name, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_node_works_with_its_policy_and_hears_nobody_without_a_key(
    start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = start('imagenet', '--ros-args', '--enclave', '/imagenet', '-p', 'autostart:=true')
    with monkeypatch.context() as patch:
        patch.setenv('ROS_SECURITY_ENABLE', 'false')
        intruder = client('intruder')
    assert intruder.stdout.readline() == 'ready\n'
    operator = client('operator', '--ros-args', '--enclave', '/operator')
    answer, _ = operator.communicate(timeout=120)
    told = json.loads(answer.splitlines()[-1])
    assert told == {'senders': ['operator'], 'states': ['active'], 'seen': ['imagenet']}
    # All the time it has sent images, and asked for the node's state.
    answer, _ = intruder.communicate('\n', timeout=60)
    assert json.loads(answer) == {'senders': [], 'states': [], 'seen': []}
    assert program.stop() == 0
    assert 'Traceback' not in program.text()


def test_a_topic_that_the_policy_lacks_is_refused(start: Callable[..., Any]) -> None:
    program = start('imagenet', '--ros-args', '--enclave', '/less', '-p', 'autostart:=true')
    end_s = time.monotonic() + 60
    while 'the node is not active' not in program.text() and time.monotonic() < end_s:
        time.sleep(0.1)
    assert 'failed to create topic [rt/imagenet/classification]' in program.text()
    assert program.stop() == 0
