"""A PostgreSQL server of the tests' own, in a folder of its own, which takes passwords and is gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PASSWORD = "s3cret{}%2F"


def program(name: str) -> str | None:
    """Returns the path of one of the server's programs, which Debian keeps beside the usual places; None: not there."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(beside[-1]) if beside else None)


class Server:
    """Made and started with the constructor; has the user `amber` with `PASSWORD`.

    Attributes:
        port: of 127.0.0.1 where it listens.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="amber-postgres-"))
        # The server refuses to be root.
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._environment = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb",
            "-D",
            self._folder / "data",
            "-U",
            "amber",
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "-N",
            "-E",
            "UTF8",
        )
        self._process: Any = None
        self.start()

    def url(self, database: str = "postgres", password: bool = False) -> str:
        """Returns the address of a database, with the password where it is asked for."""
        import sqlalchemy

        known = PASSWORD if password else None
        parts = sqlalchemy.URL.create("postgresql", "amber", known, "127.0.0.1", self.port, database)
        return parts.render_as_string(hide_password=False)

    def new_database(self, name: str) -> str:
        """Makes an empty database and returns its address without a password."""
        import psycopg

        where = f"host=127.0.0.1 port={self.port} user=amber dbname=postgres"
        with psycopg.connect(where, password=PASSWORD, autocommit=True) as connection:
            connection.execute(f'create database "{name}"')
        return self.url(name)

    def start(self) -> None:
        """Starts it and waits until it answers."""
        command = [str(program("postgres")), "-D", str(self._folder / "data"), "-p", str(self.port)]
        command += ["-k", str(self._folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        log = (self._folder / "log").open("a")
        self._process = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=self._folder, env=self._environment, **self._user
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", self.port)) == 0 and self._ready():
                    return
            time.sleep(0.1)
        raise TimeoutError((self._folder / "log").read_text())

    def stop(self) -> None:
        """Ends it at once, with its connections."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(60)

    def close(self) -> None:
        """Ends it and removes its files."""
        self.stop()
        shutil.rmtree(self._folder)

    def _ready(self) -> bool:
        done = subprocess.run(
            [str(program("pg_isready")), "-h", "127.0.0.1", "-p", str(self.port)], capture_output=True, check=False
        )
        return done.returncode == 0

    def _run(self, name: str, *arguments: object) -> None:
        subprocess.run(
            [str(program(name)), *map(str, arguments)],
            check=True, capture_output=True, cwd=self._folder, env=self._environment, **self._user,
        )  # fmt: skip
