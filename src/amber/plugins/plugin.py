"""Code of the user's own, which registers operations, builders, samplers, rewards and layers.

A plug-in is part of an experiment: it is loaded where a person names it, and sent to every worker process of the
search. Nothing that a configuration, a `best.json` or a run directory says can name code to be run.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from amber.errors import ConfigError, describe_error
from amber.files import MEBIBYTE, read_bounded
from amber.plugins.data_files import PluginFiles, read_files, write_files

_BYTES = 16 * MEBIBYTE
_PREFIX = "amber_plugin_"
# An attribute of the module that was made of a file: which content it was.
_DIGEST = "__amber_digest__"


@dataclass(frozen=True)
class Plugin:
    """One plug-in, with all that another process needs to load it; made by `find_plugin`.

    Attributes:
        name: as it was given: an importable module, or a file ending in `.py`.
        module: its name among the loaded modules.
        source: the text of the file; None for a package, which is installed wherever it is to be imported.
        files: names and contents of the data files that it names in `AMBER_FILES`.
    """

    name: str
    module: str
    source: str | None = None
    files: PluginFiles = field(default=(), repr=False)

    @property
    def digest(self) -> str | None:
        """SHA-256 of text and data files; None where there are none."""
        if self.source is None:
            return None
        found = hashlib.sha256(self.source.encode("utf-8"))
        for name, content in self.files:
            found.update(f"\0{name}\0{len(content)}\0".encode() + content)
        return found.hexdigest()

    def is_other_name_of(self, other: Plugin) -> bool:
        """Say whether this is the same file as another plug-in, one of them named as a module."""
        same = self.digest is not None and self.digest == other.digest
        return same and self.module != other.module and _stem(self.name) == _stem(other.name)

    def write(self, folder: Path) -> None:
        """Write text and data files into a folder of its own in `folder`, for `load`; without data files nothing.

        Raises:
            OSError: there is no room.
        """
        if self.files:
            own = self._place(folder)
            write_files(self.files, own.parent)
            own.write_text(self.source or "", encoding="utf-8")

    def load(self, folder: Path | None = None) -> None:
        """Import it; a file whose content was loaded before is not run again.

        Args:
            folder: given to `write` before, where its data files may not lie beside it as it was found; None: they do.

        Raises:
            ConfigError: it cannot be found, or raises as it is imported.
        """
        try:
            if getattr(sys.modules.get(self.module), _DIGEST, "") != self.digest:
                self._import(folder if self.files else None)
        except (Exception, SystemExit) as error:  # whatever the user's own code raises
            raise ConfigError(
                f"--plugin: expected a module or a Python file that runs.{_way_out(error)} "
                f"Received: {self.name}, which raises {describe_error(error)}{_place(error)}"
            ) from error

    def _place(self, folder: Path) -> Path:
        return folder / self.module / (Path(self.name).name if self.name.endswith(".py") else f"{self.name}.py")

    def _import(self, folder: Path | None) -> None:
        is_file = self.name.endswith(".py")
        if not is_file:
            try:
                importlib.import_module(self.module)
                return
            except ModuleNotFoundError as error:
                # Another machine may lack a module that lies in the folder where the search was started.
                if self.source is None or error.name != self.module:
                    raise
        module = ModuleType(self.module)
        setattr(module, _DIGEST, self.digest)
        if folder is not None:
            module.__file__ = str(self._place(folder))
        else:
            module.__file__ = str(Path(self.name).absolute()) if is_file else f"{self.name}.py"
        code = compile(self.source or "", module.__file__, "exec")
        sys.modules[self.module] = module
        try:
            exec(code, module.__dict__)
        except BaseException:
            del sys.modules[self.module]
            raise


def find_plugin(name: str) -> Plugin:
    """Return the plug-in of a name; it is not imported.

    Args:
        name: an importable module, such as `my_lab.layers`, or a file ending in `.py`.

    Raises:
        ConfigError: there is no such module or file, or a data file that it names cannot be read.
    """
    if name.endswith(".py"):
        source = _read_source(name, name)
        return Plugin(name, f"{_PREFIX}{Path(name).stem}", source, read_files(source, Path(name).parent, name))
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError) as error:
        raise _not_found(name, error) from error
    if found is None:
        raise _not_found(name, "no such module")
    alone = found.origin is not None and found.origin.endswith(".py") and "." not in name
    if not alone or found.submodule_search_locations is not None:
        return Plugin(name, name)
    origin = found.origin or ""
    source = _read_source(origin, name)
    return Plugin(name, name, source, read_files(source, Path(origin).parent, name))


def is_loaded(name: str) -> bool:
    """Say whether a plug-in of this name, a module or a file, is loaded."""
    return (f"{_PREFIX}{Path(name).stem}" if name.endswith(".py") else name) in sys.modules


def load_plugins(names: Iterable[str]) -> tuple[Plugin, ...]:
    """Import plug-ins, in this order, and return them.

    Args:
        names: importable modules, such as `my_lab.layers`, or files ending in `.py`.

    Raises:
        ConfigError: one cannot be found, raises as it is imported, or two files have the same name.
    """
    found: dict[str, Plugin] = {}
    for name in names:
        plugin = find_plugin(name)
        if any(plugin.is_other_name_of(each) for each in found.values()):
            continue
        if found.setdefault(plugin.module, plugin).source != plugin.source:
            raise ConfigError(
                f"--plugin: two files of one name, {found[plugin.module].name} and {name}: expected names that differ."
            )
        plugin.load()
    return tuple(found.values())


def described(plugins: Sequence[Plugin]) -> list[dict[str, str | None]]:
    """Return what a run remembers of its plug-ins: names and contents, not where they lie; JSON-ready."""
    return [{"name": Path(each.name).name, "digest": each.digest} for each in plugins]


def _stem(name: str) -> str:
    return Path(name).stem if name.endswith(".py") else name


def _place(error: BaseException) -> str:
    """Return which line of somebody's own code raised an error."""
    if isinstance(error, SyntaxError):
        return ""  # which says it
    ours = (Path(__file__).parents[1], *(Path(sysconfig.get_path(each)) for each in ("stdlib", "purelib", "platlib")))
    own = [
        each
        for each in traceback.extract_tb(error.__traceback__)
        if not each.filename.startswith("<") and not set(ours) & set(Path(each.filename).parents)
    ]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""


def _way_out(error: BaseException) -> str:
    if isinstance(error, ImportError) and "relative import" in str(error):
        return (
            " A file is not part of a package: import its neighbours without a dot, or name the module of an installed "
            "package, as in --plugin my_lab.layers."
        )
    return ""


def _read_source(path: str, name: str) -> str:
    source = read_bounded(path, limit=_BYTES, what="--plugin: a Python file", error=ConfigError)
    try:
        return importlib.util.decode_source(source)
    except (SyntaxError, UnicodeDecodeError) as error:
        raise _not_found(name, error) from error


def _not_found(name: str, reason: object) -> ConfigError:
    said = f"{type(reason).__name__}: {reason}" if isinstance(reason, Exception) else reason
    return ConfigError(f"--plugin: expected an importable module or a Python file. Received: {name} ({said})")
