"""The module path that users of the first AMBER know gives the controllers that are meant."""

from __future__ import annotations

import pytest

import amber.compat
from amber.architect import controller, controllers


@pytest.mark.parametrize("name", dir(controller))
def test_each_name_is_the_class_of_its_home(name: str) -> None:
    home = controllers if name == "BaseController" else amber.compat
    assert getattr(controller, name) is getattr(home, name) and isinstance(getattr(controller, name), type)


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Controller'"):
        _ = controller.Controller
