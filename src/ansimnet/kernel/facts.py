"""The base of every published fact: a typed, versioned record that says which of its fields are personal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from ansimnet.kernel.ids import FactId


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened, in the past tense.

    `kind` is `slice.thing.past-verb.vN`. Fields named in `personal` go into the ledger encrypted under the key of
    the person whose id stands in the field named by `subject`; all others stay readable for ever, so they hold
    ids, numbers and enumerations, never a name, a place or a word somebody typed.
    """

    kind: ClassVar[str]
    subject: ClassVar[str | None] = None
    personal: ClassVar[frozenset[str]] = frozenset()

    fact_id: FactId
    happened_at: datetime
