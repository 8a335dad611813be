# SPDX-FileCopyrightText: 2026 ros_deep_learning contributors
# SPDX-License-Identifier: Apache-2.0
"""Tests of classes by their names."""

from __future__ import annotations

import pytest

from ros_deep_learning.errors import SettingsError
from ros_deep_learning.tasks.classes import class_ids_of

LABELS = ('person', 'traffic light', 'Dog', 'dog')


def test_classes_by_name():
    assert class_ids_of([], LABELS) == frozenset()
    assert class_ids_of(['Person', 'TRAFFIC LIGHT'], LABELS) == {0, 1}
    assert class_ids_of(['dog'], LABELS) == {2, 3}


def test_synonyms_of_a_label():
    labels = ('tabby, tabby cat', 'crane', 'crane, a machine')
    assert class_ids_of(['Tabby'], labels) == class_ids_of(['tabby cat'], labels) == {0}
    assert class_ids_of(['tabby, tabby cat', 'a machine'], labels) == {0, 2}
    assert class_ids_of(['crane'], labels) == {1}


def test_an_unknown_class_names_those_close_to_it():
    with pytest.raises(
        SettingsError, match="'persn' is none of the 4 labels; close to it: person"
    ):
        class_ids_of(['persn'], LABELS)
    with pytest.raises(SettingsError, match=r"'zebra' is none of the 4 labels$"):
        class_ids_of(['zebra'], LABELS)
