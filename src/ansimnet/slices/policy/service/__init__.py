"""People: signing in, what proves them, sessions, and accounts by hand. Load, decide, write, commit."""

from __future__ import annotations

from ansimnet.slices.policy.service.desk import Desk, ends_at
from ansimnet.slices.policy.service.entry import (
    DESK_IDLE,
    DESK_LASTS,
    PHONE_LASTS,
    PROVED,
    BadCode,
    BadCredentials,
    Caller,
    FactorMissing,
    Limit,
    NoPasskeysHere,
    NotSignedIn,
    Opened,
    People,
    SecondFactorNeeded,
    SingleSignOn,
    TooManyAttempts,
)
from ansimnet.slices.policy.service.staff import INVITE_LASTS
from ansimnet.slices.policy.store.sessions import Session

__all__ = [
    "DESK_IDLE",
    "DESK_LASTS",
    "INVITE_LASTS",
    "PHONE_LASTS",
    "PROVED",
    "BadCode",
    "BadCredentials",
    "Caller",
    "Desk",
    "FactorMissing",
    "Limit",
    "NoPasskeysHere",
    "NotSignedIn",
    "Opened",
    "People",
    "SecondFactorNeeded",
    "Session",
    "SingleSignOn",
    "TooManyAttempts",
    "ends_at",
]
