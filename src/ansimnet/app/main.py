"""The command line. `ansimnet --help` teaches; every command ends with what to do next."""

from __future__ import annotations

import asyncio
import functools
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table

from ansimnet.app import (
    footage_commands,
    key_commands,
    ledger_commands,
    model_commands,
    policy_commands,
    supervision_commands,
)
from ansimnet.kernel.errors import Fault, Refusal
from ansimnet.platform.settings import Settings, settings
from ansimnet.platform.telemetry import set_up_logs

cli = typer.Typer(
    name="ansimnet",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
    help="""**Ansimnet (안심망)** turns an alarm into a rescue.

Start here: `ansimnet demo` runs the whole system with a simulated district and opens the console.
Then: `ansimnet serve` for your own data, `ansimnet import …` to bring it in, `ansimnet doctor` when it looks odd.""",
)
imports = typer.Typer(
    no_args_is_help=True, help="Bring in cameras, streets, buildings, boundaries and places from files."
)
ledger = typer.Typer(no_args_is_help=True, help="Check the ledger, or write it out for an independent check.")
users = typer.Typer(no_args_is_help=True, help="Accounts of staff.")
cli.add_typer(imports, name="import")
cli.add_typer(ledger, name="ledger")
ledger_commands.add_to(ledger)
cli.add_typer(users, name="user")
cli.add_typer(policy_commands.policy, name="policy")
cli.add_typer(key_commands.keys, name="keys")
cli.add_typer(footage_commands.footage, name="footage")
cli.add_typer(model_commands.models, name="models")
cli.add_typer(supervision_commands.supervision, name="supervision")
cli.command()(key_commands.backup)
cli.command()(key_commands.restore)

out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
Size = Annotated[str, typer.Option(help="`small` ends within a minute; `full` is the real thing.")]
Seed = Annotated[int, typer.Option(help="Where chance begins.")]
DataDir = Annotated[
    Path | None, typer.Option("--data", help="Folder of real public data (geo, roads, …).", exists=True)
]
ModelsDir = Annotated[
    Path | None,
    typer.Option("--models", help="Folder of models' weights; else ANSIMNET_MODELS_DIR.", exists=True, file_okay=False),
]
World = Annotated[Path | None, typer.Option(help="A world file written by the simulator.", exists=True, dir_okay=False)]


def say(sentence: str) -> None:
    """Tell the person at the terminal, on standard error."""
    err.print(f"[dim]{sentence}[/]")


@cli.command()
def demo(
    scenario: Annotated[
        str,
        typer.Option(
            help="exclusion-zone, curfew, tamper, approach, medical-exception, quiet-night; courier, missing-child."
        ),
    ] = "exclusion-zone",
    headless: Annotated[
        bool, typer.Option(help="No browser: run the scenario once with measuring clients, then stop.")
    ] = False,
    data: DataDir = None,
    world: World = None,
    seed: Seed = 7,
    as_json: Json = False,
    port: Annotated[int, typer.Option(help="Port of the pages; 0 takes any free one.")] = 8700,
    keep: Annotated[bool, typer.Option(help="Keep the demo's data folder for another look.")] = False,
) -> None:
    """Start everything with the simulated district and a scripted night, and open the console."""
    from ansimnet.app.demo import run_demo

    figures = run_demo(
        scenario=scenario, headless=headless, data=data, world=world, seed=seed, port=port, keep=keep, say=say
    )
    if figures is not None:
        from ansimnet.app.measure import show

        show(figures, as_json=as_json)
        raise typer.Exit(0 if figures.get("ended_as_the_law_says", True) else 1)


@cli.command()
def serve() -> None:
    """Run the system on this machine: database, API, worker, relay. Settings come from ANSIMNET_* variables."""
    from ansimnet.app.supervise import system

    async def run(chosen: Settings) -> None:
        async with system(chosen, say=say) as running:
            await running.ready()
            err.print(f"Ansimnet answers at [bold]{chosen.public_url}[/]; logs in {running.log_dir}. Ctrl+C stops it.")
            await asyncio.Event().wait()

    _interruptible(run(settings()))


