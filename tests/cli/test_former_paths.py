"""Paths that plug-ins and scripts of earlier versions import from go on working."""

from __future__ import annotations

import importlib

import pytest


@pytest.mark.parametrize(
    ("former", "name", "home"),
    [
        ("builders", "register_builder", "amber.experiment.builders"),
        ("builders", "BUILDERS", "amber.experiment.builders"),
        ("config", "load_config", "amber.experiment.configuration.reading"),
    ],
)
def test_former_path_gives_the_same_object(former: str, name: str, home: str) -> None:
    module = importlib.import_module(f"amber.cli.{former}")
    assert getattr(module, name) is getattr(importlib.import_module(home), name)
