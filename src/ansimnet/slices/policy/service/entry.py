"""Words of signing in: who knocks, what is refused and how long, and what the settings say about it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from urllib.parse import urlsplit

from ansimnet.kernel.errors import Conflict, Kind, Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId
from ansimnet.kernel.permits import Act, Role
from ansimnet.slices.policy.model import Account
from ansimnet.slices.policy.rules import RULES
from ansimnet.slices.policy.store.sessions import Session

DESK_IDLE = timedelta(minutes=30)
DESK_LASTS = timedelta(hours=12)
"""A desk's session ends with the longest shift, or after half an hour without a hand on it (ours)."""
PHONE_LASTS = timedelta(days=30)
"""A phone stays signed in so that a warning finds it; it is bound to one device and ends when another is enrolled."""
TOUCH_EVERY = timedelta(seconds=60)
"""How coarsely the last use is written; well below the idle limit."""
FORGET_ATTEMPTS = timedelta(hours=1)
PROVED = timedelta(minutes=10)
"""How long a proof of oneself carries grave steps (ours): long enough for one piece of work, too short for a break."""
CHALLENGE_LASTS = timedelta(minutes=5)
"""How long an authenticator may take (the W3C recommends 5 minutes where the user is verified)."""

LETTER: dict[CentreId, str] = {TRACKING_CENTRE: "t", CITY_CENTRE: "c"}
"""First letter of a token: which tenant's rows to look in. It opens nothing."""
FAMILIES = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")

GRAVE = frozenset(
    {
        Act.READ_WEARER,
        Act.READ_TRACK,
        Act.READ_PROTECTED,
        Act.VIEW_STREAM,
        Act.READ_FOOTAGE,
        Act.READ_CLIENT,
        Act.READ_CASE,
        Act.READ_DISCLOSURE,
        Act.READ_SHELTER,
        Act.SEARCH_PERSON,
        Act.MANAGE_ACCOUNTS,
    }
)
"""Acts that show a person, or let somebody make an account that does."""

Method = Literal["password", "password+totp", "password+recovery", "passkey", "oidc", "code"]
"""How a session was opened."""


class NotSignedIn(Refusal):
    """Sign in first."""

    kind = Kind.UNAUTHENTICATED
    name = "not-signed-in"


class BadCredentials(Refusal):
    """The login or the password is wrong."""

    kind = Kind.UNAUTHENTICATED
    name = "bad-credentials"


class BadCode(Refusal):
    """The code is wrong, used or over."""

    kind = Kind.UNAUTHENTICATED
    name = "bad-code"


class SecondFactorNeeded(Refusal):
    """The password is not enough for this account."""

    kind = Kind.UNAUTHENTICATED
    name = "second-factor-needed"


class FactorMissing(Refusal):
    """This account must first add a passkey or a code from an app."""

    kind = Kind.FORBIDDEN
    name = "second-factor-missing"


class LastFactor(Conflict):
    """This is the only second factor of an account that needs one."""

    name = "last-factor"


class TooManyAttempts(Refusal):
    """Too many attempts; wait."""

    kind = Kind.TOO_MANY
    name = "too-many-attempts"


class NoPasskeysHere(Conflict):
    """Passkeys belong to a name, and this page was opened under an address that has none."""

    name = "no-passkeys-here"


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from, as coarsely as we keep it."""

    address: str
    agent: str

    @classmethod
    def of(cls, host: str | None, user_agent: str) -> Caller:
        """Return the network part of an address and the family of a device."""
        try:
            ip = ipaddress.ip_address(host or "")
        except ValueError:
            address = "unknown"
        else:
            address = str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))
        return cls(address, next((f for f in FAMILIES if f in user_agent), "other"))


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts are free, and how long the pause may grow. It doubles from one second."""

    free: int
    longest: timedelta

    def pause(self, attempts: int) -> timedelta:
        """Return how long to wait after this many attempts.

        >>> Limit(5, timedelta(minutes=15)).pause(8).total_seconds()
        8.0
        """
        if attempts <= self.free:
            return timedelta()
        return min(self.longest, timedelta(seconds=2 ** min(attempts - self.free, 20)))


SEAT_LIMIT = Limit(5, timedelta(minutes=15))
"""One login from one network: where guessing happens."""
LOGIN_LIMIT = Limit(20, timedelta(seconds=60))
"""One login from anywhere. Short, so that nobody outside can keep a controller from his desk."""
ADDRESS_LIMIT = Limit(50, timedelta(minutes=15))
"""One network, whatever it tries; a whole control room may sit behind one address."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was just opened. The token is known to the caller alone from here on."""

    account: Account
    token: str
    csrf: str
    lasts: timedelta
    session: Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSignOn:
    """The city's own sign-on (OpenID Connect), and the centre whose accounts it opens."""

    issuer: str
    client_id: str
    client_secret: str | None
    label: str
    centre_id: CentreId


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What the settings say about signing in."""

    public_url: str = "http://localhost:8700"
    desk_lasts: timedelta = DESK_LASTS
    factor_required: bool = False
    secure_cookies: bool = False
    sso: SingleSignOn | None = None

    def relying_party(self, origin: str) -> tuple[str, str]:
        """Return the id passkeys are bound to and the origin they must come from, for a page of ours.

        >>> People(public_url="https://ansim.example").relying_party("https://ansim.example")
        ('ansim.example', 'https://ansim.example')
        >>> People(public_url="http://127.0.0.1:8700").relying_party("http://localhost:8700")
        ('localhost', 'http://localhost:8700')

        Raises:
            NoPasskeysHere: the page was opened under a bare address, or under a name that is not ours.
        """
        ours, theirs = urlsplit(self.public_url), urlsplit(origin)
        name, asked = ours.hostname or "", theirs.hostname or ""
        if asked == "localhost" and (name == "localhost" or _loopback(name)):
            return "localhost", origin
        if asked != name or _number(name):
            where = f"http://localhost:{ours.port}" if _loopback(name) else self.public_url
            raise NoPasskeysHere(todo=f"open {where}")
        return name, f"{ours.scheme}://{ours.netloc}"

    def must_prove_twice(self, role: Role) -> bool:
        """Return whether accounts of this role need more than a password."""
        return self.factor_required and any(role in ln.roles and ln.acts & GRAVE for ln in RULES.lines)


def _number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _loopback(host: str) -> bool:
    return _number(host) and ipaddress.ip_address(host).is_loopback