@cli.command()
def gateway(
    edge: Annotated[
        str, typer.Argument(help="Address of a relay worker: wss://relay.example, wss://relay.example/1 …")
    ],
    port: Annotated[int, typer.Option(help="Port on which viewers near by connect; 0 takes any free one.")] = 8710,
) -> None:
    """Relay for viewers of another site: a stream crosses the wide network once. Rights stay with that relay."""
    from ansimnet.app.relay import gateway as run

    chosen = settings()
    set_up_logs(form=chosen.log_format, level=chosen.log_level)
    _interruptible(run(chosen, edge, port))


@cli.command(hidden=True)
def process(part: Annotated[str, typer.Argument(help="seal, api, work, relay, relay-1 …, uplink, vision")]) -> None:
    """Run one process of the system; `ansimnet serve` starts them all."""
    chosen = settings()
    set_up_logs(form=chosen.log_format, level=chosen.log_level)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash writes no memory, keys and faces included, to disk
    try:
        _with_database(chosen, part)
    except Exception:
        structlog.get_logger("ansimnet.process").critical("process.broke", part=part, exc_info=True)
        raise typer.Exit(70) from None


def _with_database(chosen: Settings, part: str) -> None:
    import uvloop

    from ansimnet.platform.database import database

    run: Callable[..., Any]
    name, _, number = part.partition("-")
    match name:  # each loads only what it runs
        case "seal":
            from ansimnet.app.seal import seal as run
        case "work":
            from ansimnet.app.work import work as run
        case "relay":
            from ansimnet.app.relay import relay

            run = functools.partial(relay, worker=int(number or 0))
        case "uplink":
            from ansimnet.app.relay import uplink as run
        case "vision":
            from ansimnet.app.vision import vision as run
        case "api":
            from ansimnet.app.serve import serve as run
        case _:
            raise typer.BadParameter("say seal, api, work, uplink, vision, relay or relay-1 …")
    with database(chosen, migrate=False) as db:
        uvloop.run(run(chosen, db))


@cli.command()
def doctor(
    topic: Annotated[str, typer.Argument(help="`security` looks at secrets, rights, ports and what lies open.")] = "",
    as_json: Json = False,
) -> None:
    """Look for what is wrong with this installation: settings, folders, database, ledger, clock, browser, web pages."""
    if topic not in {"", "security"}:
        raise typer.BadParameter("say nothing or `security`")
    if topic == "security":
        from ansimnet.app.doctor_security import examine
    else:
        from ansimnet.app.doctor import examine

    findings = asyncio.run(examine(settings(), say=say))
    if as_json:
        print(json.dumps([asdict(f) for f in findings], ensure_ascii=False))
    else:
        table = Table("", "what", "found", "what to do")
        for f in findings:
            table.add_row({"good": "[green]✓", "odd": "[yellow]!", "bad": "[red]✗"}[f.state], f.what, f.found, f.todo)
        out.print(table)
    raise typer.Exit(1 if any(f.state == "bad" for f in findings) else 0)


@imports.command("cameras")
def import_cameras(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV in UTF-8 or cp949, plain or .gz.")],
    dry: Annotated[bool, typer.Option(help="Read and report only.")] = False,
    as_json: Json = False,
) -> None:
    """Take a register of cameras: the whole file or nothing, every refused row with its line and reason."""
    from ansimnet.app.importing import cameras

    report = cameras(settings(), file, dry=dry, say=say)
    if as_json:
        print(json.dumps(asdict(report), ensure_ascii=False, default=str))
        raise typer.Exit(1 if report.why_not else 0)
    if report.why_not:
        err.print(f"[red]Nothing was imported:[/] {report.why_not}")
        if report.todo:
            err.print(f"→ {report.todo}")
    else:
        verb = "would be taken" if dry else "taken"
        out.print(f"{report.accepted:,} cameras {verb} from {report.file_name} ({report.encoding})")
        out.print(f"{report.refused:,} rows refused")
    for title, rows in (("refused", report.refusals), ("taken with a remark", report.remarks)):
        for line, why in rows[:20]:
            out.print(f"  line {line:>6}  {title}: {why}", highlight=False)
        if len(rows) > 20:
            out.print(f"  … and {len(rows) - 20:,} more {title} (all of them with --json)")
    raise typer.Exit(1 if report.why_not else 0)


