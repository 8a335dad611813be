# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of what a training says about the time that is left."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.training]
BATCHES, EPOCHS = 10, 4


class Clock:
    """Two seconds a batch, six for the first one, and three for a validation."""

    now_s = 100.0

    def __call__(self):
        return self.now_s


def test_the_time_left_is_told_in_the_first_epoch_and_after_it(libraries, monkeypatch):
    from ros_deep_learning.training import callbacks

    clock, said = Clock(), []
    monkeypatch.setattr(callbacks, 'monotonic', clock)
    curves = callbacks.Curves()
    reports = callbacks.ProgressReports(lambda stage, _: said.append(stage), curves, 'accuracy')
    trainer = SimpleNamespace(current_epoch=0, max_epochs=EPOCHS, num_training_batches=BATCHES)
    reports.on_train_start(trainer, None)
    for batch in range(BATCHES):
        reports.on_train_batch_start(trainer, None, None, batch)
        clock.now_s += 2.0 if batch else 6.0
        reports.on_train_batch_end(trainer, None, None, None, batch)
    # After four batches, of which the first was slow: 36 others of two seconds.
    assert list(dict.fromkeys(said)) == ['epoch 1 of 4', 'epoch 1 of 4 (about 1:12 left)']
    clock.now_s += 3.0
    curves.rows.append({'train_loss': 0.5, 'val_loss': 0.25, 'accuracy': 0.75})
    trainer.current_epoch = 1
    reports.on_train_batch_start(trainer, None, None, 0)
    figures = 'loss 0.5, validation 0.25, accuracy 75.0%'
    # An epoch took 27 seconds.
    assert said[-1] == f'epoch 2 of 4 ({figures}, at most 1:21 left)'


def test_an_epoch_that_is_soon_over_is_not_estimated(libraries, monkeypatch):
    from ros_deep_learning.training import callbacks

    clock, said = Clock(), []
    monkeypatch.setattr(callbacks, 'monotonic', clock)
    reports = callbacks.ProgressReports(
        lambda stage, _: said.append(stage), callbacks.Curves(), 'accuracy'
    )
    trainer = SimpleNamespace(current_epoch=0, max_epochs=EPOCHS, num_training_batches=2)
    reports.on_train_start(trainer, None)
    for batch in range(2):
        reports.on_train_batch_start(trainer, None, None, batch)
        clock.now_s += 2.0
        reports.on_train_batch_end(trainer, None, None, None, batch)
    assert set(said) == {'epoch 1 of 4'}
