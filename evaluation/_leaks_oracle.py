"""Who may see and do what, written a second time and by hand: by role, by whose data it is, by the state it is in.

It knows nothing of permits, grounds or tables of the product. Its sources are the ordinance and the table of roles in
docs/design/lawful-access.md: an account sees a field of a person when its line below says so, and answers to a request
succeed only for the roles its route names. A route without a line is itself a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evaluation._leaks_requests import Shot
from evaluation._leaks_routes import ROUTES
from evaluation._leaks_world import CLOSED, EXPIRED, GLASS, LIVE, QUIET, Actor, Canary, World

ALL = frozenset({LIVE, CLOSED, EXPIRED, QUIET})
HAD = frozenset({LIVE, CLOSED, EXPIRED})  # there is or was an incident
OPEN = frozenset({LIVE, EXPIRED})  # an incident that nobody closed
GIVEN = frozenset({LIVE})  # footage was given and the hour has not passed
DOOR = frozenset({LIVE})  # a camera at her door alerted, and somebody brought it to 112

ROOM = "tracking_controller shift_lead"
OFFICE = "probation_officer office_director"
SCENE = "fire_119 fire_119@city disaster_room disaster_room@city"
CODES = (
    "centre_operator shift_lead administrator facility_manager police_112 fire_119 disaster_room auditor"
    " privacy_officer court_clerk investigator"
)
"""Of the city: who reads the register, whether a camera works, or what is kept of it."""

SEES: dict[tuple[str, str], list[tuple[str, frozenset[int]]]] = {
    ("wearer", "code"): [
        (f"{ROOM} {OFFICE}", ALL),
        ("police_112", HAD),
        ("court_clerk", HAD),  # whom a petition at court names, and only who broke a condition can be petitioned about
        ("own:unit", OPEN),
        ("own:wearer", ALL),
    ],
    ("wearer", "office"): [
        (f"{ROOM} {OFFICE} auditor privacy_officer", ALL),
        ("police_112", HAD),
        ("court_clerk", HAD),  # which office petitions
        ("own:wearer", ALL),
    ],
    ("wearer", "order"): [(f"{ROOM} {OFFICE}", ALL), ("own:wearer", ALL)],
    ("wearer", "device"): [(f"{ROOM} {OFFICE}", ALL), ("own:wearer", ALL)],
    ("wearer", "condition"): [(f"{ROOM} {OFFICE}", ALL), ("police_112", HAD), ("own:wearer", ALL)],
    ("wearer", "zone"): [(f"{ROOM} {OFFICE}", ALL), ("police_112", HAD), ("own:wearer", ALL)],
    ("wearer", "place"): [
        (SCENE, HAD),  # the incident's place, for those who rescue
        (f"{ROOM} {OFFICE}", ALL),
        ("police_112", HAD),
        ("centre_operator@city shift_lead@city", GIVEN),
        ("own:unit", OPEN),
        ("own:victim", OPEN),
        ("own:wearer", ALL),
    ],
    ("wearer", "report"): [(f"{ROOM} {OFFICE}", ALL), ("own:wearer", ALL)],
    ("wearer", "contest"): [(f"{ROOM} {OFFICE}", ALL), ("own:wearer", ALL)],
    ("wearer", "petition"): [(f"{ROOM} {OFFICE} court_clerk", ALL), ("own:wearer", ALL)],
    ("wearer", "decision"): [(f"{ROOM} {OFFICE}", ALL), ("own:wearer", ALL)],
    ("wearer", "check"): [(f"{ROOM} {OFFICE}", ALL), ("own:wearer", ALL)],
    ("victim", "code"): [(f"{OFFICE} police_112", ALL), (ROOM, HAD), ("own:unit", OPEN), ("own:victim", ALL)],
    ("victim", "device"): [(f"{OFFICE} police_112", ALL), (ROOM, OPEN), ("own:victim", ALL)],
    ("victim", "place"): [(f"{OFFICE} police_112 {ROOM}", OPEN), ("own:victim", ALL)],
    ("victim", "home"): [("own:victim", ALL), ("police_112", DOOR)],
    ("victim", "phone"): [],
    ("victim", "film"): [("police_112", DOOR), ("own:victim", ALL)],
    ("unit", "name"): [(f"{ROOM} {OFFICE} police_112 administrator", ALL), ("own:unit", ALL)],
    ("unit", "place"): [(f"{ROOM} {OFFICE} police_112", ALL), ("own:unit", ALL)],
    ("incident", "note"): [(f"{ROOM} {OFFICE} police_112", HAD)],
    ("incident", "number"): [(f"{ROOM} {OFFICE} {SCENE} police_112 auditor privacy_officer", HAD), ("own:unit", OPEN)],
    ("incident", "order text"): [(f"{ROOM} {OFFICE} police_112", HAD), ("own:unit", OPEN)],
    ("city", "camera"): [
        (f"{' '.join(f'{r}@city' for r in CODES.split())} {ROOM}", ALL),  # the register of public cameras is open data
        ("own:unit", GIVEN),
    ],
    ("city", "break-glass reason"): [("centre_operator@city privacy_officer@city", frozenset({0}))],
    ("city", "account"): [("administrator@city privacy_officer@city", frozenset({0}))],
    ("tracking", "account"): [("administrator privacy_officer", frozenset({0}))],
}
"""Owner and field -> who may see it, in which situations. A role without `@` means the tracking centre's."""


