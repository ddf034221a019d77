"""Fifty ways to forget a check: found in the source by their shape, put into a forked process, one at a time.

A mutant removes one check and nothing else: a question to policy, a permit's own check, one condition of a refusal, a
tenant's wall in the database, the audience of a live view. The function's code is rewritten as a syntax tree and put in
the place of the old one; what is mutated is never told to whoever looks for leaks.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Any

import psycopg
from evaluation._leaks_equivalent import EQUIVALENT

import ansimnet.slices
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import GroundId, PermitId, new_id
from ansimnet.kernel.permits import Act, Permit, Purpose, Role
from ansimnet.platform import live
from ansimnet.platform.ledger import public_body
from ansimnet.slices.policy.model import Account

ASKERS = frozenset({"ask", "permit", "_manage"})
"""How the routes call whoever asks policy."""
PICTURES = frozenset({"VIEW_STREAM", "UNMASK_TRACK", "EXTEND_PERMIT"})
"""Acts whose permit is written into a ticket: without a row of its own the database refuses, and nothing is shown."""
GUARDS = {
    "ansimnet.kernel.permits": ("Permit.check",),
    "ansimnet.platform.link": ("Link._read", "Link.handle_ask"),
    "ansimnet.platform.link_keys": ("Identities.check",),
    "ansimnet.platform.live": ("Live.serve",),
    "ansimnet.slices.policy.api.sessions": ("signed_in", "refuse_foreign"),
    "ansimnet.slices.policy.rules.book": ("_standing", "_flaw"),
    "ansimnet.slices.supervision.service.receive": ("_barred", "receive"),
    "ansimnet.slices.supervision.api.gateway": ("sender_of",),
    "ansimnet.slices.dispatch.service": ("progress",),
    "ansimnet.slices.protection.service.press": ("acknowledge",),
    "ansimnet.slices.footage.service.giving": ("Giver.opened", "Giver._showing"),
    "ansimnet.slices.footage.api.live": ("Desk.ticket_of_own",),
    "ansimnet.slices.footage.service.asked": ("answers",),
    "ansimnet.slices.footage.relay.server": ("Relay._greet",),
    "ansimnet.app.serve": ("_system",),
}
"""Functions whose every refusal is a check of its own: each condition goes, one at a time."""
WORDS: tuple[tuple[str, str, str, str], ...] = (
    ("ansimnet.slices.policy.store", "use_ticket", "used_at is null", "true"),
    ("ansimnet.slices.policy.store", "use_ticket", "expires_at > %s", "(expires_at > %s or true)"),
    ("ansimnet.slices.policy.store.accounts", "use_code", "used_at is null", "true"),
)
"""Conditions that stand in SQL: module, function, words, and what they become."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One check removed. `apply` changes this process, or the database whose superuser address it is given."""

    kind: str
    where: str
    apply: Callable[[str], None]
    functions: frozenset[str] = frozenset()  # of its module: what stands behind the check, or beside it
    number: int = 0


def choose(ground: Any, count: int) -> list[Mutant]:
    """Return mutants by chance, each kind in turn until there are enough."""
    rng = random.Random(ground.seed)
    by_kind: dict[str, list[Mutant]] = {}
    for mutant in every(ground):
        by_kind.setdefault(mutant.kind, []).append(mutant)
    for mutants in by_kind.values():
        rng.shuffle(mutants)
    chosen: list[Mutant] = []
    while len(chosen) < count and any(by_kind.values()):
        for kind in sorted(by_kind):
            if by_kind[kind] and len(chosen) < count:
                m = by_kind[kind].pop()
                chosen.append(replace(m, number=len(chosen) + 1))
    return chosen


def named(ground: Any, names: Sequence[str]) -> list[Mutant]:
    """Return one mutant for each name, by how its kind and place begin: `wall: row level security of supervision_fix`.

    Raises:
        LookupError: a name is that of no mutant, or of several.
    """
    made = list(every(ground))
    chosen: list[Mutant] = []
    for name in names:
        meant = [m for m in made if f"{m.kind}: {m.where}".startswith(name)]
        if len(meant) != 1:
            raise LookupError(f"{len(meant)} mutants begin with `{name}`")
        chosen.append(replace(meant[0], number=len(chosen) + 1))
    return chosen


