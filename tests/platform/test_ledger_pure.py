"""Canonical bytes, Merkle roots and keys: no database."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, get_type_hints
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.platform.ledger_kit import personal, plain

import ansimnet.facts.cameras
import ansimnet.facts.dispatch
import ansimnet.facts.footage
import ansimnet.facts.notifications
import ansimnet.facts.policy
import ansimnet.facts.protection
import ansimnet.facts.supervision  # noqa: F401 - every published fact
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.facts import Fact
from ansimnet.platform.ledger import merkle
from ansimnet.platform.ledger.canonical import (
    NotCanonical,
    canonical,
    fact_json,
    fact_of_json,
    facts_by_kind,
    instant,
    join,
    personal_fields,
    split,
)
from ansimnet.platform.ledger.keys import KeyBroken, KeyStore, read_public

KINDS = sorted(k for k, c in facts_by_kind().items() if c.__module__.startswith("ansimnet.facts"))


def example(cls: type[Fact]) -> Fact:
    """Return a fact of any class with a value of the right type in every field."""
    hints = get_type_hints(cls)

    def value(hint: Any) -> Any:
        if hasattr(hint, "__supertype__"):
            return value(hint.__supertype__)
        if hasattr(hint, "__args__"):
            inner = value(hint.__args__[0])
            return (inner,) if hint.__origin__ is tuple else inner
        if hint is UUID:
            return uuid4()
        if hint is datetime:
            return datetime(2026, 11, 2, 3, 4, 5, 600, tzinfo=UTC)
        if hasattr(hint, "__members__"):
            return next(iter(hint))
        return {str: "말 \"'\\ \n", int: 7, float: 0.1, bool: True}[hint]

    def of(hint: Any) -> Any:
        origin = getattr(hint, "__origin__", None)
        if origin is tuple:
            return (value(hint.__args__[0]), value(hint.__args__[0]))
        args = [a for a in getattr(hint, "__args__", ()) if a is not type(None)]
        return value(args[0]) if args else value(hint)

    return cls(**{f.name: of(hints[f.name]) for f in fields(cls)})


@pytest.mark.parametrize("kind", KINDS)
def test_every_published_fact_comes_back_as_it_was(kind: str) -> None:
    cls = facts_by_kind()[kind]
    fact = example(cls)
    body, payload, _ = split(fact)
    assert join(cls, body, payload) == fact
    assert fact_of_json(cls, json.loads(canonical(fact_json(fact)))) == fact


@pytest.mark.parametrize("kind", KINDS)
def test_personal_fields_stand_in_the_payload_alone(kind: str) -> None:
    cls = facts_by_kind()[kind]
    body, payload, subject = split(example(cls))
    hidden = personal_fields(cls)
    assert hidden.isdisjoint(json.loads(body))
    if hidden:
        assert payload is not None
        assert subject is not None
        assert set(json.loads(payload)) == hidden
        gone = join(cls, body, None)
        assert all(getattr(gone, name) is None for name in hidden)


def test_unknown_fields_of_a_newer_fact_are_ignored() -> None:
    fact = plain()
    body = json.loads(split(fact)[0]) | {"later": 1}
    assert join(type(fact), canonical(body), None) == fact


def test_personal_fields_without_a_person_are_refused() -> None:
    fact = personal()
    object.__setattr__(fact, "incident_id", None)
    with pytest.raises(Fault):
        split(fact)


def test_instants_are_utc_with_microseconds() -> None:
    seoul = timezone(timedelta(hours=9))
    assert instant(datetime(2026, 1, 1, tzinfo=seoul)) == "2025-12-31T15:00:00.000000Z"
    with pytest.raises(NotCanonical):
        instant(datetime(2026, 1, 1))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical({"a": value})


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)


@given(st.recursive(scalars, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=8))
def test_canonical_json_is_a_fixed_point(value: object) -> None:
    try:
        once = canonical(value)
    except UnicodeEncodeError:
        return
    assert canonical(json.loads(once)) == once


def rfc_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1 as written, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + rfc_root(leaves[:k]) + rfc_root(leaves[k:])).digest()


@given(st.integers(0, 70))
def test_the_growing_tree_has_the_rfc_root(size: int) -> None:
    leaves = [hashlib.sha256(bytes([n])).digest() for n in range(size)]
    assert merkle.Tree(leaves).root() == rfc_root(leaves)


def test_a_key_opens_its_own_payload_in_its_own_entry_alone(tmp_path: Path) -> None:
    keys, subject = KeyStore(tmp_path), uuid4()
    sealed = keys.encrypt(subject, 2026, b"secret", bound_to=b"entry|kind")
    assert b"secret" not in sealed
    assert KeyStore(tmp_path).decrypt(subject, 2026, sealed, bound_to=b"entry|kind") == b"secret"
    assert keys.decrypt(subject, 2026, sealed, bound_to=b"another|kind") is None
    assert keys.decrypt(subject, 2027, sealed, bound_to=b"entry|kind") is None
    assert keys.decrypt(uuid4(), 2026, sealed, bound_to=b"entry|kind") is None


@pytest.mark.requirement("DI-03")
def test_a_destroyed_key_is_gone_in_every_process_at_once(tmp_path: Path) -> None:
    one, other, subject = KeyStore(tmp_path), KeyStore(tmp_path), uuid4()
    sealed = one.encrypt(subject, 2026, b"secret", bound_to=b"x")
    one.encrypt(subject, 2025, b"older", bound_to=b"x")
    assert other.decrypt(subject, 2026, sealed, bound_to=b"x") == b"secret"
    assert one.destroy(subject, 2026) == 1
    assert other.decrypt(subject, 2026, sealed, bound_to=b"x") is None
    other.encrypt(subject, 2026, b"later", bound_to=b"x")
    assert one.decrypt(subject, 2026, sealed, bound_to=b"x") is None
    assert one.years(subject) == [2025, 2026]
    assert one.destroy(subject) == 2


def test_keys_lie_wrapped_and_for_their_owner_alone(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys")
    sealed = keys.encrypt(subject := uuid4(), 2026, b"secret", bound_to=b"x")
    files = [p for p in (tmp_path / "keys").rglob("*") if p.is_file()]
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "keys").rglob("*") if p.is_dir()} == {0o700}
    (tmp_path / "keys" / "kek").write_bytes(bytes(32))
    with pytest.raises(KeyBroken):
        KeyStore(tmp_path / "keys").decrypt(subject, 2026, sealed, bound_to=b"x")


def test_the_signing_key_stays_the_same(tmp_path: Path) -> None:
    one, two = KeyStore(tmp_path).signer("ledger-signing"), KeyStore(tmp_path).signer("ledger-signing")
    assert one.key_id == two.key_id
    read_public(one.pem()).verify(two.sign(b"m"), b"m")
    with pytest.raises(KeyBroken):
        read_public(b"no key")


RACER = """
import sys
from pathlib import Path
from uuid import UUID
from ansimnet.platform.ledger.keys import KeyStore
keys = KeyStore(Path(sys.argv[1]))
for year in range(2000, 2020):
    print(keys.encrypt(UUID(sys.argv[2]), year, b"p", bound_to=b"x").hex())
"""


def test_processes_that_race_for_a_key_get_the_same(tmp_path: Path) -> None:
    subject = uuid4()
    command = [sys.executable, "-c", RACER, str(tmp_path), str(subject)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [r.communicate(timeout=60)[0].split() for r in racers]
    keys = KeyStore(tmp_path)
    for sealed in answers:
        for year, one in zip(range(2000, 2020), sealed, strict=True):
            assert keys.decrypt(subject, year, bytes.fromhex(one), bound_to=b"x") == b"p"
