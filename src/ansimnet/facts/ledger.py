"""What the ledger tells about itself: payloads erased, heads witnessed, a fork found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId, CentreId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadErased(Fact):
    """The keys of a person's payloads were destroyed. `because` is one word: request | term | order."""

    kind: ClassVar[str] = "ledger.payload.erased.v1"
    subject_id: UUID
    years: tuple[int, ...]
    because: str
    by: AccountId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadWitnessed(Fact):
    """This centre checked another's signed head against the last it had kept, kept it, and countersigned it."""

    kind: ClassVar[str] = "ledger.head.witnessed.v1"
    of_centre: CentreId
    size: int
    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkFound(Fact):
    """Another centre showed a head that does not go on from the one kept here: its ledger was rewritten."""

    kind: ClassVar[str] = "ledger.fork.found.v1"
    of_centre: CentreId
    kept_size: int
    shown_size: int
