"""How a fact becomes bytes and comes back, and which bytes an entry's hash commits to.

Canonical JSON: keys sorted, UTF-8 unescaped, no white space. A UUID is its lower-case text, an instant is UTC with
six decimals and `Z`, an enum is its value, a tuple is a list, a set is a sorted list, bytes are lower-case hex. NaN,
infinities and instants without a zone are refused. `tools/verify_ledger.py` rebuilds the same bytes with the standard
library alone.
"""

from __future__ import annotations

import hashlib
import json
import typing
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CentreId

FORMAT = 1
"""The version inside every entry header; a change of the header's fields raises it."""


class UnknownKind(Fault):
    """No published fact has this kind."""


class NotCanonical(Fault):
    """A fact holds a value that has no canonical form."""


def instant(at: datetime) -> str:
    """Return an instant as canonical text, microseconds always written.

    >>> instant(datetime(2026, 11, 2, 3, 4, 5, tzinfo=UTC))
    '2026-11-02T03:04:05.000000Z'
    """
    if at.tzinfo is None:
        raise NotCanonical("an instant without a zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _plain(value: object) -> object:
    """Return the JSON value that stands for one of ours."""
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(v) for v in value), key=str)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    raise NotCanonical(f"no canonical form for {type(value).__name__}")


def canonical(value: object) -> bytes:
    """Return the canonical JSON bytes of a value.

    >>> canonical({"b": (1, 2), "a": "해담"}).decode()
    '{"a":"해담","b":[1,2]}'
    """
    try:
        text = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError as e:
        raise NotCanonical("a number that is not finite") from e
    return text.encode()


def entry_header(
    *,
    centre_id: CentreId,
    seq: int,
    prev: bytes | None,
    entry_id: UUID,
    kind: str,
    happened_at: datetime,
    recorded_at: datetime,
    sealed_at: datetime,
    actor: str,
    subject_id: UUID | None,
    key_year: int | None,
    body_sha256: bytes,
    payload_sha256: bytes | None,
) -> dict[str, str | int | None]:
    """Return what an entry's hash commits to; only text, whole numbers and null, so any language rebuilds it."""
    return {
        "v": FORMAT,
        "centre_id": str(centre_id),
        "seq": seq,
        "prev": prev.hex() if prev is not None else None,
        "entry_id": str(entry_id),
        "kind": kind,
        "happened_at": instant(happened_at),
        "recorded_at": instant(recorded_at),
        "sealed_at": instant(sealed_at),
        "actor": actor,
        "subject_id": str(subject_id) if subject_id is not None else None,
        "key_year": key_year,
        "body_sha256": body_sha256.hex(),
        "payload_sha256": payload_sha256.hex() if payload_sha256 is not None else None,
    }


def entry_hash(header: dict[str, str | int | None]) -> bytes:
    """Return SHA-256(0x00 || canonical header): the RFC 6962 leaf hash, and the next entry's `prev`."""
    return hashlib.sha256(b"\x00" + canonical(header)).digest()


def _subclasses(root: type[Fact]) -> list[type[Fact]]:
    return [c for s in root.__subclasses__() for c in (s, *_subclasses(s))]


