"""Single sign-on of a city (OpenID Connect Core 1.0): authorization code with PKCE, state and nonce.

The provider says who somebody is, never what they may do: its subject must have been bound to an account by an
administrator. Verifier and nonce are derived from a secret that only the browser keeps; what we store opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.slices.policy.service.entry import (
    PROVED,
    BadCredentials,
    Caller,
    Opened,
    SecondFactorNeeded,
    SingleSignOn,
)
from ansimnet.slices.policy.service.gate import Gate, has_factor, told
from ansimnet.slices.policy.store import factors, keyring
from ansimnet.slices.policy.store.factors import Challenge

STATE_LASTS = timedelta(minutes=10)
"""How long somebody may take at the provider (ours)."""
TIMEOUT_S = 5.0
LARGEST_ANSWER = 256 * 1024
"""Bytes; keys and tokens take some kilobytes."""
LEEWAY = timedelta(seconds=60)
"""How far the provider's clock may be off."""
KEYS_LAST = timedelta(hours=1)
ASK_KEYS_EVERY = timedelta(seconds=30)
"""How often a key we do not know makes us ask again, so that nobody outside makes us ask all day."""
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures alone: never `none`, and never a shared secret."""
STRONG = {"mfa", "otp", "hwk", "swk", "pop", "fpt", "face", "iris", "pin", "sc"}
"""Methods that tell of more than a password (RFC 8176)."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
CALLBACK = "/api/v1/session/sso/callback"

Json = dict[str, Any]


class ProviderUnavailable(Refusal):
    """The city's sign-on does not answer as it should."""

    kind = Kind.UNAVAILABLE
    name = "sign-on-unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the provider said of whoever came back."""

    subject: str
    strong: bool
    signed_in_at: datetime | None


