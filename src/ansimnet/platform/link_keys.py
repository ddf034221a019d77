"""Who says it: the link's keys, and the signatures under its messages and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId
from ansimnet.platform.ledger.canonical import canonical
from ansimnet.platform.ledger.keys import Signer, create_once, key_id, read_public

SIGNATURE = "X-Ansimnet-Signature"
KEY = "X-Ansimnet-Key"
TELL, ASK, ANSWER = b"ansimnet link tell v1\x00", b"ansimnet link ask v1\x00", b"ansimnet link answer v1\x00"
"""What each signature begins with, so that none can stand under a message of another sort."""
NAMES = {TRACKING_CENTRE: "tracking", CITY_CENTRE: "city"}


class Forged(Refusal):
    """The message is not signed by the centre it names."""

    kind = Kind.UNAUTHENTICATED
    name = "bad-signature"


@dataclass(frozen=True, slots=True)
class Signed:
    """Bytes and the headers that vouch for them."""

    body: bytes
    headers: dict[str, str]


class Identities:
    """The signing keys of the centres we host, and the public keys of the others: `<folder>/<name>.key`, `.pub`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._signers: dict[CentreId, Signer] = {}

    def signer(self, centre_id: CentreId) -> Signer:
        """Return a hosted centre's signing key; made, with its public key beside it, at its first use."""
        if centre_id not in self._signers:
            name = NAMES[centre_id]
            raw = create_once(self.folder / f"{name}.key", Ed25519PrivateKey.generate().private_bytes_raw())
            signer = Signer(Ed25519PrivateKey.from_private_bytes(raw))
            create_once(self.folder / f"{name}.pub", signer.pem(), mode=0o644)
            self._signers[centre_id] = signer
        return self._signers[centre_id]

    def check(self, centre_id: UUID, context: bytes, body: bytes, headers: Mapping[str, str]) -> None:
        """Refuse bytes that this centre has not signed.

        Raises:
            Forged: no key of that centre is known, or the signature is not its own.
        """
        name = NAMES.get(CentreId(centre_id))
        path = self.folder / f"{name}.pub"
        if name is None or not path.exists():
            raise Forged("no key of that centre is known here", todo="copy its public key into the link's key folder")
        public = read_public(path.read_bytes())
        try:
            if headers.get(KEY) != key_id(public.public_bytes_raw()):
                raise InvalidSignature
            public.verify(bytes.fromhex(headers.get(SIGNATURE, "")), context + body)
        except (InvalidSignature, ValueError) as e:
            raise Forged from e

    def sign(self, centre_id: CentreId, context: bytes, message: Mapping[str, Any]) -> Signed:
        """Return a message as signed bytes."""
        body, signer = canonical(dict(message)), self.signer(centre_id)
        headers = {SIGNATURE: signer.sign(context + body).hex(), KEY: signer.key_id, "Content-Type": "application/json"}
        return Signed(body, headers)