def every(ground: Any) -> Iterator[Mutant]:
    """Yield every mutant that can be made of this source, but those known to change nothing."""
    made = (*_asked(), *_checked(), *_guarded(), *_worded(), *_walls(ground), *_audiences())
    gone = EQUIVALENT.keys() - {_words(m) for m in made}
    assert not gone, f"no such condition any more: {gone}"  # what moved is judged again
    yield from (m for m in made if _words(m) not in EQUIVALENT)


def _words(mutant: Mutant) -> str:
    """Return where a mutant is without its number there: a condition put before it changes nothing about it."""
    return re.sub(r" #\d+: ", ": ", mutant.where, count=1)


# ------------------------------------------------------------------------------------------------- in the source


def _modules() -> Iterator[Any]:
    for info in pkgutil.walk_packages(ansimnet.slices.__path__, "ansimnet.slices."):
        if ".relay" not in info.name:
            yield importlib.import_module(info.name)


def _functions(module: Any) -> Iterator[tuple[str, Any, ast.AST]]:
    """Yield (qualified name, function, tree) of every function and method a module defines itself."""
    tree = ast.parse(inspect.getsource(module))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, vars(module).get(node.name), node
        elif isinstance(node, ast.ClassDef):
            owner = vars(module).get(node.name)
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{inner.name}", vars(owner).get(inner.name), inner


def _asked() -> Iterator[Mutant]:
    """A route that asks policy nothing: it goes on with a permit that nobody gave."""
    for module in _modules():
        if ".api" not in module.__name__:
            continue
        for name, function, tree in _functions(module):
            for n, node in enumerate(_awaited(tree)):
                words = ast.unparse(node)
                if not any(f"Act.{p}" in words for p in PICTURES) and "Act." in words + name:
                    yield _rewritten("question", module, name, function, n, _forge, words)


def _awaited(tree: ast.AST) -> list[ast.Call]:
    return [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Await) and isinstance(n.value, ast.Call) and _last(n.value.func) in ASKERS
    ]


def _forge(tree: ast.AST, n: int) -> None:
    _awaited(tree)[n].func = ast.Name("_forged", ast.Load())


def _checked() -> Iterator[Mutant]:
    """A store that does not look at the permit it is given."""
    for module in _modules():
        for name, function, tree in _functions(module):
            for n, node in enumerate(_checks(tree)):
                yield _rewritten("check", module, name, function, n, _uncheck, ast.unparse(node))


def _checks(tree: ast.AST) -> list[ast.Expr]:
    return [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Expr)
        and isinstance(n.value, ast.Call)
        and isinstance(n.value.func, ast.Attribute)
        and n.value.func.attr == "check"
        and any(k.arg == "now" for k in n.value.keywords)
    ]


def _uncheck(tree: ast.AST, n: int) -> None:
    _checks(tree)[n].value = ast.Constant(None)


def _guarded() -> Iterator[Mutant]:
    """A refusal that lost one of its conditions."""
    for path, names in GUARDS.items():
        module = importlib.import_module(path)
        written = {name: (function, tree) for name, function, tree in _functions(module)}
        for name in names:
            function, tree = written[name]  # a guard that moved is followed, not forgotten
            for n, (node, part) in enumerate(_conditions(tree)):
                words = ast.unparse(node.test.values[part] if isinstance(node.test, ast.BoolOp) else node.test)
                yield _rewritten("guard", module, name, function, n, _weaken, words)


def _conditions(tree: ast.AST) -> list[tuple[ast.If, int]]:
    found: list[tuple[ast.If, int]] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.If) or node.orelse:
            continue
        last = node.body[-1]
        refuses = isinstance(last, ast.Raise) or (isinstance(last, ast.Return) and last.value is not None)
        if not refuses:  # a bare return ends what is done already: no check
            continue
        either = isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or)
        parts = len(node.test.values) if isinstance(node.test, ast.BoolOp) and either else 1
        found.extend((node, part) for part in range(parts))
    return found


def _weaken(tree: ast.AST, n: int) -> None:
    node, part = _conditions(tree)[n]
    if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.Or):
        node.test.values[part] = ast.Constant(False)
    else:
        node.test = ast.Constant(False)


