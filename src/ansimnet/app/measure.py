"""Runs benchmarks (is it fast?) and evaluations (is it right?): the same options, the same shape of answer."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.errors import NotFound
from ansimnet.platform.settings import settings

ROOT = Path(__file__).parents[3]
FOLDERS = {"bench": "benchmarks", "eval": "evaluation"}
LINE_S = 3.0
"""Between two lines of progress where standard error is no terminal; ours: a log of ten minutes has 200."""


@dataclass(frozen=True, slots=True)
class Options:
    """What every measurement takes. `progress(done, total, words)` draws on standard error."""

    size: Literal["small", "full"]
    seed: int
    world: Path | None
    data: Path | None
    kills: int | None
    progress: Callable[[float, float, str], None]
    requests: int | None = None
    mutations: int | None = None
    mutants: int | None = None
    histories: int | None = None
    attempts: int | None = None
    cameras: int | None = None
    viewers: int | None = None
    hours: float | None = None
    plot: Path | None = None
    tamperings: int | None = None
    seeds: int | None = None


def names(kind: str) -> dict[str, str]:
    """Return each measurement of a kind with the first line of its description."""
    found = {}
    for file in sorted((ROOT / FOLDERS[kind]).glob("*.py")):
        if not file.name.startswith("_"):
            lines = file.read_text(encoding="utf-8").split('"""')
            found[file.stem] = lines[1].strip().splitlines()[0] if len(lines) > 1 else ""
    return found


def measure(kind: str, name: str, *, models: Path | None = None, **chosen: Any) -> dict[str, Any]:
    """Run one measurement and return its figures with `size seed commit load`.

    `models`: the folder of weights that this process and those it starts look in, instead of ANSIMNET_MODELS_DIR.

    Raises:
        NotFound: nothing of that name; the message lists what there is.
    """
    known = names(kind)
    if name not in known:
        raise NotFound(
            f"there is no {kind} `{name}`", todo=f"one of: {', '.join(known) or 'none in this installation'}"
        )
    if models is not None:
        os.environ["ANSIMNET_MODELS_DIR"] = str(models.resolve())
        settings.cache_clear()
    file = ROOT / FOLDERS[kind] / f"{name}.py"
    sys.path.insert(0, str(ROOT))
    spec = importlib.util.spec_from_file_location(f"{FOLDERS[kind]}.{name}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    load, source = os.getloadavg()[0], commit()  # as they are when it begins: others may commit meanwhile
    with _progress(name) as progress:
        figures = module.run(Options(progress=progress, **chosen))
    return {**figures, "size": chosen["size"], "seed": chosen["seed"], "commit": source, "load": round(load, 2)}


@contextmanager
def _progress(name: str) -> Iterator[Callable[[float, float, str], None]]:
    """Yield what draws a bar on a terminal, and elsewhere writes a line now and then: a log shows that it goes on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        said_s, began_s = -LINE_S, monotonic_s()

        def line(done: float, total: float, words: str) -> None:
            nonlocal said_s
            if monotonic_s() - said_s >= LINE_S:
                said_s = monotonic_s()
                share = f"{100 * done / total:3.0f} %" if total else ""
                print(f"{name}: {said_s - began_s:5.0f} s {share}  {words}", file=sys.stderr, flush=True)

        yield line
        return
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True)
    with bar:
        task = bar.add_task(name, total=1.0)

        def draw(done: float, total: float, words: str) -> None:
            bar.update(task, completed=done, total=total, description=words)

        yield draw


def commit() -> str | None:
    """Return the commit of this checkout, `+` added where it was changed since; None outside of one."""
    try:
        head = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        dirty = subprocess.run(
            ["git", "status", "--porcelain", "-uno"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return head + ("+" if dirty.stdout.strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def show(figures: dict[str, Any], *, as_json: bool) -> None:
    """Print figures for people, or one JSON object on one line."""
    if as_json:
        print(json.dumps(figures, ensure_ascii=False, default=str), flush=True)
        return
    console = Console()

    def rows(value: dict[str, Any], indent: str = "") -> None:
        for key, v in value.items():
            if isinstance(v, dict):
                console.print(f"{indent}[bold]{key}[/]")
                rows(v, indent + "  ")
            else:
                shown = f"{v:,.3f}".rstrip("0").rstrip(".") if isinstance(v, float) else v
                console.print(f"{indent}{key:<24} {shown}", highlight=False)

    rows(figures)
