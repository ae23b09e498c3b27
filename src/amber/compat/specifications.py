"""`Amber(types, specs).run()`: a search put together from names and dictionaries, as the first AMBER did."""

from __future__ import annotations

import difflib
import os
import pickle
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.compat.data import data_problem
from amber.compat.environments import CONTROLLER
from amber.compat.getters import (
    TABLES,
    builder_keywords,
    class_of,
    get_model_space,
    get_modeler,
    get_reward,
    named_keywords,
)
from amber.compat.knowledge import get_knowledge_fn
from amber.compat.mock import MockManager, MockReward
from amber.compat.multi_manager import MultiManagerEnvironment
from amber.display import PlainRepr
from amber.errors import AmberError, ConfigError
from amber.files import write_whole

if TYPE_CHECKING:
    from amber.compat.roles import Manager, ModelFunction

TYPES = (*TABLES, "knowledge_fn_type")
SPECS = ("model_space", "controller", "model_builder", "knowledge_fn", "reward_fn", "manager", "train_env")
_OPTIONAL = ("controller", "knowledge_fn", "reward_fn", "train_env", "model_builder")
_DATA = ("train_data", "validation_data")


class SpecificationError(ConfigError):
    """Specifications that cannot become a search.

    Attributes:
        problems: every problem found, as pairs of the place (such as `specs['manager']['params']`) and the reason.
    """

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        lines = [f"- {place}: {reason}" for place, reason in problems]
        super().__init__("These specifications cannot become a search:\n" + "\n".join(lines))


class AmberSpecifications(PlainRepr):
    """Types and specifications of a search under a name, which can be pickled.

    Args:
        name: of the search.
        types: see `Amber`.
        **specs: see `Amber`.
    """

    def __init__(self, name: str, types: Mapping[str, object], **specs: object) -> None:
        self.name = name
        self._types = dict(types)
        self._specs: dict[str, Any] = {}
        self.from_dict(specs)

    @property
    def types(self) -> dict[str, object]:
        """Names of the classes."""
        return self._types

    @property
    def controller(self) -> Any:
        """Arguments of the controller."""
        return self._specs.get("controller")

    @property
    def manager(self) -> Any:
        """Data and arguments of the manager."""
        return self._specs.get("manager")

    def from_dict(self, specs: Mapping[str, object]) -> None:
        """Take in specifications; raises ConfigError for an unknown key."""
        unknown = sorted(set(specs) - set(SPECS))
        if unknown:
            raise ConfigError(f"The keys of specifications are {', '.join(SPECS)}. Received: {', '.join(unknown)}")
        self._specs.update(specs)

    def to_dict(self) -> dict[str, object]:
        """Return the specifications."""
        return dict(self._specs)

    def save_pickle(self, path: str | os.PathLike[str]) -> None:
        """Write the object to a file, which `pickle.load` reads; raises ConfigError where it cannot be pickled."""
        try:
            data = pickle.dumps(self)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ConfigError(f"The specifications cannot be pickled: {error}") from error
        write_whole(path, data)


class Amber(PlainRepr):
    """A search from names and dictionaries.

    Args:
        types: names of the classes, or the classes: `controller_type`, `modeler_type`, `knowledge_fn_type`,
            `reward_fn_type`, `manager_type` and `env_type`.
        specs: their arguments: `model_space`, `controller`, `model_builder` (`inputs_op`, `outputs_op`,
            `model_compile_dict`, ...), `knowledge_fn` (`data`, `params`), `reward_fn`, `manager` (`data`: `train_data`
            and `validation_data`; `params`) and `train_env`; or an AmberSpecifications. With several data sets
            `model_builder` and `manager` are lists. Nothing in it is changed. None: `from_dict` comes later.

    Attributes:
        model_space, controller, model_fn, knowledge_fn, reward_fn, manager, env: what was made of them.

    Raises:
        SpecificationError: names everything that cannot become a search, before data are read.
    """

    def __init__(
        self, types: Mapping[str, object], specs: Mapping[str, object] | AmberSpecifications | None = None
    ) -> None:
        self.types = dict(types)
        self.is_built = False
        self.model_space: Any = None
        self.controller: Any = None
        self.model_fn: Any = None
        self.knowledge_fn: Any = None
        self.reward_fn: Any = None
        self.manager: Any = None
        self.env: Any = None
        if specs is not None:
            self.from_dict(specs)

    def from_dict(self, specs: Mapping[str, object] | AmberSpecifications) -> Amber:
        """Make everything the specifications name, and return the object itself.

        Raises:
            SpecificationError: names everything that cannot become a search.
        """
        given = specs.to_dict() if isinstance(specs, AmberSpecifications) else dict(specs)
        _Assembly(self, given).run()
        self.is_built = True
        return self

    def run(self) -> object:
        """Run the search, write the controller's weights to its folder, and return what `env.train()` returned.

        Raises:
            ConfigError: there are no specifications yet.
        """
        if not self.is_built:
            raise ConfigError("run() needs specifications: give them to Amber(types, specs), or to from_dict().")
        found = self.env.train()
        if hasattr(self.controller, "save_weights"):
            self.controller.save_weights(Path(self.env.working_dir) / CONTROLLER)
        return found


