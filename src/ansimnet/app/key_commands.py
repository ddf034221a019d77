"""`ansimnet keys …`, `ansimnet backup`, `ansimnet restore`: the words of the terminal, nothing else."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ansimnet.kernel.errors import Refusal
from ansimnet.platform.settings import Settings, settings

keys = typer.Typer(no_args_is_help=True, help="Keys of this installation: list, renew, hand to an offline holder.")
out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
PassphraseFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="File whose first line is the passphrase.")
]
AdminUrl = Annotated[
    str | None,
    typer.Option(envvar="ANSIMNET_ADMIN_URL", help="Your own PostgreSQL: address of a role that sees every row."),
]
SORTS = ("kek", "data", "link", "push", "signing")


def say(sentence: str) -> None:
    """Tell the person at the terminal, on standard error."""
    err.print(f"[dim]{sentence}[/]")


@keys.command("list")
def list_all(as_json: Json = False) -> None:
    """Count every sort of key and say how old it is; none is opened or shown."""
    from ansimnet.app.keyring import list_keys

    lines = list_keys(settings())
    if as_json:
        print(json.dumps([asdict(line) for line in lines], default=str))
        return
    table = Table("keys", "centre", "how many", "oldest", "newest", "")
    for line in lines:
        dates = (str(at.date()) if at else "" for at in (line.oldest, line.newest))
        table.add_row(line.what, line.centre, f"{line.count:,}", *dates, line.note)
    out.print(table)


@keys.command()
def rotate(
    which: Annotated[str, typer.Argument(help="kek, data, link, push or signing")],
    switch: Annotated[bool, typer.Option(help="link: sign with the prepared key from now on.")] = False,
    finish: Annotated[
        bool, typer.Option(help="Forget what was kept for the change: old data, link or push keys.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Renew keys while the system runs. Killed half way, the same command goes on."""
    if which not in SORTS:
        raise typer.BadParameter(f"say one of {', '.join(SORTS)}")
    said = asyncio.run(_rotate(settings(), which, switch=switch, finish=finish))
    if as_json:
        print(json.dumps(said))
        return
    for key, value in said.items():
        out.print(f"{key.replace('_', ' ')}: {value}", highlight=False)


async def _rotate(chosen: Settings, which: str, *, switch: bool, finish: bool) -> dict[str, object]:
    from ansimnet.app import keyring
    from ansimnet.platform.database import key_stores
    from ansimnet.slices.footage.wiring import change_kek

    match which:
        case "kek":
            done = [store.change_kek() for store in key_stores(chosen).values()]
            done.append(change_kek(chosen))
            return {"wrapped_again": sum(d[0] for d in done), "old_ones_destroyed": sum(d[1] for d in done)}
        case "data":
            return await _rotate_data(chosen, finish=finish)
        case "link":
            return _rotate_link(chosen, switch=switch, finish=finish)
        case "push":
            if finish:
                return {"old_one_destroyed": keyring.finish_vapid(chosen)}
            keyring.rotate_vapid(chosen)
            return {"next": "phones move over as they open; later `ansimnet keys rotate push --finish`"}
        case _:
            return _rotate_signing(chosen)


async def _rotate_data(chosen: Settings, *, finish: bool) -> dict[str, object]:
    from ansimnet.app.rotation import Done, renew_data_keys, retire_versions, seal_again, unknown_columns
    from ansimnet.platform.database import database, key_stores

    done, unknown = Done(), set()
    with database(chosen, say=say) as server:
        async with server.dbs(chosen, app="keys") as dbs:
            for centre_id, store in key_stores(chosen).items():
                db = dbs.of(centre_id)
                if not finish:
                    done += renew_data_keys(store)
                done += await seal_again(db)
                done += await retire_versions(db, store)
                unknown |= set(await unknown_columns(db))
    said: dict[str, object] = {
        "renewed": done.renewed, "sealed_again": done.sealed_again, "old_ones_destroyed": done.destroyed,
    }  # fmt: skip
    if unknown:
        said["not_destroyed_because_nobody_names"] = sorted(unknown)
    if not finish:
        said["next"] = "in an hour `ansimnet keys rotate data --finish`, then a fresh backup and export of keys"
    return said


