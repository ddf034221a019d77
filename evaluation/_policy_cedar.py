"""Questions in Cedar's words, and Cedar's answers. It reads values and the export, never our core."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import cedarpy
from evaluation._policy_space import CENTRES, Asked, Situation

from ansimnet.kernel.clock import KST
from ansimnet.kernel.ids import CentreId
from ansimnet.kernel.permits import Masking, Role
from ansimnet.slices.policy.model import Account, Apart, Ground, Line, Never
from ansimnet.slices.policy.rules.cedar import DISABLED, export

BATCH = 4000
_MASKING = {m: n for n, m in enumerate((Masking.MASKED, Masking.MARKED, Masking.ORIGINAL))}
_CENTRE = {centre: kind.value for kind, centre in CENTRES.items()}


def _centre(centre: CentreId | None) -> str:
    return "" if centre is None else _CENTRE.get(centre, "stranger")


def _ids(ids: Iterable[UUID]) -> list[str]:
    return sorted(str(i) for i in ids)


def _ground(g: Ground) -> dict[str, Any]:
    return {
        "statute": g.statute,
        "trigger": g.trigger or "",
        "whole": g.resources is None,
        "reaches": _ids((g.resources or frozenset()) | g.about),
        "parties": _ids(g.parties),
        "for_centre": _centre(g.for_centre),
        "account": "" if g.account_id is None else str(g.account_id),
        "from": int(g.from_at.timestamp()),
        "until": int(g.until_at.timestamp()),
        "ended": g.ended_at is not None,
        "any_act": g.acts is None,
        "acts": sorted(a.value for a in g.acts or ()),
        "second": g.request_id is not None,
    }


def _situation(number: int, s: Situation) -> dict[str, Any]:
    local = s.now.astimezone(KST)
    ties = {
        t.relation.value: {"holds": t.holds, "tied": t.resources is not None, "ids": _ids(t.resources or ())}
        for t in s.relations.ties
    }
    attrs: dict[str, Any] = {
        "centre": _centre(s.place),
        "now": int(s.now.timestamp()),
        "minute": local.hour * 60 + local.minute,
        "none": s.resources is None,
        "asked": _ids(s.resources or ()),
        "ties": ties,
        "holding": sorted(x.value for x in s.relations.holding),
        **{g.kind.value: _ground(g) for g in s.grounds},
    }
    return {"uid": {"type": "Situation", "id": str(number)}, "attrs": attrs, "parents": []}


def _account(number: int, a: Account) -> dict[str, Any]:
    attrs = {
        "role": a.role.value,
        "centre": _centre(a.centre_id),
        "id": str(a.account_id),
        "own": "" if a.subject_id is None else str(a.subject_id),
        "disabled": a.disabled_at is not None,
    }
    return {"uid": {"type": "Account", "id": str(number)}, "attrs": attrs, "parents": []}


class Oracle:
    """The table as Cedar has it. Each role is asked about with the policies that name it."""

    def __init__(self, lines: tuple[Line, ...], nevers: tuple[Never, ...], aparts: tuple[Apart, ...]) -> None:
        self.texts = {role: DISABLED + export(lines, nevers, aparts, role) for role in Role}
        self._sets = {role: cedarpy.PolicySet.from_str(text) for role, text in self.texts.items()}
        self._rows = {role: ["account-disabled", *(ln.name for ln in lines if role in ln.roles)] for role in Role}

    def answers(self, asked: list[Asked], tell: Callable[[int], None]) -> list[frozenset[str] | None]:
        """Return for each question the rows that allow it, or None where Cedar denies.

        Raises:
            ValueError: Cedar met an error in a policy, so its answer proves nothing.
        """
        situations: dict[int, int] = {}
        accounts: dict[int, int] = {}
        entities: list[dict[str, Any]] = []
        for q in asked:
            if id(q.situation) not in situations:
                situations[id(q.situation)] = len(situations)
                entities.append(_situation(len(situations) - 1, q.situation))
            if id(q.account) not in accounts:
                accounts[id(q.account)] = len(accounts)
                entities.append(_account(len(accounts) - 1, q.account))
        world = cedarpy.Entities.from_json_str(json.dumps(entities))
        by_role: dict[Role, list[int]] = defaultdict(list)
        for n, q in enumerate(asked):
            by_role[q.account.role].append(n)
        found: list[frozenset[str] | None] = [None] * len(asked)
        done = 0
        for role, numbers in by_role.items():
            for start in range(0, len(numbers), BATCH):
                part = numbers[start : start + BATCH]
                requests = [_request(asked[n], accounts, situations) for n in part]
                for n, r in zip(part, cedarpy.is_authorized_batch(requests, self._sets[role], world), strict=True):
                    if r.diagnostics.errors:
                        raise ValueError(f"Cedar: {r.diagnostics.errors[0]}")
                    if r.allowed:
                        found[n] = frozenset(self._name(role, p) for p in r.diagnostics.reasons)
                done += len(part)
                tell(done)
        return found

    def _name(self, role: Role, policy: str) -> str:
        number = policy.removeprefix("policy")
        return self._rows[role][int(number)] if number.isdigit() else policy


def _request(q: Asked, accounts: dict[int, int], situations: dict[int, int]) -> dict[str, Any]:
    masking = _MASKING[q.masking]
    return {
        "principal": f'Account::"{accounts[id(q.account)]}"',
        "action": f'Action::"{q.act.value}"',
        "resource": f'Situation::"{situations[id(q.situation)]}"',
        "context": f'{{"act":"{q.act.value}","purpose":"{q.purpose.value}","masking":{masking}}}',
    }