def facts_by_kind() -> dict[str, type[Fact]]:
    """Return every fact class that has been imported, by kind.

    `@dataclass(slots=True)` leaves the class without slots behind until it is collected; the slotted twin wins.

    Raises:
        Fault: two different classes claim one kind.
    """
    found: dict[str, type[Fact]] = {}
    for cls in _subclasses(Fact):
        kind = vars(cls).get("kind")
        if kind is None or "__slots__" not in vars(cls):
            continue
        other = found.get(kind)
        if other is not None and (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise Fault(f"two facts claim the kind `{kind}`")
        found[kind] = cls
    return found


_known: dict[str, type[Fact]] = {}


def fact_class(kind: str) -> type[Fact] | None:
    """Return the class of a kind, or None where nobody has imported one."""
    cls = _known.get(kind)
    if cls is None:
        _known.update(facts_by_kind())
        cls = _known.get(kind)
    return cls


_hidden: dict[type[Fact], frozenset[str]] = {}
_decoders: dict[type[Fact], tuple[msgspec.json.Decoder[Any], msgspec.json.Decoder[Any] | None]] = {}


def personal_fields(cls: type[Fact]) -> frozenset[str]:
    """Return those names in `cls.personal` that are fields of the class."""
    hidden = _hidden.get(cls)
    if hidden is None:
        hidden = _hidden[cls] = cls.personal & {f.name for f in fields(cls)}
    return hidden


def _decoders_of(cls: type[Fact]) -> tuple[msgspec.json.Decoder[Any], msgspec.json.Decoder[Any] | None]:
    """Return the decoders of the public body and of the personal payload. Fields they do not know are ignored."""
    if cls in _decoders:
        return _decoders[cls]
    hints = typing.get_type_hints(cls)
    hidden = personal_fields(cls)

    def struct(names: set[str], optional: bool) -> type[msgspec.Struct]:
        shape: list[Any] = []
        for f in fields(cls):
            if f.name not in names:
                continue
            hint: Any = hints[f.name]
            if optional:
                shape.append((f.name, hint | None, None))
            elif f.default is MISSING:
                shape.append((f.name, hint))
            else:
                shape.append((f.name, hint, f.default))
        return msgspec.defstruct(cls.__name__, shape, kw_only=True)

    every = {f.name for f in fields(cls)}
    body = msgspec.json.Decoder(struct(every - hidden, False))
    _decoders[cls] = (body, msgspec.json.Decoder(struct(set(hidden), True)) if hidden else None)
    return _decoders[cls]


def split(fact: Fact) -> tuple[bytes, bytes | None, UUID | None]:
    """Return the public body, the personal payload (None where there is none) and the subject's id.

    Raises:
        Fault: the fact has personal fields and names nobody they belong to.
    """
    cls = type(fact)
    hidden = personal_fields(cls)
    values = {f.name: getattr(fact, f.name) for f in fields(fact)}
    body = canonical({k: v for k, v in values.items() if k not in hidden})
    subject: UUID | None = values[cls.subject] if cls.subject is not None else None
    if not hidden:
        return body, None, subject
    if subject is None:
        raise Fault(f"`{cls.kind}` has personal fields and no subject")
    return body, canonical({k: values[k] for k in hidden}), subject


def join(cls: type[Fact], body: bytes, payload: bytes | None) -> Fact:
    """Return the fact again. Without a payload (key destroyed, or not for you) its personal fields are None.

    Raises:
        msgspec.ValidationError: the bytes are not such a fact.
    """
    public, personal = _decoders_of(cls)
    values: dict[str, Any] = msgspec.structs.asdict(public.decode(body))
    if personal is not None:
        values.update(
            msgspec.structs.asdict(personal.decode(payload))
            if payload is not None
            else dict.fromkeys(personal_fields(cls))
        )
    return cls(**values)


def fact_json(fact: Fact) -> dict[str, Any]:
    """Return every field of a fact as JSON values, personal ones included: the form that crosses the link."""
    plain = _plain(fact)
    assert isinstance(plain, dict)
    return plain


def fact_of_json(cls: type[Fact], value: dict[str, Any]) -> Fact:
    """Return the fact that crossed the link.

    Raises:
        msgspec.ValidationError: the value is not such a fact.
    """
    hidden = personal_fields(cls)
    public, personal = _decoders_of(cls)
    values: dict[str, Any] = msgspec.structs.asdict(msgspec.convert(value, public.type))
    if personal is not None:
        hints = typing.get_type_hints(cls)
        values.update({k: msgspec.convert(value[k], hints[k]) if k in value else None for k in hidden})
    return cls(**values)
