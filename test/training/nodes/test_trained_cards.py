# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Trained networks run in the nodes, and find what they were trained for."""

from __future__ import annotations

import itertools
import shutil
import threading

import numpy as np
import pytest
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, Detection2DArray

from ros_deep_learning.datasets.mask_files import read_mask
from ros_deep_learning.datasets.opening import open_dataset
from ros_deep_learning.networks.images import read_picture
from ros_deep_learning.nodes.messages.inference_stats import InferenceStats

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


def hits(message, sample, classes):
    """Count the things of a picture that a message has, with boxes that overlap by half."""
    found = []
    for one in message.detections:
        x, y = one.bbox.center.position.x, one.bbox.center.position.y
        half = np.array([one.bbox.size_x, one.bbox.size_y]) / 2
        name = one.results[0].hypothesis.class_id
        found.append((name, np.array([x, y]) - half, np.array([x, y]) + half))
    count = 0
    for box, number in zip(sample.boxes.boxes_xyxy, sample.boxes.class_ids, strict=True):
        for name, low, high in found:
            sides = np.minimum(high, box[2:]) - np.maximum(low, box[:2])
            shared = np.clip(sides, 0, None).prod()
            either = (high - low).prod() + (box[2:] - box[:2]).prod() - shared
            if name == classes[number] and shared > either / 2:
                count += 1
                break
    return count


@pytest.mark.own_messages
def test_a_trained_card_takes_over_in_the_node_detectnet_without_a_lost_frame(
    graph, start, make_image, trained_detector, things, tmp_path
):
    card = trained_detector.run.card
    before = shutil.copytree(card.parent, tmp_path / 'before') / 'card.yaml'
    program = start(
        *('detectnet', '--ros-args', '-p', 'autostart:=true', '-p', f'model:={before}'),
        *('-p', f'model_folders:={card.parent}', '-p', 'threshold:=0.4'),
    )
    graph.wait_until('active', lambda: graph.state('detectnet') == 'active')
    data = open_dataset(things, split='val')
    images = images_of(data.samples, make_image)
    stats = graph.inbox('/detectnet/stats', InferenceStats, 5000)
    boxes = graph.inbox('/detectnet/detections', Detection2DArray, 5000)
    publisher = graph.image_publisher('/detectnet/image_in')
    stop, sent = threading.Event(), itertools.count(1)

    def image_of(stamp):
        image = images[stamp % len(images)]
        image.header.stamp.sec = stamp
        return image

    def camera():
        while not stop.wait(0.1):
            publisher.publish(image_of(next(sent)))

    shows = threading.Thread(target=camera)
    shows.start()
    try:
        graph.wait_until('results', lambda: len(stats) > 5)
        answer = graph.set_parameters('detectnet', model=str(card))
        assert answer.successful, answer.reason
        graph.wait_until(
            'results of the trained network',
            lambda: sum(message.model == str(card) for message in stats.messages) > 30,
        )
    finally:
        stop.set()
        shows.join()
    newest = graph.meet(publisher, image_of, stats, next(sent))
    graph.wait_until('its boxes', lambda: boxes.messages[-1].header.stamp.sec == newest)
    assert [name for name, _ in itertools.groupby(stats.messages, lambda m: m.model)] == [
        *(str(before), str(card)),
    ]
    # Every frame that arrived has a result, or is counted as one that a newer replaced.
    first, last = stats.messages[0], stats.messages[-1]
    assert last.frames - first.frames == len(stats) - 1
    assert last.invalid == last.failed == 0
    ends = last.frames + last.dropped + last.limited + last.unwanted
    assert last.received - 1 <= ends <= last.received
    stamps = [message.header.stamp.sec for message in stats.messages]
    assert stamps == sorted(set(stamps))
    by_stamp = {message.header.stamp.sec: message for message in boxes.messages}
    found, wanted = 0, 0
    for message in stats.messages:
        if message.model == str(card):
            stamp = message.header.stamp.sec
            sample = data.samples[stamp % len(images)]
            found += hits(by_stamp[stamp], sample, data.classes)
            wanted += len(sample.boxes.class_ids)
    # Answers that do not look at the picture find almost none.
    assert found >= 0.7 * wanted > 0
    assert program.stop() == 0
    assert 'Traceback' not in program.text()
