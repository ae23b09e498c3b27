"""The work of `amber dashboard`: optuna-dashboard on what a run's journal holds, which it follows."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from amber.cli.same_origin import SameOrigin
from amber.errors import AmberError, ConfigError, StorageError
from amber.experiment.run_files.recorded import load_run_config, recorded_trials

if TYPE_CHECKING:
    from amber.report.optuna_study import StudyMirror

# Seconds between two looks at the journal.
_INTERVAL = 2.0


class _QuietHandler(WSGIRequestHandler):
    """Handle requests without logging them."""

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def serve(path: Path, host: str, port: int, on_ready: Callable[[str], None], storage: str | None = None) -> None:
    """Serve the dashboard of a run until it is interrupted.

    Args:
        path: run directory.
        host: to listen at.
        port: to listen at; 0 for any that is free.
        on_ready: called with the address once it answers.
        storage: address of the database that is followed instead; see `recorded_trials`.

    Raises:
        ConfigError: optuna-dashboard is not installed.
        StorageError: no run directory, or the port cannot be had.
    """
    try:
        from optuna_dashboard import wsgi
    except ImportError as error:
        raise ConfigError(
            "amber dashboard needs the package optuna-dashboard: expected it to be installed, as "
            f'pip install "amber-nas[dashboard]" does. Received: {error}'
        ) from error

    def read() -> Any:
        return recorded_trials(path, storage)

    trials = read()
    _check_address(host, port)
    mirror = _mirror(path)
    mirror.update(trials)
    try:
        server = make_server(host, port, SameOrigin(wsgi(mirror.storage), host), WSGIServer, _QuietHandler)
    except (OSError, OverflowError) as error:
        raise StorageError(f"{host}:{port}: expected an address that is free. Received: {error}") from error
    # In a thread of its own: wsgiref takes a Ctrl-C that comes during a request for an error of that request.
    answering = threading.Thread(target=server.serve_forever, name="amber-dashboard-server", daemon=True)
    with server, _following(read, mirror):
        answering.start()
        try:
            on_ready(f"http://{host}:{server.server_port}/dashboard/")
            answering.join()
        finally:
            server.shutdown()


def _check_address(host: str, port: int) -> None:
    """Raise StorageError where nothing can be served at an address, before Keras is loaded to serve it."""
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError, UnicodeError) as error:
        raise StorageError(f"{host}:{port}: expected an address that is free. Received: {error}") from error


def _mirror(path: Path) -> StudyMirror:
    from amber.experiment.components import searched_score
    from amber.experiment.report_contents import token_names
    from amber.report.optuna_study import StudyMirror

    loaded = load_run_config(path)
    metric, direction = searched_score(loaded)
    return StudyMirror(loaded.config.name, direction, metric, token_names(path))


@contextlib.contextmanager
def _following(read: Callable[[], Any], mirror: StudyMirror) -> Iterator[None]:
    """Update the study every few seconds, in a thread of its own."""
    done = threading.Event()

    def follow() -> None:
        while not done.wait(_INTERVAL):
            with contextlib.suppress(AmberError):  # a line that is being written: the next look will find it
                mirror.update(read())

    thread = threading.Thread(target=follow, name="amber-dashboard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
