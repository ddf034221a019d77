"""What other slices may ask of policy: permits, grounds, tickets, and phones for the people they register.

Every question and its answer is committed on the ledger before the answer is returned, yes and no alike; where the
ledger cannot be written there is no answer. A permit in hand is trusted for one second, then read again.
"""

from __future__ import annotations

from ansimnet.slices.policy.model import Account, Ground, HeldPermit, Look, Redeemed, Statute, short
from ansimnet.slices.policy.queries.grounds import (
    FifthTrigger,
    NoCitation,
    NoReason,
    SecondExtension,
    admit,
    answer_provision,
    cap_about,
    end_about,
    end_ground,
    extend_about,
    extend_ground,
    grant_ground,
    grounds_about,
    open_break_glass,
    relate,
    revoke,
    widen_ground,
)
from ansimnet.slices.policy.queries.people import LoginTaken, create_account, new_phone, new_phone_code
from ansimnet.slices.policy.queries.permits import (
    BadTicket,
    ended,
    hold,
    hold_all,
    issue_ticket,
    looks,
    mark_track,
    marked_tracks,
    permit,
    permits_about,
    redeem_ticket,
)
from ansimnet.slices.policy.rules import (
    BREAK_GLASS_LASTS,
    RESOLVED_LASTS,
    TRIGGER_LASTS,
    citation,
    statute_for,
    trigger_number,
)

__all__ = [
    "BREAK_GLASS_LASTS",
    "RESOLVED_LASTS",
    "TRIGGER_LASTS",
    "Account",
    "BadTicket",
    "FifthTrigger",
    "Ground",
    "HeldPermit",
    "LoginTaken",
    "Look",
    "NoCitation",
    "NoReason",
    "Redeemed",
    "SecondExtension",
    "Statute",
    "admit",
    "answer_provision",
    "cap_about",
    "citation",
    "create_account",
    "end_about",
    "end_ground",
    "ended",
    "extend_about",
    "extend_ground",
    "grant_ground",
    "grounds_about",
    "hold",
    "hold_all",
    "issue_ticket",
    "looks",
    "mark_track",
    "marked_tracks",
    "new_phone",
    "new_phone_code",
    "open_break_glass",
    "permit",
    "permits_about",
    "redeem_ticket",
    "relate",
    "revoke",
    "short",
    "statute_for",
    "trigger_number",
    "widen_ground",
]
