"""Writes the table as Cedar policies, row by row: a second reader for the same rules, which asks nothing of ours.

Entities: `Account` {role, centre, id, own, disabled}, `Situation` {centre, now, minute, none, asked, ties, holding, and
at most one ground of each kind under its name}. Context: {act, purpose, masking 0-2}. Times are seconds of the epoch,
ids are strings, `own` and a ground's `account`, `for_centre` and `trigger` are empty where there is none.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from itertools import product

from ansimnet.facts.supervision import Trigger
from ansimnet.kernel.permits import Act, GroundKind, Role
from ansimnet.slices.policy.model import Apart, Hours, Line, Never, Reach, Relation, Side
from ansimnet.slices.policy.rules.checks import MASKING_ORDER, SIDES

PROVISION = ("PIPA 18(2)3", "PIPA 18(2)7")


def export(lines: Iterable[Line], nevers: Collection[Never], aparts: Iterable[Apart], role: Role | None = None) -> str:
    """Return the whole table as Cedar text, or the part that speaks of one role.

    A row that does not name a role cannot allow it anything, so leaving it out changes no answer about that role.
    """
    rows = [ln for ln in lines if role is None or role in ln.roles]
    return "\n".join([*(_permit(ln, nevers) for ln in rows), *(_apart(a, side) for a in aparts for side in _sides(a))])


def _list(words: Iterable[str]) -> str:
    return "[" + ", ".join(json.dumps(str(w), ensure_ascii=False) for w in sorted(words)) + "]"


def _actions(acts: Iterable[Act]) -> str:
    return "[" + ", ".join(f'Action::"{a.value}"' for a in sorted(acts)) + "]"


def _permit(line: Line, nevers: Collection[Never]) -> str:
    pairs = [(h, p) for h, p in product(sorted(line.homes), sorted(line.places)) if line.joins(h, p)]
    centres = " || ".join(f'(principal.centre == "{h}" && resource.centre == "{p}")' for h, p in pairs)
    asked, none = "resource.asked", "resource.none"
    says = [
        f"{_list(line.roles)}.contains(principal.role)",
        f"({centres})",
        f"{_list(line.purposes)}.contains(context.purpose)",
        f"context.masking <= {MASKING_ORDER[line.masking]}",
    ]
    if line.hours is not None:
        says.append(_hours(line.hours))
    for relation in (*line.needs, *line.unless_lost):
        says.append(_tie(relation, asked, none, needed=relation in line.needs))
        tie = f'resource.ties has "{relation}" && resource.ties["{relation}"].tied && {none}'
        asked = f'(if {tie} then resource.ties["{relation}"].ids else {asked})'
        none = f"({none} && !({tie}))"
    says.append(_standing(line, asked, none) if line.standing else _ground(line, asked, none))
    bars = [n for n in nevers if line.ground in n.grounds and n.roles & line.roles and n.acts & line.acts]
    unless = " || ".join(_never(n) for n in bars)
    tail = f" unless {{ {unless} }}" if unless else ""
    when = " &&\n  ".join(says)
    head = f'@id("{line.name}")\npermit (principal, action in {_actions(line.acts)}, resource)'
    return f"{head} when {{\n  {when}\n}}{tail};"


def _never(never: Never) -> str:
    return (
        f"(action in {_actions(never.acts)} && {_list(never.roles)}.contains(principal.role) && "
        f"{_list(never.homes)}.contains(principal.centre))"
    )


def _hours(hours: Hours) -> str:
    start, end = f"resource.minute >= {hours.from_minute}", f"resource.minute < {hours.until_minute}"
    return f"({start} {'&&' if hours.from_minute < hours.until_minute else '||'} {end})"


def _tie(relation: Relation, asked: str, none: str, *, needed: bool) -> str:
    has, tie = f'resource.ties has "{relation}"', f'resource.ties["{relation}"]'
    covers = f"(if {none} then !{tie}.ids.isEmpty() else (!{asked}.isEmpty() && {tie}.ids.containsAll({asked})))"
    good = f"{tie}.holds && (!{tie}.tied || {covers})"
    return f"({has} && {good})" if needed else f"(!({has}) || ({good}))"


def _standing(line: Line, asked: str, none: str) -> str:
    if line.reach is Reach.CENTRE:
        return "true"
    own = "principal.id" if line.reach is Reach.SELF else "principal.own"
    return f'({own} != "" && ({none} || {asked} == [{own}]))'


def _ground(line: Line, asked: str, none: str) -> str:
    kind = line.ground.value
    g = f"resource.{kind}"
    home = "principal.centre == resource.centre"
    says = [
        f'resource has "{kind}"',
        f"{g}.from <= resource.now && resource.now < {g}.until && !{g}.ended",
        f"({g}.any_act || {g}.acts.contains(context.act))",
        f"({home} || {g}.for_centre == principal.centre)",
        f'({g}.account == "" || {g}.account == principal.id)',
    ]
    if line.ground is GroundKind.TRIGGER:
        says.append(f"{_list(t.value for t in Trigger)}.contains({g}.trigger)")
        says.append(f"{_list(PROVISION)}.contains({g}.statute)")
    else:
        says.append(f'{g}.trigger == ""')
    if line.clauses:
        says.append(f"{_list(line.clauses)}.contains({g}.statute)")
    if line.second_person:
        says.append(f"{g}.second")
    if line.reach is Reach.PARTY:
        says.append(f"(!({home}) || {g}.parties.contains(principal.own))")
    whole = "true" if line.ground is GroundKind.STATUTE else "false"
    says.append(f"(if {g}.whole then {whole} else (!{none} && !{asked}.isEmpty() && {g}.reaches.containsAll({asked})))")
    return " &&\n  ".join(says)


def _sides(apart: Apart) -> tuple[Side, Side]:
    return apart.first, apart.second


def _apart(apart: Apart, side: Side) -> str:
    """Return the ban on one side while the other is held."""
    other = apart.second if side is apart.first else apart.first
    acts = _actions(a for a, s in SIDES.items() if s is side)
    joined = f" && !{_list(apart.joined_by)}.contains(principal.role)" if apart.joined_by else ""
    return (
        f'@id("{apart.name}/{side}")\nforbid (principal, action in {acts}, resource) when {{\n'
        f'  resource.holding.contains("{other}"){joined}\n}};'
    )


DISABLED = '@id("account-disabled")\nforbid (principal, action, resource) when { principal.disabled };\n'
"""The one rule that is in no table."""