@imports.command("zones")
def import_zones(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: code, corners (`x y; x y; x y`).")],
) -> None:
    """Take privacy zones: what of a camera's picture stays black for everybody, live and recorded."""
    from ansimnet.app.importing import zones

    report = zones(settings(), file, say=say)
    out.print(f"{report.zones:,} zones of {report.cameras:,} cameras")
    for line, why in report.refusals:
        out.print(f"  line {line:>6}  refused: {why}", highlight=False)
    raise typer.Exit(1 if report.refusals else 0)


@imports.command("streets")
def import_streets(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=".osm.pbf, .osm, or a CSV of nodes.")],
    edges: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="CSV of edges beside a CSV of nodes.")
    ] = None,
) -> None:
    """Replace the street graph that routes and reach are computed on."""
    from ansimnet.app.importing import map_of

    streets = map_of(settings()).import_streets(file, edges)
    out.print(f"{len(streets.u):,} streets between {len(streets.x_m):,} nodes, {streets.length_m.sum() / 1000:,.1f} km")


@imports.command("outlines")
def import_outlines(
    kind: Annotated[str, typer.Argument(help="buildings or boundaries")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="GeoJSON of polygons, WGS 84.")],
) -> None:
    """Replace the outlines of buildings (they hide views) or of districts."""
    from ansimnet.app.importing import map_of

    if kind not in {"buildings", "boundaries"}:
        raise typer.BadParameter("say `buildings` or `boundaries`")
    out.print(f"{map_of(settings()).import_geojson(file, kind):,} {kind}")


@imports.command("places")
def import_places(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV with names and positions.")],
    kind: Annotated[str | None, typer.Option(help="police_box, safe_house, probation_office, hospital …")] = None,
    staffed: Annotated[bool, typer.Option(help="Whether somebody is there at night.")] = True,
    add: Annotated[bool, typer.Option(help="Keep the places that are there.")] = True,
) -> None:
    """Bring in places somebody can walk to: police boxes, safe houses."""
    from ansimnet.app.importing import map_of

    out.print(f"{map_of(settings()).import_places(file, kind=kind, staffed=staffed, add=add):,} places")


def _measurement(kind: str, name: str, as_json: bool, **chosen: Any) -> None:
    from ansimnet.app.measure import measure, names, show

    which = list(names(kind)) if name == "all" else [name]
    for one in which:
        if len(which) > 1 and not as_json:
            out.rule(one)
        show(measure(kind, one, **chosen), as_json=as_json)


@cli.command()
def bench(
    name: Annotated[str, typer.Argument(help="Which benchmark; `list` names them.")] = "list",
    size: Size = "full",
    seed: Seed = 7,
    data: DataDir = None,
    models: ModelsDir = None,
    world: World = None,
    cameras: Annotated[int | None, typer.Option(help="relay: how many cameras one worker pulls.")] = None,
    viewers: Annotated[int | None, typer.Option(help="relay: how many viewers it serves.")] = None,
    hours: Annotated[float | None, typer.Option(help="relay, wearers: how long the load stands.")] = None,
    plot: Annotated[Path | None, typer.Option(help="relay: where to draw the rising counts (SVG).")] = None,
    as_json: Json = False,
) -> None:
    """Is it fast? Each benchmark runs beside its rival or physical limit and gives ratios."""
    if name == "list":
        _list("bench")
        return
    _measurement(
        "bench",
        name,
        as_json,
        size=size,
        seed=seed,
        data=data,
        models=models,
        world=world,
        kills=None,
        cameras=cameras,
        viewers=viewers,
        hours=hours,
        plot=plot,
    )


