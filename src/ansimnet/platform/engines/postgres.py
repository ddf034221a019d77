"""Run PostgreSQL as a child of this process: from the wheel's binaries, under our own supervision.

The supervisor is one thread. It forks the postmaster and waits for it, so a killed one is reaped at once and started
again; it lives as long as its child, so the kernel's parent-death signal means the end of the process, never the end
of a thread. Nobody is trusted: every connection, the local socket's too, needs a password (SCRAM-SHA-256).
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
import structlog

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import Fault
from ansimnet.platform import roles
from ansimnet.platform.engines import binaries
from ansimnet.platform.engines.binaries import Runner
from ansimnet.platform.roles import Passwords, Urls

log = structlog.get_logger(__name__)

SUPERUSER = "postgres"
HOST = "127.0.0.1"
PR_SET_PDEATHSIG = 1  # linux/prctl.h
STEADY_S = 5.0  # one that ran so long had started well
SOCKET_PATH_MAX = 100  # sun_path holds 108 bytes, and `/.s.PGSQL.65535` takes its share before that

TUNING = {
    "shared_buffers": "256MB",  # small beside a demo machine's 4 GB; a city's own server is reached by URL
    "max_connections": "120",  # 4 processes x 3 roles x 8 pooled connections, and room for people
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "autovacuum_naptime": "5s",  # queues turn over their rows all day: a minute's leavings slow who looks for the first
    "jit": "off",  # our queries take milliseconds; compiling one takes longer
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "log",  # errors of statements quote what they choke on; our own log says kind and place
    "log_min_error_statement": "panic",  # statements hold personal data: they never reach a log
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",  # no DETAIL, which quotes the refused row
    "log_line_prefix": "%m [%p] %u@%d ",
    "unix_socket_permissions": "0700",
}


class DatabaseDown(Fault):
    """The embedded PostgreSQL does not come up."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the running server listens, as its supervisor wrote it down for other processes."""

    host: str
    port: int
    socket_dir: str
    supervisor_pid: int


