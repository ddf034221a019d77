"""Who says it: the link's keys, and the signatures under its messages and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ansimnet.kernel.errors import Fault, Kind, Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CentreId
from ansimnet.platform.files import replace_file, shred
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
        self._signers: dict[CentreId, tuple[tuple[int, int], Signer]] = {}

    def signer(self, centre_id: CentreId) -> Signer:
        """Return a hosted centre's signing key; made, with its public key beside it, at its first use."""
        path = self.folder / f"{NAMES[centre_id]}.key"
        if not path.exists():
            raw = create_once(path, Ed25519PrivateKey.generate().private_bytes_raw())
            public = Signer(Ed25519PrivateKey.from_private_bytes(raw)).pem()
            create_once(path.with_suffix(".pub"), public, mode=0o644)
        stat = path.stat()
        stamp = (stat.st_ino, stat.st_mtime_ns)
        known = self._signers.get(centre_id)
        if known is None or known[0] != stamp:  # another one may have followed
            known = (stamp, Signer(Ed25519PrivateKey.from_private_bytes(path.read_bytes())))
            self._signers[centre_id] = known
        return known[1]

    def prepare(self, centre_id: CentreId) -> Path:
        """Draw the key that will follow a hosted centre's; return its public file, for the other centres to hold."""
        self.signer(centre_id)
        name = NAMES[centre_id]
        raw = create_once(self.folder / f"{name}.next.key", Ed25519PrivateKey.generate().private_bytes_raw())
        public = self.folder / f"{name}.next.pub"
        create_once(public, Signer(Ed25519PrivateKey.from_private_bytes(raw)).pem(), mode=0o644)
        return public

    def switch(self, centre_id: CentreId) -> str:
        """Sign with the prepared key from now on; what the old one signed is believed until `finish`. Return its name.

        Raises:
            Fault: none was prepared.
        """
        path = self.folder / f"{NAMES[centre_id]}.key"
        following = path.with_suffix(".next.key")
        if not following.exists():
            raise Fault("no link key was prepared")
        signer = Signer(Ed25519PrivateKey.from_private_bytes(following.read_bytes()))
        old = path.with_suffix(".pub")
        if read_public(old.read_bytes()).public_bytes_raw() != signer.public:
            replace_file(path.with_suffix(".old.pub"), old.read_bytes(), mode=0o644)
        replace_file(path, following.read_bytes())
        replace_file(old, signer.pem(), mode=0o644)
        shred(following)
        path.with_suffix(".next.pub").unlink(missing_ok=True)
        return signer.key_id

    def finish(self, centre_id: CentreId) -> bool:
        """Believe the key before no longer; return whether there was one."""
        old = self.folder / f"{NAMES[centre_id]}.old.pub"
        was = old.exists()
        old.unlink(missing_ok=True)
        return was

    def _publics(self, name: str) -> list[Ed25519PublicKey]:
        """Return whom to believe: the key in use, the one before it, and the one that will follow."""
        paths = (self.folder / f"{name}{which}.pub" for which in ("", ".old", ".next"))
        return [read_public(p.read_bytes()) for p in paths if p.exists()]

    def check(self, centre_id: UUID, context: bytes, body: bytes, headers: Mapping[str, str]) -> None:
        """Refuse bytes that this centre has not signed.

        Raises:
            Forged: no key of that centre is known, or the signature is not its own.
        """
        name = NAMES.get(CentreId(centre_id))
        publics = self._publics(name) if name is not None else []
        if not publics:
            raise Forged("no key of that centre is known here", todo="copy its public key into the link's key folder")
        try:
            public = next((p for p in publics if key_id(p.public_bytes_raw()) == headers.get(KEY)), None)
            if public is None:
                raise InvalidSignature
            public.verify(bytes.fromhex(headers.get(SIGNATURE, "")), context + body)
        except (InvalidSignature, ValueError) as e:
            raise Forged from e

    def sign(self, centre_id: CentreId, context: bytes, message: Mapping[str, Any]) -> Signed:
        """Return a message as signed bytes."""
        body, signer = canonical(dict(message)), self.signer(centre_id)
        headers = {SIGNATURE: signer.sign(context + body).hex(), KEY: signer.key_id, "Content-Type": "application/json"}
        return Signed(body, headers)