def holds(actor: Actor, words: str) -> bool:
    """Return whether an actor is one of the roles in a line."""
    return any((w if "@" in w else f"{w}@tracking") == f"{actor.role}@{actor.centre}" for w in words.split())


def may_see(actor: Actor, canary: Canary, needle: str, *, lapsed: bool = False) -> bool:
    """Return whether this person may see this value; `lapsed`: so late that nothing is given any more."""
    if not actor.live or canary.owner == "secret":
        return False
    if canary.what == "account" and needle == f"QSEAT-{actor.name.replace('@', '-').replace('_', '-')}":
        return True  # one's own seat
    for who, situations in SEES.get((canary.owner, canary.what), []):
        if canary.situation not in situations or (lapsed and situations is GIVEN):
            continue
        if who.startswith("own:"):
            if actor.subject == f"{who[4:]}{canary.situation}":
                return True
        elif holds(actor, who):
            return True
    return False


def judged(operation: str) -> bool:
    """Return whether somebody thought about this route."""
    return operation in ROUTES


def may_do(actor: Actor, shot: Shot, *, lapsed: bool = False) -> bool:
    """Return whether a request of this person may succeed at all."""
    line = ROUTES.get(shot.operation.name)
    if line is None:
        return False
    roles, _, limits = line.partition("|")
    if roles.strip() == "everybody":
        return True
    if not actor.live or not (roles.strip() == "signed-in" or holds(actor, roles)):
        return False
    return all(_within(actor, shot, limit, lapsed) for limit in limits.split())


def _within(actor: Actor, shot: Shot, limit: str, lapsed: bool) -> bool:
    """Return whether a request keeps to a limit of its line: `own` or `live`, both of the id in the address."""
    situations = {whose[-1] for whose in shot.used.values() if re.search(r"\d$", whose)}
    if limit == "own":
        return situations <= {actor.subject[-1:]}
    if limit == "live":
        glass = GLASS in shot.used.values()
        broke = f"{actor.role}@{actor.centre}" == "centre_operator@city"
        return not lapsed and situations <= {str(LIVE)} and (broke or not glass)
    if limit == "masked":  # nobody here was approved by a second person to see originals
        return not isinstance(shot.body, dict) or shot.body.get("masking") in (None, "masked")
    if limit == "unit-own":
        return actor.role != "field_unit" or situations <= {actor.subject[-1:]}
    raise AssertionError(f"no limit `{limit}`")


class Scanner:
    """Finds canaries in what somebody was given."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pattern = re.compile("|".join(re.escape(n) for n in sorted(world.canaries, key=len, reverse=True)))

    def leaks(self, actor: Actor, text: str, said: str) -> Iterable[tuple[str, Canary]]:
        """Yield what this text gives away to somebody who may not have it; what the client said itself is none."""
        for needle in set(self.pattern.findall(text)):
            canary = self.world.canaries[needle]
            if not may_see(actor, canary, needle, lapsed=self.world.lapsed) and needle not in said:
                yield needle, canary
