# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Trained networks run in the nodes and find what they know; ROS is told of a training."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, Detection2DArray, VisionInfo

from ros_deep_learning import DetectNet
from ros_deep_learning.cli import train as train_program
from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.networks.images import read_picture
from ros_deep_learning.nodes.messages.outputs import LATCHED_QOS

pytestmark = [pytest.mark.slow, pytest.mark.training]


def images_of(samples, make_image):
    """Make a message of each picture, whose stamp is its index plus one."""
    pictures = [read_picture(sample.picture) for sample in samples]
    return [
        make_image(picture.array, stamp=k, encoding=f'{picture.order}8')
        for k, picture in enumerate(pictures, 1)
    ]


def answers(graph, start, name, card, topic, message_type, images):
    """Return what a node with a trained network answers for each image."""
    program = start(name, '--ros-args', '-p', 'autostart:=true', '-p', f'model:={card}')
    graph.wait_until('active', lambda: graph.state(name) == 'active')
    inbox = graph.inbox(f'/{name}/{topic}', message_type, 100)
    publisher = graph.image_publisher(f'/{name}/image_in')
    found = [graph.ask(publisher, image, inbox) for image in images]
    assert program.stop() == 0, program.text()
    return found


def test_the_node_imagenet_knows_pictures_that_it_has_not_seen(
    graph, start, make_image, trained_classifier, class_folders
):
    data = open_dataset(class_folders, split='val')
    found = answers(
        *(graph, start, 'imagenet', trained_classifier.run.card),
        *('classification', Classification, images_of(data.samples, make_image)),
    )
    names = [message.results[0].class_id for message in found]
    right = [data.classes[s.class_id] == n for s, n in zip(data.samples, names, strict=True)]
    # A constant answer is right for a third.
    assert np.mean(right) > 0.8


def test_the_node_segnet_finds_the_pixels_of_things(
    graph, start, make_image, trained_segmenter, masks
):
    samples = open_dataset(masks, split='val').samples
    found = answers(
        *(graph, start, 'segnet', trained_segmenter.run.card),
        *('class_mask', Image, images_of(samples, make_image)),
    )
    right, ground = [], []
    for sample, message in zip(samples, found, strict=True):
        wanted = read_mask(sample.mask)
        classes = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width)
        right.append((classes == wanted).mean())
        ground.append((wanted == 0).mean())
    # The best constant answer is the ground everywhere.
    assert np.mean(right) > np.mean(ground) + 0.5 * (1 - np.mean(ground))


def rows_of(message):
    """Return name, edges and score of each box of a message."""
    found = []
    for one in message.detections:
        x, y = one.bbox.center.position.x, one.bbox.center.position.y
        half = np.array([one.bbox.size_x, one.bbox.size_y]) / 2
        hypothesis = one.results[0].hypothesis
        edges = np.concatenate([np.array([x, y]) - half, np.array([x, y]) + half])
        found.append((hypothesis.class_id, edges, hypothesis.score))
    return found


def test_a_trained_card_takes_over_in_the_node_detectnet_without_a_lost_frame(
    graph, start, make_image, trained_detector, things, tmp_path
):
    """Each frame is sent when the last one has its result, so that none replaces another."""
    card = trained_detector.run.card
    before = shutil.copytree(card.parent, tmp_path / 'before') / 'card.yaml'
    program = start(
        *('detectnet', '--ros-args', '-p', 'autostart:=true', '-p', f'model:={before}'),
        *('-p', f'model_folders:={card.parent}', '-p', 'threshold:=0.2'),
    )
    graph.wait_until('active', lambda: graph.state('detectnet') == 'active')
    data = open_dataset(things, split='val')
    images = images_of(data.samples, make_image)
    boxes = graph.inbox('/detectnet/detections', Detection2DArray, 5000)
    info = graph.inbox('/detectnet/vision_info', VisionInfo, LATCHED_QOS)
    publisher = graph.image_publisher('/detectnet/image_in')
    graph.ask(publisher, images[0], boxes)
    graph.wait_until('the name', lambda: [m.method for m in info.messages] == [str(before)])
    boxes.messages.clear()
    stop, sent = threading.Event(), []

    def camera():
        while not stop.is_set():
            sent.append(100 + len(sent))
            image = images[sent[-1] % len(images)]
            image.header.stamp.sec = sent[-1]
            publisher.publish(image)
            graph.wait_until('its boxes', lambda: len(boxes) >= len(sent))

    with ThreadPoolExecutor(1) as pool:
        shows = pool.submit(camera)
        try:
            graph.wait_until('results', lambda: len(boxes) > 5)
            answer = graph.set_parameters('detectnet', model=str(card))
            assert answer.successful, answer.reason
            # The frame on its way may have met the old one.
            new = len(boxes) + 1
            graph.wait_until('results of the new one', lambda: len(boxes) > new + 3 * len(images))
        finally:
            stop.set()
        shows.result()
    assert [m.method for m in info.messages] == [str(before), str(card)]
    assert [message.header.stamp.sec for message in boxes.messages] == sent
    count = 0
    with DetectNet(card, threshold=0.2) as net:
        for message in boxes.messages[new:]:
            picture = data.samples[message.header.stamp.sec % len(images)].picture
            wanted = net.detect(picture)
            for (name, edges, score), one in zip(rows_of(message), wanted, strict=True):
                assert name == net.labels[one.class_id]
                assert edges == pytest.approx(np.array(one.box_xyxy), abs=0.01)
                assert score == pytest.approx(one.score, abs=1e-4)
                count += 1
    # That the library finds what is there, its own test shows.
    assert count > 0
    assert program.stop() == 0
    assert 'Traceback' not in program.text()


def test_a_training_is_on_diagnostics_until_it_has_finished(
    graph, libraries, class_folders, tmp_path
):
    heard = graph.inbox('/diagnostics', DiagnosticArray, 1000)
    wanted = ['--size', '64', '--epochs', '3', '--weights', 'none', '--device', 'cpu', '--watch']
    assert train_program.main([str(class_folders), '-o', str(tmp_path / 'cats'), *wanted]) == 0

    def told():
        statuses = [status for message in heard.messages for status in message.status]
        return [status.message for status in statuses if status.name == 'train: cats']

    graph.wait_until('the end', lambda: 'finished' in told())
    # With the loss and the accuracy of the last epoch, and the time that is left.
    assert any(
        text.startswith('epoch 2 of 3 (loss ') and 'accuracy ' in text and text.endswith(' left)')
        for text in told()
    ), told()
