"""What openness tells: reviews of who looked, judgements, questions of the people looked at, downloads, releases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDrafted(Fact):
    """The system wrote a month's review; `sha256` is of its canonical JSON, over entries up to `through_seq`."""

    kind: ClassVar[str] = "policy.review.drafted.v1"
    review_id: UUID
    month: str  # 2026-10
    through_seq: int
    sha256: str
    decisions: int
    refused: int
    anomalies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSigned(Fact):
    """The privacy officer signed a month's review; the note stays beside it."""

    kind: ClassVar[str] = "policy.review.signed.v1"
    review_id: UUID
    month: str
    sha256: str
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessJudged(Fact):
    """Somebody looked at a look, or at an anomaly: fine | ask | raise. `about` is `entry:<seq>` or `anomaly:<key>`."""

    kind: ClassVar[str] = "policy.access.judged.v1"
    judgement_id: UUID
    about: str
    finding: str
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class LookQuestioned(Fact):
    """The person looked at asked why, or complained; the words are sealed beside the row."""

    kind: ClassVar[str] = "policy.look.questioned.v1"
    complaint_id: UUID
    question_id: UUID
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAnswered(Fact):
    """The privacy officer answered the person."""

    kind: ClassVar[str] = "policy.look.answered.v1"
    complaint_id: UUID
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadMade(Fact):
    """A file left the system: what of, how many rows, which bytes, and of which kind its reason was."""

    kind: ClassVar[str] = "policy.download.made.v1"
    download_id: UUID
    what: str
    rows: int
    sha256: str
    reason_kind: str
    by: AccountId


@dataclass(frozen=True, slots=True, kw_only=True)
class AcquaintanceChanged(Fact):
    """An account's holder declared, or took back, that a person is known to him outside the work."""

    kind: ClassVar[str] = "policy.acquaintance.changed.v1"
    account_id: AccountId
    person_id: UUID
    declared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePublished(Fact):
    """A month's counts were published; `root` is of the checkpoint they stand on, `size` its entries."""

    kind: ClassVar[str] = "policy.release.published.v1"
    release_id: UUID
    month: str
    sha256: str
    root: str | None
    size: int