def _rotate_link(chosen: Settings, *, switch: bool, finish: bool) -> dict[str, object]:
    from ansimnet.app.keyring import link_folder
    from ansimnet.platform.link_keys import NAMES, Identities

    identities = Identities(link_folder(chosen))
    elsewhere = {name for name, url in (("city", chosen.link_city_url), ("tracking", chosen.link_tracking_url)) if url}
    ours = [centre_id for centre_id, name in NAMES.items() if name not in elsewhere]
    if finish:
        return {"old_ones_forgotten": sum(identities.finish(centre_id) for centre_id in ours)}
    said: dict[str, object] = {}
    if not switch:
        said["hand_to_the_other_centre"] = [str(identities.prepare(centre_id)) for centre_id in ours]
        if elsewhere:
            said["next"] = "when they hold it: `ansimnet keys rotate link --switch`"
            return said
    said["signing_with"] = [identities.switch(centre_id) for centre_id in ours]
    said["next"] = "when no message of before is on its way: `ansimnet keys rotate link --finish`"
    return said


def _rotate_signing(chosen: Settings) -> dict[str, object]:
    from ansimnet.app import ledgers

    renew = getattr(ledgers, "rotate_signing", None)
    if renew is None:
        raise Refusal("the ledger's signing key cannot follow another in this version")
    return {"signing_with": renew(chosen, say=say)}


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").splitlines()[0].strip()
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm))


@keys.command("export")
def export(
    file: Annotated[
        Path, typer.Argument(help="Where to write it: a medium that goes into a safe, not beside backups.")
    ],
    to: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Holder's X25519 public key (PEM); no passphrase.")
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Write all keys into one file that the holder alone can open. Without it a backup is worth nothing."""
    from ansimnet.app.keyring import export_keys

    passphrase = None if to is not None else _passphrase(passphrase_file, confirm=True)
    count = export_keys(settings(), file, passphrase=passphrase, holder=to)
    out.print(f"{count:,} keys in {file}. Try it: `ansimnet keys import` on a machine of its own.", highlight=False)


@keys.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    private: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Holder's X25519 private key (PEM).")
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Put the keys of an export into an installation that has none."""
    from ansimnet.app.keyring import import_keys

    passphrase = None if private is not None else _passphrase(passphrase_file, confirm=False)
    out.print(f"{import_keys(settings(), file, passphrase=passphrase, private=private):,} keys are back")


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it.")], admin_url: AdminUrl = None, as_json: Json = False
) -> None:
    """Copy the database and the ledger's witnesses in one instant, while the system runs. No key is in it."""
    from ansimnet.app.backup import back_up

    manifest = back_up(settings(), file, admin_url=admin_url, say=say)
    if as_json:
        print(json.dumps(manifest))
        return
    size = file.stat().st_size
    out.print(f"{file}: {size:,} bytes, {sum(manifest['entries'].values()):,} sealed entries", highlight=False)
    out.print("→ `ansimnet keys export` keeps what opens it; store the two apart")


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    without_keys: Annotated[bool, typer.Option(help="Nothing sealed will open until keys are imported.")] = False,
    admin_url: AdminUrl = None,
    as_json: Json = False,
) -> None:
    """Put a backup into an empty installation and check the ledger. Bring the keys first: `ansimnet keys import`."""
    from ansimnet.app.backup import restore as put_back

    report = put_back(settings(), file, admin_url=admin_url, without_keys=without_keys, say=say)
    if as_json:
        print(json.dumps(report.as_json(), ensure_ascii=False, default=str))
    else:
        out.print(
            "the ledger is whole" if report.verified else "[red]the ledger is BROKEN[/]: `ansimnet ledger verify`"
        )
    raise typer.Exit(0 if report.verified else 1)