@dataclass(slots=True)
class Provider:
    """The city's provider: its published addresses and keys, each fetched once and kept for an hour."""

    sso: SingleSignOn
    clock: Clock
    _said: Json = field(default_factory=dict)
    _keys: dict[str, Key] = field(default_factory=dict)
    _said_at: datetime = _LONG_AGO
    _keys_at: datetime = _LONG_AGO

    async def address(self, name: str) -> str:
        """Return one of the provider's published addresses.

        Raises:
            ProviderUnavailable: it does not answer, answers for another issuer, or names an address without TLS.
        """
        if self.clock.now() - self._said_at > KEYS_LAST:
            said = await self._get(self.sso.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if said.get("issuer") != self.sso.issuer:
                raise ProviderUnavailable("the provider answers for another issuer")
            self._said, self._said_at = said, self.clock.now()
        found = self._said.get(name)
        if not isinstance(found, str) or not self._safe(found):
            raise ProviderUnavailable(f"the provider's `{name}` is no address we may use")
        return found

    def _safe(self, url: str) -> bool:
        """Return whether an address is encrypted, or on this very machine as the issuer itself is."""
        parts, issuer = urlsplit(url), urlsplit(self.sso.issuer)
        return parts.scheme == "https" or (issuer.hostname == "127.0.0.1" and parts.hostname == "127.0.0.1")

    async def key(self, kid: str) -> Key:
        """Return the provider's key of that name; one we do not know is asked for, not too often.

        Raises:
            BadCredentials: the provider publishes no such key.
        """
        age = self.clock.now() - self._keys_at
        if age > KEYS_LAST or (kid not in self._keys and age > ASK_KEYS_EVERY):
            published = (await self._get(await self.address("jwks_uri"))).get("keys")
            self._keys = {
                str(k["kid"]): JWKRegistry.import_key(k)
                for k in (published if isinstance(published, list) else [])
                if isinstance(k, dict) and "kid" in k and k.get("use", "sig") == "sig" and k.get("kty") != "oct"
            }
            self._keys_at = self.clock.now()
        if kid not in self._keys:
            raise BadCredentials("the sign-on answered under a key it does not publish")
        return self._keys[kid]

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> str:
        """Return the id token for a code.

        Raises:
            BadCredentials: the provider does not take the code.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.sso.client_id,
            "code_verifier": verifier,
        }
        secret = self.sso.client_secret
        auth = None if secret is None else httpx.BasicAuth(self.sso.client_id, secret)
        answer = await self._send("POST", await self.address("token_endpoint"), form, auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise BadCredentials("the sign-on did not take the code")
        return token

    async def _get(self, url: str) -> Json:
        if not self._safe(url):
            raise ProviderUnavailable("the provider's address is not encrypted")
        answer = await self._send("GET", url, None, None)
        if not answer:
            raise ProviderUnavailable
        return answer

    async def _send(self, method: str, url: str, form: dict[str, str] | None, auth: httpx.Auth | None) -> Json:
        """Return a JSON answer, or an empty one where the provider said no."""
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                answer = await client.request(method, url, data=form, auth=auth or httpx.USE_CLIENT_DEFAULT)
            if len(answer.content) > LARGEST_ANSWER or answer.status_code >= 500:
                raise ProviderUnavailable
            body = answer.json() if answer.status_code == 200 else {}
        except (httpx.HTTPError, ValueError) as e:
            raise ProviderUnavailable(todo="sign in with your passkey or password") from e
        return body if isinstance(body, dict) else {}


class SignOn:
    """Signing in by the city's provider."""

    def __init__(self, gate: Gate, sso: SingleSignOn) -> None:
        self.gate = gate
        self.sso = sso
        self.provider = Provider(sso, gate.clock)
        self.redirect_uri = gate.people.public_url.rstrip("/") + CALLBACK

    async def begin(self, browser: str, *, fresh: bool = False) -> str:
        """Return where to send a browser that keeps the secret `browser`; `fresh` asks it to sign in anew there.

        Raises:
            ProviderUnavailable: the provider does not answer.
        """
        state = keyring.new_token()
        where = await self.provider.address("authorization_endpoint")
        asked = Challenge(
            kind="oidc",
            bound_sha256=keyring.fingerprint(browser),
            expires_at=self.gate.clock.now() + STATE_LASTS,
        )
        async with self.gate.dbs.tracking.transaction() as tx:
            await factors.add_challenge(tx, keyring.fingerprint(state), asked)
        words = {
            "response_type": "code",
            "client_id": self.sso.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",  # who, and nothing about them
            "state": state,
            "nonce": _derived(browser, state, "nonce"),
            "code_challenge": _b64(hashlib.sha256(_derived(browser, state, "verifier").encode()).digest()),
            "code_challenge_method": "S256",
        } | ({"prompt": "login", "max_age": "0"} if fresh else {})
        return f"{where}{'&' if '?' in where else '?'}{urlencode(words)}"

    async def finish(self, *, code: str, state: str, browser: str, issuer: str | None, caller: Caller) -> Opened:
        """Open a session for whoever came back from the provider.

        Raises:
            BadCredentials: a state that is not this browser's, a token that does not hold, or a subject nobody bound.
            SecondFactorNeeded: the provider saw a password alone, and this account needs more.
            ProviderUnavailable: the provider does not answer.
        """
        now = self.gate.clock.now()
        async with self.gate.dbs.tracking.transaction() as tx:
            asked = await factors.use_challenge(tx, keyring.fingerprint(state), "oidc", now)
        if asked is None or asked.bound_sha256 != keyring.fingerprint(browser):
            raise BadCredentials("this answer is not to a question of this browser", todo="begin again")
        if issuer is not None and issuer != self.sso.issuer:  # RFC 9207
            raise BadCredentials("another provider answered", todo="begin again")
        token = await self.provider.redeem(code, _derived(browser, state, "verifier"), self.redirect_uri)
        seen = await self._verified(token, _derived(browser, state, "nonce"), now)
        sha256 = keyring.fingerprint(f"oidc|{self.sso.issuer}|{seen.subject}")
        db = self.gate.dbs.of(self.sso.centre_id)
        async with db.transaction() as tx:
            account = await factors.find_identity(tx, sha256)
            known = account is not None and account.disabled_at is None
            weak = account is not None and not seen.strong and await has_factor(tx, account.account_id)
            if not known:
                await told(tx, account, "oidc", succeeded=False, now=now)
        if account is None or not known:
            raise BadCredentials("nobody bound this sign-on to an account", todo="ask your administrator")
        if weak:
            raise SecondFactorNeeded(todo="sign in with your passkey", methods=["passkey"])
        proved = seen.signed_in_at is not None and now - seen.signed_in_at < PROVED
        return await self.gate.open(db, account, "oidc", caller, proved=proved, strong=seen.strong)

    async def _verified(self, token: str, nonce: str, now: datetime) -> Told:
        """Return what an id token says, once all of it holds (OIDC Core §3.1.3.7).

        Raises:
            BadCredentials: one of it does not.
        """
        try:
            head = json.loads(_unb64(token.split(".")[0]))
            key = await self.provider.key(str(head["kid"]))
            claims = jwt.decode(token, key, algorithms=ALGORITHMS).claims
            audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
            until, since = (datetime.fromtimestamp(float(claims[n]), UTC) for n in ("exp", "iat"))
            subject, methods = claims["sub"], claims.get("amr", [])
            holds = (
                claims["iss"] == self.sso.issuer
                and self.sso.client_id in audience
                and (len(audience) == 1 or claims.get("azp") == self.sso.client_id)
                and now < until + LEEWAY
                and since < now + LEEWAY
                and keyring.same(str(claims["nonce"]), nonce)
                and isinstance(subject, str)
                and 0 < len(subject) <= 255
            )
            at = claims.get("auth_time")
            signed_in_at = None if at is None else datetime.fromtimestamp(float(at), UTC)
        except (JoseError, ValueError, KeyError, TypeError, OverflowError) as e:
            raise BadCredentials("the sign-on's answer does not hold", todo="begin again") from e
        if not holds:
            raise BadCredentials("the sign-on's answer does not hold", todo="begin again")
        strong = isinstance(methods, list) and bool(STRONG & {str(m) for m in methods})
        return Told(subject=subject, strong=strong, signed_in_at=signed_in_at)


def _derived(browser: str, state: str, what: str) -> str:
    """Return a secret of one attempt that the browser's own secret gives again, and nothing we store does."""
    return _b64(hmac.new(browser.encode(), f"ansimnet sign-on v1|{what}|{state}".encode(), hashlib.sha256).digest())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


__all__ = ["CALLBACK", "ProviderUnavailable", "SignOn"]