def _worded() -> Iterator[Mutant]:
    """A statement that lost one of its conditions."""
    for path, wanted, words, instead in WORDS:
        module = importlib.import_module(path)
        for name, function, tree in _functions(module):
            if name == wanted and words in ast.unparse(tree):
                change = _reword(words, instead)
                yield _rewritten("statement", module, name, function, 0, change, words)


def _reword(words: str, instead: str) -> Callable[[ast.AST, int], None]:
    def change(tree: ast.AST, _: int) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                node.value = node.value.replace(words, instead)

    return change


def _rewritten(
    kind: str, module: Any, name: str, function: Any, n: int, change: Callable[[ast.AST, int], None], words: str
) -> Mutant:
    """Return a mutant that puts changed code into a function of this process."""
    short = module.__name__.removeprefix("ansimnet.").removeprefix("slices.")

    def apply(_: str) -> None:
        tree = next(t for found, _, t in _functions(module) if found == name)
        change(tree, n)
        assert isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
        tree.decorator_list = []
        future = ast.parse("from __future__ import annotations").body
        whole = ast.fix_missing_locations(ast.Module([*future, tree], []))
        vars(module)["_forged"] = _forged
        space: dict[str, Any] = dict(vars(module))
        exec(compile(whole, f"<mutant of {module.__name__}>", "exec"), space)
        inspect.unwrap(getattr(function, "__func__", function)).__code__ = space[tree.name].__code__

    return Mutant(kind, f"{short}.{name} #{n}: {' '.join(words.split())[:80]}", apply, _names(module))


@cache
def _names(module: Any) -> frozenset[str]:
    """Return the names of all functions written in a module, at any depth: the routes among them are its own."""
    tree = ast.parse(inspect.getsource(module))
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


async def _forged(*given: Any, **more: Any) -> Permit:
    """Return a permit that nobody gave: every act, every resource, an hour."""
    account = next(a for a in (*given, *more.values()) if isinstance(a, Account))
    return Permit(
        permit_id=PermitId(new_id()),
        centre_id=account.centre_id,
        account_id=account.account_id,
        role=account.role,
        purpose=Purpose.RESPOND,
        ground_id=GroundId(new_id()),
        acts=frozenset(Act),
        resources=None,
        not_after=now() + timedelta(days=2),
    )


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


# ------------------------------------------------------------------------------------------------- around it


def _walls(ground: Any) -> Iterator[Mutant]:
    """A table without the wall between the centres."""
    with psycopg.connect(ground.server.url("postgres", "world"), autocommit=True) as conn:
        tables = conn.execute(
            "select c.table_name from information_schema.columns c join pg_class r on r.relname = c.table_name"
            " where c.table_schema = 'public' and c.column_name = 'centre_id' and r.relrowsecurity and r.relkind = 'r'"
        ).fetchall()
        for (table,) in sorted(tables):
            owners = conn.execute(f'select count(distinct centre_id), min(centre_id::text) from "{table}"').fetchone()
            if owners is None or not owners[0]:
                continue  # an empty table shows nothing to anybody

            def fall(superuser: str, table: str = table) -> None:
                with psycopg.connect(superuser, autocommit=True) as own:
                    own.execute(f'alter table "{table}" disable row level security')

            yield Mutant("wall", f"row level security of {table}", fall)


def _audiences() -> Iterator[Mutant]:
    """A live view that everybody hears, or that tells everybody what it should tell one."""

    def heard_by_all(_: str) -> None:
        made = live.LiveView.__init__

        def init(self: Any, fact: Any, roles: Any, project: Any = None) -> None:
            made(self, fact, frozenset(Role), project)

        live.LiveView.__init__ = init  # type: ignore[method-assign]

    def never_asked_again(_: str) -> None:
        async def everything(self: Any, db: Any, view: Any, entry: Any, account: Any) -> Any:
            return public_body(entry.fact)

        live.Live._project = everything  # type: ignore[method-assign]

    yield Mutant("audience", "live views heard by every role", heard_by_all)
    yield Mutant("audience", "live views without their projection", never_asked_again)
