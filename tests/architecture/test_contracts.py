"""What we publish is what the code says: OpenAPI, facts, settings."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.architecture.conftest import Whole

from ansimnet.kernel.facts import Fact
from ansimnet.platform.ledger import facts_by_kind
from ansimnet.platform.settings import Settings

ROOT = Path(__file__).parents[2]
KIND = re.compile(r"(?P<slice>[a-z]+)\.(?P<thing>[a-z]+(-[a-z]+)*)\.(?P<verb>[a-z]+(-[a-z]+)*)\.v[1-9]\d*")

FOR_THE_RECORD: dict[str, str] = {
    "protection.home.changed.v1": "auditors read where a home camera was set up, on what it rests, and when it was off",
    "protection.face.enrolled.v1": "auditors read whose face was enrolled where, by which order and which two people",
    "protection.faces.destroyed.v1": "auditors read that the templates of an order died with it",
    "protection.home.looked.v1": "auditors read who looked at a home camera live, and under which incident",
    "footage.ticket.acted.v1": "auditors read who did what about a defective camera, and when",
    "cameras.sound.permitted.v1": "auditors read where the kinds of sound are told, by which clause and decision",
    "cameras.sound.forbidden.v1": "auditors read when a camera was no longer listened to",
    "cameras.place.restricted.v1": "auditors read where no camera may be put, and by which clause",
    "policy.access.decided.v1": "auditors and the privacy officer's view read the ledger itself",
    "policy.ground.granted.v1": "auditors read why somebody could look",
    "policy.ground.changed.v1": "auditors read how a ground was widened, capped or extended",
    "policy.permit.extended.v1": "auditors read who kept looking, and why",
    "policy.permits.revoked.v1": "auditors read when a look ended; relays hear of it by NOTIFY, at once",
    "policy.account.created.v1": "auditors read who was let in",
    "policy.account.disabled.v1": "auditors read who was shut out",
    "policy.account.signed-in.v1": "auditors read who tried to sign in, and failed",
    "footage.scene.asked.v1": "auditors read which citizens a desk asked for pictures, and by whom",
    "policy.facilities.assigned.v1": "auditors read who answers for which cameras, and until when",
    "policy.account.moved.v1": "auditors read whose rights changed with the office",
    "policy.account.invited.v1": "auditors read who was given a code instead of a password",
    "policy.account.factor-changed.v1": "auditors read what proves an account, and since when",
    "policy.session.stepped-up.v1": "auditors read who proved it once more before a grave step",
    "policy.sessions.ended.v1": "auditors read who was shut out in the middle of work, and by whom",
    "supervision.wearer.registered.v1": "auditors read who was put under which order",
    "supervision.wearer.transferred.v1": "auditors read which office was competent, and since when",
    "supervision.device.bound.v1": "auditors read whose device it is; its checks are owed by a duty",
    "supervision.condition.set.v1": "auditors read what a wearer had to keep to, and since when",
    "supervision.violation.confirmed.v1": "an officer's own finding; a report to the director follows by hand",
    "supervision.alarm.judged.v1": "the load screen counts verdicts from the alarms; auditors read who gave each",
    "supervision.sender.isolated.v1": "auditors read which device was not heard for a while, and why",
    "supervision.history.moved.v1": "auditors read when a whole history left or came, and its hash",
    "supervision.petition.filed.v1": "auditors read what a director asked of a court, and on what count",
    "supervision.court.decided.v1": "auditors read what a court decided; an officer carries it out by hand",
    "supervision.officer.assigned.v1": "auditors read who looked after whom, and where the limit was overridden",
    "notifications.hub-alarm.taken.v1": "auditors read what a district reported, and who was told",
    "policy.agency.registered.v1": "auditors read whom a centre works with, and why",
    "policy.agreement.registered.v1": "auditors read what was agreed, with whom and until when",
    "policy.agreement.ended.v1": "auditors read when an agency's access stopped, and what stopped with it",
    "policy.footage-right.suspended.v1": "auditors read who may not view footage any more, and why",
    "policy.footage-limit.decided.v1": "auditors read how many people a centre lets view its footage",
    "policy.centre.registered.v1": "auditors read which centres this one knows",
    "duties.rule.changed.v1": "auditors read which limit a centre changed, and from when",
    "cameras.file.imported.v1": "the record of what a registry consists of",
    "policy.review.drafted.v1": "auditors compare a month's review with its hash",
    "policy.review.signed.v1": "auditors read who signed which review",
    "policy.access.judged.v1": "the review and the looks show what was found",
    "policy.look.questioned.v1": "the privacy officer's board shows who waits for an answer",
    "policy.look.answered.v1": "the person reads the answer; auditors that there was one",
    "policy.download.made.v1": "the monthly review folds every download with its reason",
    "policy.acquaintance.changed.v1": "auditors read what a seat's holder declared, and when",
    "policy.release.published.v1": "everybody compares a published month with its hash",
    "ledger.fork.found.v1": "auditors and the privacy officer read that another centre's ledger contradicts itself",
    "ledger.head.witnessed.v1": "auditors read which heads another centre has seen",
    "ledger.payload.erased.v1": "auditors read whose key was destroyed, and under which rule",
    "policy.output.registered.v1": "slices that made an output read it back when it must go",
    "policy.output.destroyed.v1": "auditors read that what came out of a rejected request is gone",
    "policy.request.destroyed.v1": "auditors read that what went into a rejected request is gone",
    "policy.break-glass.told.v1": "auditors read how soon the privacy officer was told",
    "footage.sealing-key.announced.v1": "whoever checks an export reads which keys the centre seals with",
    "footage.seals.anchored.v1": "whoever checks an export reads that its pictures were sealed when they were made",
    "footage.export.asked.v1": "auditors read who wanted to take pictures out, and under which permit",
    "footage.export.reviewed.v1": "auditors read who let an export go on as the second person",
    "footage.export.sealed.v1": "whoever checks an export reads that its manifest is the one that was sealed",
    "footage.doubt.decided.v1": "auditors read what the second person decided about each doubtful frame",
    "footage.onvif.set-up.v1": "auditors read what a camera may be turned to, and who registered it",
    "footage.onvif.dropped.v1": "auditors read since when a camera is not asked any more",
    "footage.ptz.taken.v1": "auditors read who held a camera, for what; screens of the city show it at once",
    "footage.ptz.turned.v1": "auditors read where a camera was told to look; screens of the city show it at once",
    "footage.ptz.asked.v1": "the screen of whoever holds a camera shows who asks for it",
    "footage.ptz.released.v1": "screens of the city show that a camera is free; auditors read why",
    "footage.ptz.preset-kept.v1": "auditors read which poses have names, and who gave them",
    "footage.ptz.preset-removed.v1": "auditors read who took a preset away",
    "footage.privacy-zones.set.v1": "auditors read which parts of a camera's picture nobody may see, and since when",
    "footage.export.downloaded.v1": "auditors read who took an export, and how often",
    "footage.export.ended.v1": "auditors read when an export was destroyed, and why",
    "footage.recording.opened.v1": "auditors read who was going to look at which hours of which cameras",
    "footage.recording.seen.v1": "auditors read which minutes of a recording somebody was shown",
    "footage.bookmark.placed.v1": "auditors read who marked an instant of a recording",
    "footage.bookmark.removed.v1": "auditors read who took his mark away",
    "footage.recordings.destroyed.v1": "auditors compare a certificate's list with its root",
    "footage.clock.doubted.v1": "screens of the city show it at once; auditors read since when",
    "footage.clock.settled.v1": "screens of the city show it at once; auditors read until when",
    "footage.disk.filling.v1": "screens of the city show it a day ahead",
    "vision.alarm.raised.v1": "screens of the city show it at once; auditors read what alarmed, and how sure",
    "vision.alarm.released.v1": "screens of the city show a held alarm at once",
    "vision.miss.reported.v1": "screens of the city show it; auditors read what no camera told",
    "vision.setup.changed.v1": "auditors compare a version of zones and calibration with its hash",
    "vision.picture.opened.v1": "auditors read who saw a camera's picture to draw on it",
    "vision.tuning.changed.v1": "auditors read what verdicts changed of a camera, and who let it",
    "vision.mode.changed.v1": "auditors read which model counts, and since when",
    "vision.budget.changed.v1": "auditors read how many alarms an operator is asked to judge",
    "vision.worker.registered.v1": "auditors read which machines may report, and who let them",
    "vision.worker.ended.v1": "auditors read since when a machine may not report any more",
    "vision.alarms.forgotten.v1": "auditors read what was destroyed after its term",
    "tracing.search.asked.v1": "auditors read who searched for whom, on what ground, and until when (TR-04)",
    "tracing.keys.released.v1": "auditors read which cameras' hours were opened to a search",
    "tracing.hop.made.v1": "auditors read each step of a search; where it led is under its request's key",
    "tracing.search.ended.v1": "auditors read when a search ended, and why",
    "tracing.findings.destroyed.v1": "auditors read when what a search found was destroyed",
    "tracing.sightings.destroyed.v1": "auditors read that sightings die with their thirty days",
    "dispatch.city-incident.opened.v1": "screens of the city show it at once; auditors read who confirmed what",
    "dispatch.city-alarm.joined.v1": "screens of the city show it at once",
    "dispatch.city-agency.called.v1": "auditors read who called whom, or decided to call nobody",
    "dispatch.city-incident.closed.v1": "screens of the city show it; auditors read how it ended",
    "footage.provision.extended.v1": "the city reads how long it gave, and who asked for more (EM-16)",
}
"""Facts that nobody in this build follows by program, and who reads them instead."""

ALSO = {"policy": ("openness",)}
"""Slices whose facts fill more than one file."""


@pytest.fixture(scope="session")
def contracts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tools_contracts", ROOT / "tools" / "contracts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_published_files_are_what_the_code_says(contracts: ModuleType, whole: Whole) -> None:
    assert whole.host.parts.readers
    wanted: dict[Path, str] = {
        p: text
        for p, text in contracts.generated().items()
        if "tests." not in p.name and not p.name.startswith("test.")
    }
    stale = [str(p) for p, text in wanted.items() if not (ROOT / p).exists() or (ROOT / p).read_text("utf-8") != text]
    assert stale == [], "run: make contracts"
    published = {p.relative_to(ROOT) for p in (ROOT / "contracts" / "facts").glob("*.json")}
    assert published == {p for p in wanted if p.parts[:2] == ("contracts", "facts")}


def test_generating_twice_gives_the_same(contracts: ModuleType) -> None:
    assert contracts.openapi() == contracts.openapi()


# ---------------------------------------------------------------------------------------------- OpenAPI


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    document = json.loads((ROOT / "contracts" / "openapi.json").read_text("utf-8"))
    return [(path, method, op) for path, ops in document["paths"].items() for method, op in ops.items()]


def test_operation_ids_are_stable_names() -> None:
    ids = [op["operationId"] for _, _, op in operations()]
    assert len(set(ids)) == len(ids)
    assert [i for i in ids if not re.fullmatch(r"[a-z]+-[a-z0-9_-]+", i)] == []


def test_every_route_says_what_it_does_and_how_it_refuses() -> None:
    for path, method, op in operations():
        where = f"{method} {path}"
        assert op.get("summary"), where
        assert len(op.get("description", "").split()) >= 2, where
        assert op.get("tags"), where
        for code in ("4XX", "5XX"):
            assert "application/problem+json" in op["responses"][code]["content"], where
        assert "422" not in op["responses"], where  # that would be the framework's form, which we never give


def test_every_reference_of_the_document_exists() -> None:
    text = (ROOT / "contracts" / "openapi.json").read_text("utf-8")
    document = json.loads(text)
    for ref in set(re.findall(r'"\$ref": "#/([^"]+)"', text)):
        at: Any = document
        for step in ref.split("/"):
            at = at[step]
        assert at


def test_no_description_of_a_route_holds_a_secret_place() -> None:
    text = (ROOT / "contracts" / "openapi.json").read_text("utf-8")
    assert "/tmp/" not in text
    assert "Depends" not in text


# ---------------------------------------------------------------------------------------------- facts


def facts(whole: Whole) -> list[type[Fact]]:
    assert whole.host.parts.readers
    return [f for kind, f in sorted(facts_by_kind().items()) if f.__module__.startswith("ansimnet.")]


def test_every_kind_is_a_slices_thing_in_the_past(whole: Whole) -> None:
    for fact in facts(whole):
        found = KIND.fullmatch(fact.kind)
        assert found is not None, fact.kind
        homes = {f"ansimnet.facts.{home}" for home in (found["slice"], *ALSO.get(found["slice"], ()))}
        assert fact.__module__ in homes, fact.kind
        assert fact.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert "__dict__" not in dir(fact), fact.kind


def test_subjects_and_personal_fields_exist(whole: Whole) -> None:
    for fact in facts(whole):
        names = {f.name for f in fields(fact)}
        assert fact.personal <= names, fact.kind
        assert bool(fact.personal) == (fact.subject is not None), fact.kind
        if fact.subject is not None:
            assert fact.subject in names - fact.personal, fact.kind


def test_places_and_words_are_always_personal(whole: Whole) -> None:
    """Whatever names a place or holds what somebody typed lies encrypted beside the chain."""
    telling = {
        "lat",
        "lon",
        "text",
        "note",
        "message",
        "answer",
        "place_coarse",
        "accompanied_by",
        "course_deg",
        "speed_mps",
    }
    for fact in facts(whole):
        open_ones = {f.name for f in fields(fact)} & telling - fact.personal
        assert open_ones == set(), fact.kind


def test_every_fact_is_followed_or_says_who_reads_it(whole: Whole) -> None:
    parts = whole.host.parts
    followed = {kind for r in parts.readers for kind in r.kinds} | {v.fact for v in parts.live}
    followed |= set(parts.link_out) | set(parts.link_in)
    silent = {f.kind for f in facts(whole) if f not in followed}
    assert sorted(silent - set(FOR_THE_RECORD)) == []
    assert {k for k in FOR_THE_RECORD if k not in {f.kind for f in facts(whole)}} == set()
    assert all(len(why.split()) > 4 for why in FOR_THE_RECORD.values())


def test_a_schema_says_which_fields_are_personal(whole: Whole) -> None:
    for fact in facts(whole):
        schema = json.loads((ROOT / "contracts" / "facts" / f"{fact.kind}.json").read_text("utf-8"))
        marked = {name for name, of in schema["properties"].items() if of.get("x-personal")}
        assert marked == set(fact.personal)
        assert schema.get("x-subject") == fact.subject


def test_only_some_roles_hear_of_people(whole: Whole) -> None:
    """A view without a projection carries public fields alone; one with a projection names its one role."""
    for view in whole.host.parts.live:
        assert view.roles, view.fact.kind


# ---------------------------------------------------------------------------------------------- settings


def test_every_setting_has_a_sentence_and_its_variable_is_documented() -> None:
    page = (ROOT / "docs" / "ref" / "settings.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        said = field.description or ""
        assert len(said.split()) > 4, name
        assert said.endswith("."), name
        assert f"`ANSIMNET_{name.upper()}`" in page, name


BY_HAND = "ANSIMNET_ADMIN_URL"
"""An administrator's own, for one command of a backup or a rotation: no running part reads it."""


def test_no_other_variable_is_read() -> None:
    known = {f"ANSIMNET_{name.upper()}" for name in Settings.model_fields} | {BY_HAND}
    named = {
        (word, str(file.relative_to(ROOT)))
        for file in (ROOT / "src" / "ansimnet").rglob("*.py")
        for word in re.findall(r"ANSIMNET_[A-Z0-9_]+[A-Z0-9]", file.read_text("utf-8"))
    }
    assert {(w, f) for w, f in named if w not in known} == set()
