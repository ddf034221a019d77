"""The two kinds of error: `Refusal` is expected and shown to people, `Fault` pages somebody."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What the edge does with a refusal; `platform.http` maps each to one status code."""

    INVALID = "invalid"  # the input is wrong: 422
    UNAUTHENTICATED = "unauthenticated"  # nobody is signed in: 401
    FORBIDDEN = "forbidden"  # no ground opens this door: 403
    NOT_FOUND = "not_found"  # 404
    CONFLICT = "conflict"  # the state does not allow it now: 409
    TOO_MANY = "too_many"  # 429
    UNAVAILABLE = "unavailable"  # a neighbour does not answer: 503


class Refusal(Exception):  # noqa: N818 - a refusal is not an error: it is an expected no
    """An expected no, with a stable name, a sentence for people and the next step.

    `name` is the stable identifier clients may match (`stale-fix`); `facts` never hold personal data.
    """

    kind: Kind = Kind.INVALID
    name: str = "refused"

    def __init__(self, message: str = "", *, todo: str = "", **facts: object) -> None:
        self.message = message or (self.__doc__ or self.name).strip().splitlines()[0]
        self.todo = todo
        self.facts = facts
        super().__init__(self.message)


class Forbidden(Refusal):
    """No ground opens this door."""

    kind = Kind.FORBIDDEN
    name = "no-ground"


class NotFound(Refusal):
    """There is nothing with that id for you."""

    kind = Kind.NOT_FOUND
    name = "not-found"


class Conflict(Refusal):
    """The present state does not allow this."""

    kind = Kind.CONFLICT
    name = "conflict"


class Fault(Exception):  # noqa: N818 - the word of the house
    """Something unexpected that somebody must act on. Logged with its id and counted, never shown in full."""
