# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""A node whose network a server runs, while the server ends and comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
from health import Health
from inference_server import serve, served_onnx
from sensor_msgs.msg import Image

from ros_deep_learning import SegNet
from ros_deep_learning.cards.zoo import find_card
from ros_deep_learning.downloads.store import ModelStore
from ros_deep_learning.nodes.segnet import SegNetNode

OK, WARN, ERROR = b'\x00', b'\x01', b'\x02'


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def stop(running: ExitStack) -> Callable[[], None]:
    return running.close


@pytest.fixture
def server(running: ExitStack) -> Callable[..., str]:
    """Return a function that starts a server of the network selfie, again at the same address."""
    path = ModelStore(offline=True).onnx_path(find_card('selfie'))
    model = served_onnx(path, 'selfie')
    return lambda port=0: running.enter_context(serve(model, 'grpc', port))


def test_nothing_is_published_while_the_server_is_gone_and_it_comes_back_by_itself(
    server: Callable[..., str],
    stop: Callable[[], None],
    active_here: Callable[..., Any],
    graph: Any,
    health: Health,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
) -> None:
    url = server()
    node = active_here(
        SegNetNode, '-p', f'remote_url:={url}', '-p', 'model:=selfie', '-p', 'max_failures:=2'
    )
    health.node = 'segnet'
    inbox = graph.inbox('/segnet/class_mask', Image)
    publisher = graph.image_publisher('/segnet/image_in')
    stamp = graph.meet(publisher, lambda stamp: make_image(astronaut, stamp=stamp), inbox)
    with SegNet('selfie', backend='onnxruntime') as here:
        expected = here.segment(astronaut).class_mask
    got = np.frombuffer(inbox.messages[-1].data, np.uint8).reshape(expected.shape)
    np.testing.assert_array_equal(got, expected)
    health.wait('engine', OK, f'remote test 2.0, served on {url}, selfie version 1')
    assert health.values('engine')['bytes a frame'] == '786,432 sent, 262,144 received'

    stop()
    inbox.messages.clear()
    (camera,) = node.cameras

    def lost() -> bool:
        return bool(camera.statistics.snapshot().failed > node.settings.max_failures)

    image = make_image(astronaut, stamp=stamp + 1)
    graph.publish_until('more failures than the node bears', publisher, image, lost)
    said = health.wait('frames', ERROR, f'{url} selfie: ')
    assert 'inference fails' in said
    assert inbox.messages == []
    assert graph.state('segnet') == 'active'

    server(int(url.rpartition(':')[2]))
    graph.meet(publisher, lambda stamp: make_image(astronaut, stamp=stamp), inbox, first=stamp + 2)
    health.wait('frames', OK, 'frames/s')

    refused = graph.set_parameters('segnet', remote_url='grpc://elsewhere:8001')
    assert not refused.successful
    assert 'remote_url' in refused.reason


def test_the_network_runs_here_while_the_server_is_gone(
    server: Callable[..., str],
    stop: Callable[[], None],
    active_here: Callable[..., Any],
    graph: Any,
    health: Health,
    make_image: Callable[..., Image],
    astronaut: np.ndarray,
) -> None:
    url = server()
    given = (f'remote_url:={url}', 'model:=selfie', 'remote_fallback:=onnxruntime')
    node = active_here(SegNetNode, *(part for one in given for part in ('-p', one)))
    health.node = 'segnet'
    inbox = graph.inbox('/segnet/class_mask', Image)
    publisher = graph.image_publisher('/segnet/image_in')

    def show(first: int) -> int:
        return int(graph.meet(publisher, lambda s: make_image(astronaut, stamp=s), inbox, first))

    stamp = show(1)
    far = bytes(inbox.messages[-1].data)
    health.wait('engine', OK, 'remote test 2.0')
    stop()
    stamp = show(stamp + 1)
    assert bytes(inbox.messages[-1].data) == far
    assert url in health.wait('engine', WARN, 'runs here (onnxruntime on CPU) until')
    assert node.cameras[0].statistics.snapshot().failed == 0
    server(int(url.rpartition(':')[2]))

    def back() -> bool:
        return not node.network.info.warning

    graph.publish_until('the server', publisher, make_image(astronaut, stamp=stamp + 99), back)
    health.wait('engine', OK, 'remote test 2.0')