class _Assembly:
    """Makes the parts of a search in order; problems are gathered, and what needs a part that has one is left out."""

    def __init__(self, target: Amber, specs: Mapping[str, Any]) -> None:
        self.target = target
        self.specs = specs
        self.problems: list[tuple[str, str]] = []
        self.classes: dict[str, Any] = {}

    def run(self) -> None:
        self._check_types()
        self._check_specs()
        self._make_search()
        self._check_managers()
        self._check_keywords(
            "env_type", self.specs.get("train_env"), "specs['train_env']", own=("controller", "manager")
        )
        if self.problems:
            raise SpecificationError(self.problems)
        self._make_managers()
        if self.problems:
            raise SpecificationError(self.problems)

    def _check_types(self) -> None:
        for name in sorted(set(self.target.types) - set(TYPES)):
            self._problem(f"types['{name}']", f"expected the keys {', '.join(TYPES)}")
        for key in TABLES:
            if key not in self.target.types:
                self._problem("types", f"needs '{key}'")
                continue
            found = self._try(f"types['{key}']", partial(class_of, key, self.target.types[key]))
            if found is not None:
                self.classes[key] = found

    def _check_specs(self) -> None:
        for name in sorted(set(self.specs) - set(SPECS)):
            self._problem(f"specs['{name}']", f"expected the keys {', '.join(SPECS)}")
        for name in SPECS:
            needed = name not in _OPTIONAL or (name == "model_builder" and not self._mocked)
            if needed and name not in self.specs:
                self._problem("specs", f"needs '{name}'")

    @property
    def _mocked(self) -> bool:
        return self.classes.get("manager_type") is MockManager

    def _make_search(self) -> None:
        """Everything that needs no data: space, controller, builders, knowledge, reward."""
        made, types = self.target, self.target.types
        if "model_space" in self.specs:
            made.model_space = self._try("specs['model_space']", lambda: get_model_space(self.specs["model_space"]))
        knowledge = self._section("knowledge_fn")
        made.knowledge_fn = self._try(
            "types['knowledge_fn_type']",
            lambda: get_knowledge_fn(types.get("knowledge_fn_type"), knowledge.get("data"), knowledge.get("params")),
        )
        if "reward_fn_type" in self.classes:
            options = self._section("reward_fn")
            reward = self.classes["reward_fn_type"]
            if self._check_keywords("reward_fn_type", options, "specs['reward_fn']"):
                made.reward_fn = self._try(
                    "specs['reward_fn']", lambda: get_reward(reward, made.knowledge_fn, **options)
                )
        if made.model_space is None:
            return
        if "controller_type" in self.classes:
            arguments = {name: each for name, each in self._section("controller").items() if name != "session"}
            made.controller = self._try(
                "specs['controller']", lambda: self.classes["controller_type"](made.model_space, **arguments)
            )
        if "modeler_type" in self.classes and not self._mocked and made.controller is not None:
            given = self.specs.get("model_builder", {})
            several = isinstance(given, (list, tuple))
            builders = [
                self._builder(each, f"specs['model_builder']{f'[{place}]' if several else ''}")
                for place, each in enumerate(given if several else [given])
            ]
            made.model_fn = builders if several else builders[0]

    def _builder(self, options: object, place: str) -> ModelFunction | None:
        if not isinstance(options, Mapping):
            self._problem(place, f"expected a dictionary. Received: {options!r}")
            return None
        known = {"outputs_op"} | builder_keywords()
        if not self._check_keywords("modeler_type", options, place, more=known, strict=True):
            return None
        kind = self.classes["modeler_type"]
        return self._try(
            place, lambda: get_modeler(kind, self.target.model_space, options, controller=self.target.controller)
        )

    def _check_managers(self) -> None:
        for place, manager in self._manager_specs():
            if not isinstance(manager, Mapping) or not set(manager) <= {"data", "params"}:
                self._problem(place, "expected a dictionary with 'data' and 'params'")
                continue
            data, params = manager.get("data") or {}, manager.get("params") or {}
            for name in _DATA if not self._mocked else ():
                reason = data_problem(data.get(name))
                if reason:
                    self._problem(f"{place}['data']['{name}']", reason)
            for name in sorted(set(data) - set(_DATA)):
                self._problem(f"{place}['data']['{name}']", f"expected {' and '.join(_DATA)}")
            self._check_keywords("manager_type", params, f"{place}['params']", own=("model_fn", "reward_fn", *_DATA))

    def _manager_specs(self) -> list[tuple[str, Any]]:
        given = self.specs.get("manager", {})
        if isinstance(given, (list, tuple)):
            return [(f"specs['manager'][{place}]", each) for place, each in enumerate(given)]
        return [("specs['manager']", given)]

    def _make_managers(self) -> None:
        made = self.target
        several = isinstance(self.specs.get("manager"), (list, tuple))
        builders = made.model_fn if isinstance(made.model_fn, list) else [made.model_fn] * len(self._manager_specs())
        if len(builders) != len(self._manager_specs()):
            self._problem("specs['model_builder']", f"expected one for each of {len(self._manager_specs())} managers")
            return
        managers = [
            self._try(place, partial(self._manager, spec, builder))
            for (place, spec), builder in zip(self._manager_specs(), builders, strict=True)
        ]
        if self.problems:
            return
        made.manager = managers if several or self._over_data_sets else managers[0]
        options = self._section("train_env")
        made.env = self._try(
            "specs['train_env']",
            lambda: self.classes["env_type"](controller=made.controller, manager=made.manager, **options),
        )

    @property
    def _over_data_sets(self) -> bool:
        kind = self.classes["env_type"]
        return isinstance(kind, type) and issubclass(kind, MultiManagerEnvironment)

    def _manager(self, spec: Mapping[str, Any], builder: ModelFunction) -> Manager:
        params = dict(spec.get("params") or {})
        if self._mocked:
            reward = self.target.reward_fn
            asked = {"reward_fn": reward} if isinstance(reward, MockReward) else {}
            return self.classes["manager_type"](**{"model_space": self.target.model_space, **asked, **params})
        data = spec.get("data") or {}
        return self.classes["manager_type"](
            train_data=data["train_data"],
            validation_data=data["validation_data"],
            model_fn=builder,
            reward_fn=self.target.reward_fn,
            **{"model_space": self.target.model_space, **params},
        )

    def _section(self, name: str) -> dict[str, Any]:
        given = self.specs.get(name) or {}
        if isinstance(given, Mapping):
            return dict(given)
        self._problem(f"specs['{name}']", f"expected a dictionary. Received: {given!r}")
        return {}

    def _check_keywords(
        self,
        key: str,
        given: object,
        place: str,
        *,
        own: Collection[str] = (),
        more: Collection[str] = (),
        strict: bool = False,
    ) -> bool:
        """Say whether a class takes these keyword arguments; each that it does not take is a problem.

        Args:
            key: of `types`.
            given: the arguments.
            place: of the arguments, for messages.
            own: arguments that do not come from there.
            more: arguments that are taken though the class does not name them.
            strict: whether this holds for a class that takes any argument, too.
        """
        kind: Any = self.classes.get(key)
        if kind is None or not isinstance(given, Mapping):
            return kind is not None
        named, takes_any = named_keywords(kind)
        known = (named | set(more)) - set(own)
        wrong = [] if takes_any and not strict else [name for name in given if name not in known]
        for name in wrong:
            close = difflib.get_close_matches(str(name), sorted(known), n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            expected = ", ".join(sorted(named - set(own)))
            self._problem(f"{place}['{name}']", f"expected an argument of {kind.__name__}: {expected}.{hint}")
        return not wrong

    def _try(self, place: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except (AmberError, TypeError, ValueError, KeyError) as error:
            return self._problem(place, str(error))

    def _problem(self, place: str, reason: str) -> None:
        self.problems.append((place, reason))
