# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""The nodes under ROS_SECURITY_STRATEGY=Enforce with the policies that ship with them."""

from __future__ import annotations

import asyncio
import json
import re
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
POLICIES = Path(__file__).parents[2] / 'config' / 'security'
VISION = [f'/{name}' for name in ('detectnet', 'imagenet', 'segnet')]
PAGE = 'video_output_page'
NAMESPACE = '/robot'
"""Of the page, since there is another video_output; its policy is changed accordingly."""
KINDS = {
    '/detectnet/detections': 'vision_msgs/Detection2DArray',
    '/imagenet/classification': 'vision_msgs/Classification',
    '/segnet/class_mask': 'sensor_msgs/Image',
    '/video_output/written': 'std_msgs/Header',
    '/robot/video_output/written': 'std_msgs/Header',
    '/video_source/raw': 'sensor_msgs/Image',
}
# The frame_id of what comes: but for the source, the nodes get the operator's images.
SENDERS = {topic: ['operator'] for topic in KINDS} | {'/video_source/raw': ['camera']}
STATES = {
    **dict.fromkeys(VISION, 'active'),
    **dict.fromkeys(
        ['/collect', '/recorder', '/robot/video_output', '/video_output', '/video_source'],
        'answers',
    ),
}
TASK = {
    'images': [
        *(f'{node}/image_in' for node in (*VISION, '/collect', '/video_output')),
        '/recorder/overlay',
    ],
    'kinds': KINDS,
    'states': STATES,
}
# Sends images, and prints what it gets: until it has all that was asked for, or, as an intruder,
# until its input ends.
CLIENT = """
import json, select, sys
import rclpy
from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters
from sensor_msgs.msg import Image
from ros_deep_learning.nodes.messages.topics import message_type

name, task = sys.argv[1], json.loads(sys.argv[2])
rclpy.init()
node = rclpy.create_node(name)
senders = {topic: set() for topic in task['kinds']}


def hear(topic):
    return lambda message: senders[topic].add(getattr(message, 'header', message).frame_id)


for topic, kind in task['kinds'].items():
    node.create_subscription(message_type(kind), topic, hear(topic), 10)
images = [node.create_publisher(Image, topic, 1) for topic in task['images']]
clients = {
    other: node.create_client(GetState, f'{other}/get_state')
    if state == 'active'
    else node.create_client(GetParameters, f'{other}/get_parameters')
    for other, state in task['states'].items()
}
states, asked = {}, {}
image = Image(width=64, height=48, encoding='rgb8', step=192, data=bytes(192 * 48))
image.header.frame_id = name
print('ready', flush=True)


def ask(other):
    future = asked.get(other)
    if future is not None and future.done():
        state = getattr(asked.pop(other).result(), 'current_state', None)
        states[other] = 'answers' if state is None else state.label
    elif future is None and clients[other].service_is_ready():
        asked[other] = clients[other].call_async(clients[other].srv_type.Request())


def goes_on():
    if name == 'intruder':
        return not select.select([sys.stdin], [], [], 0)[0]
    return states != task['states'] or not all(senders.values())


while goes_on():
    image.header.stamp.sec += 1
    for publisher in images:
        publisher.publish(image)
    for other, state in task['states'].items():
        if states.get(other) != state:
            ask(other)
    for _ in range(20):
        rclpy.spin_once(node, timeout_sec=0.01)
seen = {space.rstrip('/') + '/' + other for other, space in node.get_node_names_and_namespaces()}
senders = {topic: sorted(found) for topic, found in senders.items()}
print(json.dumps({'senders': senders, 'states': states, 'seen': sorted(seen - {f'/{name}'})}))
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
    root = tmp_path_factory.mktemp('keystore')
    enclaves = {'operator': Permissions()}
    for policy in POLICIES.glob('*.policy.xml'):
        name = policy.name.removesuffix('.policy.xml')
        text = policy.read_text()
        if name == PAGE:
            text = text.replace('ns="/"', f'ns="{NAMESPACE}"')
        enclaves[name] = permissions_of(text)
    allowed = enclaves['imagenet']
    fewer = [topic for topic in allowed.publish if topic != 'rt/imagenet/classification']
    enclaves['less'] = replace(allowed, publish=fewer)
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
        [sys.executable, '-c', CLIENT, name, json.dumps(TASK), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def panel_of(url: str, wish: dict[str, Any]) -> dict[str, Any]:
    """Return what a page says of the node that it shows, after that node took a wish."""
    import aiohttp

    async with aiohttp.ClientSession() as session, session.ws_connect(f'{url}live') as channel:
        wished = False
        async for message in channel:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            panel = json.loads(message.data)
            if wish.items() <= panel.items():
                return panel
            if panel['score_threshold'] is not None and not wished:
                await channel.send_json(wish)
                wished = True
    return {}


def test_every_node_works_with_its_policy_and_hears_nobody_without_a_key(
    start: Callable[..., Any],
    pictures: Path,
    tmp_path: Path,
    ssd_onnx: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def begin(name: str, enclave: str, *arguments: str, **values: str) -> Any:
        for parameter, value in values.items():
            arguments += ('-p', f'{parameter}:={value}')
        return start(name, '--ros-args', '--enclave', f'/{enclave}', *arguments)

    video, folder = tmp_path / 'seen.avi', tmp_path / 'recorded'
    of_page = ('-r', f'__ns:={NAMESPACE}', '-r', '~/image_in:=/detectnet/overlay')
    page = begin('video_output', PAGE, *of_page, resource='http://localhost:0')
    programs = [
        page,
        begin('vision', 'vision', autostart='true'),
        begin('video_source', 'video_source', resource=str(pictures), loop='-1'),
        begin('video_output', 'video_output', resource=str(video)),
        begin('collect', 'collect', folder=str(tmp_path / 'collected'), every='0.1'),
        begin('recorder', 'recorder', folder=str(folder), silence_s='3600.0'),
    ]
    with monkeypatch.context() as patch:
        patch.setenv('ROS_SECURITY_ENABLE', 'false')
        intruder = client('intruder')
    assert intruder.stdout.readline() == 'ready\n'
    operator = client('operator', '--ros-args', '--enclave', '/operator')
    answer, _ = operator.communicate(timeout=180)
    told = json.loads(answer.splitlines()[-1])
    assert told == {'senders': SENDERS, 'states': STATES, 'seen': sorted(STATES)}
    # All the time it has sent images, and asked for the nodes' states and parameters.
    answer, _ = intruder.communicate('\n', timeout=60)
    nothing: dict[str, list[str]] = {topic: [] for topic in KINDS}
    assert json.loads(answer) == {'senders': nothing, 'states': {}, 'seen': []}
    (url,) = re.findall(r'open (http://\S+)', page.text())
    panel = asyncio.run(asyncio.wait_for(panel_of(url, {'score_threshold': 0.75}), 60))
    assert panel['source'] == '/detectnet'
    assert 'person' in panel['labels']
    for program in programs:
        assert program.stop() == 0, program.text()
        assert 'Traceback' not in program.text()
        assert 'failed to create' not in program.text()
    assert video.stat().st_size > 0
    assert list(folder.iterdir())
    assert list(tmp_path.glob('collected/unlabelled/*'))


def test_a_benchmark_runs_in_one_enclave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('ROS_SECURITY_ENCLAVE_OVERRIDE', '/benchmark')
    program = Path(get_package_prefix('ros_deep_learning'), 'lib/ros_deep_learning/benchmark')
    report = tmp_path / 'report.json'
    done = subprocess.run(
        [program, 'efficientnet-lite0', '--rate', '5', '--seconds', '1', '--output', report],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'failed to create' not in done.stderr
    assert report.stat().st_size > 0


def test_a_topic_that_the_policy_lacks_is_refused(start: Callable[..., Any]) -> None:
    program = start('imagenet', '--ros-args', '--enclave', '/less', '-p', 'autostart:=true')
    end_s = time.monotonic() + 60
    while 'the node is not active' not in program.text() and time.monotonic() < end_s:
        time.sleep(0.1)
    assert 'failed to create topic [rt/imagenet/classification]' in program.text()
    assert program.stop() == 0