class Postgres:
    """One embedded PostgreSQL on a directory; the first process that starts it supervises, the others connect.

    Args:
        home: a directory the server's user can reach; cluster, sockets, log and lock live in it.
        passwords_file: 0600, ours alone; made on the first start.
        fsync: False only for clusters thrown away after a test.
    """

    def __init__(
        self,
        home: Path,
        *,
        passwords_file: Path | None = None,
        fsync: bool = True,
        tuning: dict[str, str] | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.home = home
        self.data = home / "data"
        self._passwords_file = passwords_file or home / "passwords.json"
        self._tuning = TUNING | {"fsync": "on" if fsync else "off"} | (tuning or {})
        self._fsync = fsync
        self._say = say
        self._lock: IO[str] | None = None
        self._thread: threading.Thread | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._address: Address | None = None
        self._passwords: Passwords | None = None
        self.restarts = 0

    # ------------------------------------------------------------------------------------------ life

    def start(self, *, patience_s: float = 300.0) -> Urls:
        """Start the server or join the one that runs, wait until it answers, and return the roles' addresses.

        `patience_s` covers a long crash recovery.

        Raises:
            DatabaseDown: it does not come up in time; the last lines of its log are in the message.
        """
        self.home.mkdir(parents=True, exist_ok=True, mode=0o711)
        self.home.chmod(0o711)  # the server's user walks through, and lists nothing
        if self._take_lock():
            self._passwords = roles.read_passwords(self._passwords_file)
            runner = binaries.runner(self.home, say=self._say)
            self._make_cluster(runner)
            self._wait_for_a_stray_postmaster()  # before the port is chosen: it may still hold last time's
            self._address = self._new_address(runner)
            self._stopping.clear()
            self._thread = threading.Thread(target=self._supervise, args=(runner,), name="postgres", daemon=True)
            self._thread.start()
            self.ready(patience_s)
            roles.provision(self.url(SUPERUSER, "postgres"), self._passwords)
            self._write_address()
        else:
            self._join(patience_s)
        return self.urls()

    def stop(self, *, patience_s: float = 60.0) -> None:
        """End the server if this process supervises it: open transactions roll back, the cluster is left clean."""
        self._stopping.set()
        if self._thread is not None:
            if self._child is not None:
                with suppress(ProcessLookupError):
                    self._child.send_signal(signal.SIGINT)  # "fast" shutdown
            self._thread.join(patience_s)
            if self._thread.is_alive() and self._child is not None:
                self._child.send_signal(signal.SIGQUIT)
                self._thread.join(patience_s)
            self._thread = None
            (self.home / "address.json").unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def start_async(self, *, patience_s: float = 300.0) -> Urls:
        """Start without holding up the event loop."""
        return await asyncio.to_thread(self.start, patience_s=patience_s)

    async def stop_async(self) -> None:
        """Stop without holding up the event loop."""
        await asyncio.to_thread(self.stop)

    def __enter__(self) -> Postgres:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ready(self, patience_s: float = 60.0) -> None:
        """Return once the server answers a query.

        Raises:
            DatabaseDown: it did not within `patience_s`.
        """
        until, pause_s = monotonic_s() + patience_s, 0.01
        while True:
            try:
                with psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=5) as conn:
                    conn.execute("select 1")
                return
            except psycopg.OperationalError as error:
                reason = str(error).splitlines()[0] if str(error) else "no answer"
            if monotonic_s() > until or (self._thread is not None and not self._thread.is_alive()):
                raise DatabaseDown(f"PostgreSQL in `{self.home}` does not answer: {reason}. {self._last_lines()}")
            time.sleep(pause_s)
            pause_s = min(0.25, pause_s * 1.5)

    # ------------------------------------------------------------------------------------------ what others ask

    @property
    def supervising(self) -> bool:
        """True where this process is the server's parent."""
        return self._thread is not None

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, while this process supervises one."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    @property
    def address(self) -> Address:
        """Where the server listens."""
        if self._address is None:
            raise DatabaseDown("the embedded PostgreSQL was not started")
        return self._address

    def url(self, role: str, database: str = roles.DATABASE) -> str:
        """Return the address of a role over TCP on loopback, password included."""
        if self._passwords is None:
            raise DatabaseDown("the embedded PostgreSQL was not started")
        at = self.address
        return roles.url(role, self._passwords.of(role), host=at.host, port=at.port, database=database)

    def urls(self, database: str = roles.DATABASE) -> Urls:
        """Return the four roles' addresses of one database."""
        names = (roles.OWNER, roles.TRACKING, roles.CITY, roles.SEALER)
        return Urls(*(self.url(name, database) for name in names))

    # ------------------------------------------------------------------------------------------ the parts

    def _take_lock(self) -> bool:
        lock = open(self.home / "supervisor.lock", "a")  # noqa: SIM115 - held until stop()
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        return True

    def _join(self, patience_s: float) -> None:
        until, file = monotonic_s() + patience_s, self.home / "address.json"
        while True:
            with suppress(FileNotFoundError, json.JSONDecodeError):
                self._address = Address(**json.loads(file.read_text(encoding="utf-8")))
                self._passwords = roles.read_passwords(self._passwords_file)
                break
            if monotonic_s() > until:
                raise DatabaseDown(f"another process holds `{self.home}` and has not told where it listens")
            time.sleep(0.05)
        self.ready(max(1.0, until - monotonic_s()))

    def _write_address(self) -> None:
        at, file = self.address, self.home / "address.json"
        words = {"host": at.host, "port": at.port, "socket_dir": at.socket_dir, "supervisor_pid": at.supervisor_pid}
        draft = file.with_suffix(".draft")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(words, out)
        draft.replace(file)

    def _make_cluster(self, runner: Runner) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        nest = self.home / "cluster.new"  # a half-made cluster never stands under the real name
        binaries.remove_tree(nest)
        nest.mkdir(mode=0o700)
        runner.own(nest)
        assert self._passwords is not None
        secret = nest / "superuser"
        secret.touch(mode=0o600)
        secret.write_text(self._passwords.superuser + "\n", encoding="utf-8")
        runner.own(secret)
        runner.run(
            "initdb", "--pgdata", str(nest / "data"), "--username", SUPERUSER, "--pwfile", str(secret),
            "--auth", "scram-sha-256", "--data-checksums", "--encoding", "UTF8", "--locale", "C",
            "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8",
            *([] if self._fsync else ["--no-sync"]), cwd=nest,
        )  # fmt: skip
        secret.unlink()
        rules = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (nest / "data" / "pg_hba.conf").write_text(rules, encoding="utf-8")
        (nest / "data").rename(self.data)
        binaries.remove_tree(nest)

    def _new_address(self, runner: Runner) -> Address:
        sockets = self.home / "run"
        if len(str(sockets)) > SOCKET_PATH_MAX:
            sockets = Path(f"/tmp/ansimnet-{binaries.short_name(self.home)}")
        sockets.mkdir(mode=0o700, exist_ok=True)
        runner.own(sockets)
        port = _free_port(self.home / "port")
        return Address(HOST, port, str(sockets), os.getpid())

    def _supervise(self, runner: Runner) -> None:
        """Keep one postmaster running until told to stop; wait longer between failures that come quickly."""
        at, failures = self.address, 0
        place = {"listen_addresses": at.host, "port": str(at.port), "unix_socket_directories": at.socket_dir}
        options = self._tuning | place
        argv = [str(runner.bin / "postgres"), "-D", str(self.data)]
        argv += [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        with open(os.open(self.home / "postgres.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as out:
            while not self._stopping.is_set():
                began_s = monotonic_s()
                self._child = runner.spawn(argv, cwd=self.data, out=out, before_exec=_die_with_parent(os.getpid()))
                if self._stopping.is_set():
                    self._child.send_signal(signal.SIGINT)
                code = self._child.wait()
                if self._stopping.is_set():
                    return
                self.restarts += 1
                # A killed one starts again at once. One that gave up by itself may have met backends of the killed one,
                # which live on for a moment: ask again soon, then less and less often.
                failures = 0 if code < 0 or monotonic_s() - began_s > STEADY_S else failures + 1
                pause_s = min(2.0, 0.05 * 1.4**failures)
                log.warning("postgres.ended", exit_code=code, again_in_s=round(pause_s, 2))
                self._stopping.wait(pause_s)

    def _wait_for_a_stray_postmaster(self, patience_s: float = 60.0) -> None:
        """End a postmaster that outlived its supervisor. The lock is ours, so nobody else watches over it."""
        file = self.data / "postmaster.pid"
        until, told = monotonic_s() + patience_s, False
        while file.exists():
            with suppress(ValueError, IndexError, OSError):
                pid = int(file.read_text(encoding="utf-8").splitlines()[0])
                if not binaries.is_postgres(pid):
                    break  # stale: the machine gave the number to somebody else, or the process is gone
                if not told:
                    os.kill(pid, signal.SIGINT)
                    told = True
            if monotonic_s() > until:
                raise DatabaseDown(f"a PostgreSQL from before still runs in `{self.data}` and does not end")
            time.sleep(0.05)
        file.unlink(missing_ok=True)

    def _last_lines(self) -> str:
        with suppress(OSError):
            return " | ".join((self.home / "postgres.log").read_text(errors="replace").splitlines()[-5:])
        return ""


def _free_port(remembered: Path) -> int:
    """Return last time's port where it is still free, so that others find the server again; else a free one."""
    wishes = [0]
    with suppress(OSError, ValueError):
        wishes.insert(0, int(remembered.read_text(encoding="utf-8")))
    for wish in wishes:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does: TIME_WAIT is no owner
            probe.bind((HOST, wish))
            port = int(probe.getsockname()[1])
            remembered.write_text(str(port), encoding="utf-8")
            return port
    raise DatabaseDown(f"no free port on {HOST}")


def _die_with_parent(parent_pid: int) -> Callable[[], None] | None:
    """Return what the child does before it becomes the server: ask for SIGINT when its supervisor ends (Linux)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: the child may touch no lock
    interrupt = int(signal.SIGINT)

    def before_exec() -> None:
        prctl(PR_SET_PDEATHSIG, interrupt, 0, 0, 0)
        if os.getppid() != parent_pid:
            os._exit(1)

    return before_exec