@cli.command("eval")
def evaluate(
    name: Annotated[str, typer.Argument(help="Which evaluation; `list` names them.")] = "list",
    size: Size = "full",
    seed: Seed = 7,
    data: DataDir = None,
    models: ModelsDir = None,
    world: World = None,
    kills: Annotated[int | None, typer.Option(help="durability: how often something is killed.")] = None,
    requests: Annotated[int | None, typer.Option(help="leaks: how many requests are made.")] = None,
    mutations: Annotated[int | None, typer.Option(help="ledger: how often a copy is attacked.")] = None,
    mutants: Annotated[int | None, typer.Option(help="leaks: how many checks are removed, one at a time.")] = None,
    histories: Annotated[int | None, typer.Option(help="retention: how many lives of a machine are played.")] = None,
    attempts: Annotated[int | None, typer.Option(help="rights: how many attempts to see a picture.")] = None,
    tamperings: Annotated[int | None, typer.Option(help="evidence: how often an export is tampered with.")] = None,
    seeds: Annotated[int | None, typer.Option(help="supervision: how often each scenario is staged.")] = None,
    as_json: Json = False,
) -> None:
    """Is it right? Each evaluation scores against a truth that only the scorer opens."""
    if name == "list":
        _list("eval")
        return
    _measurement(
        "eval",
        name,
        as_json,
        size=size,
        seed=seed,
        data=data,
        models=models,
        world=world,
        kills=kills,
        requests=requests,
        mutations=mutations,
        mutants=mutants,
        histories=histories,
        attempts=attempts,
        tamperings=tamperings,
        seeds=seeds,
    )


def _list(kind: str) -> None:
    from ansimnet.app.measure import names

    for name, line in names(kind).items():
        out.print(f"[bold]{name:<16}[/] {line}")


@ledger.command("verify")
def ledger_verify(as_json: Json = False) -> None:
    """Check every link, hash, checkpoint and signature of every centre's chain."""
    from ansimnet.app.ledgers import verify_all

    report = verify_all(settings(), say=say)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False, default=str))
    else:
        for centre in report.centres:
            state = "[red]BROKEN[/]" if centre.findings else "[green]whole[/]"
            out.print(f"{centre.centre_id}: {state}, {centre.entries:,} entries, {centre.checkpoints:,} checkpoints")
            for finding in centre.findings[:20]:
                out.print(f"  {finding.what} at {finding.seq}: {finding.detail}", highlight=False)
    raise typer.Exit(0 if report.verified else 1)


@ledger.command("export")
def ledger_export(
    folder: Annotated[
        Path, typer.Argument(help="Where to write one JSON-lines file per centre, keys and witness lines.")
    ],
) -> None:
    """Write the chains out; `python tools/verify_ledger.py FOLDER` checks them without our code."""
    from ansimnet.app.ledgers import export_all

    for line in export_all(settings(), folder, say=say):
        out.print(line, highlight=False)


@users.command("add")
def user_add(
    login: Annotated[str, typer.Argument(help="ASCII, 3–32 characters.")],
    role: Annotated[
        str,
        typer.Option(
            help="tracking_controller, centre_operator, probation_officer, police_112, auditor, administrator"
        ),
    ],
    centre: Annotated[str, typer.Option(help="tracking or city")] = "tracking",
    display: Annotated[str, typer.Option(help="How screens name the seat, e.g. 관제07.")] = "",
) -> None:
    """Create an account; asks for its password."""
    from ansimnet.app.users import add

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    add(settings(), login=login, role=role, centre=centre, display=display or login, password=password, say=say)
    out.print(f"account `{login}` created")


@users.command("invite")
def user_invite(
    login: Annotated[str, typer.Argument(help="The account that is locked out.")],
    centre: Annotated[str, typer.Option(help="tracking or city")] = "tracking",
) -> None:
    """Print a one-time code with which somebody who is locked out chooses a password; good for 72 hours."""
    from ansimnet.app.users import invite

    code = invite(settings(), login=login, centre=centre, say=say)
    out.print(f"{settings().public_url}/#invite={code}", highlight=False)


@cli.command("settings")
def show_settings() -> None:
    """List every setting with its sentence and its present value; secrets are not shown."""
    chosen = settings()
    table = Table("variable", "value", "what it is")
    for name, field in Settings.model_fields.items():
        table.add_row(f"ANSIMNET_{name.upper()}", str(getattr(chosen, name)), field.description or "")
    out.print(table)


def _interruptible(work: Any) -> None:
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        err.print("stopped")


def main() -> None:
    """Run the command line; refusals end in one sentence and the next step."""
    try:
        set_up_logs(level="warning")
        cli()
    except Refusal as refusal:
        err.print(f"[red]{refusal.message}[/]")
        if refusal.todo:
            err.print(f"→ {refusal.todo}")
        sys.exit(2)
    except Fault as fault:
        err.print(f"[red]{fault}[/]\n→ `ansimnet doctor` looks for the cause")
        sys.exit(3)


if __name__ == "__main__":
    main()
