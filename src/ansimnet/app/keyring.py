"""The keys of this installation, counted, and handed to an offline holder or taken back from one."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault, Refusal
from ansimnet.platform.files import make_folder, replace_file, shred
from ansimnet.platform.ledger import keks
from ansimnet.platform.settings import Settings

SCRYPT_N = 1 << 17
"""Cost of a guess at the passphrase: 128 MiB and half a second (RFC 7914; OWASP's first recommendation)."""
LEAST_PASSPHRASE = 16
"""Characters (ours: the file may lie in a safe for years, where guesses cost nothing but time)."""
MAGIC = b"ansimnet keys v1\n"
BESIDE = ("vapid.pem", "vapid.old.pem")


class WrongHolder(Refusal):
    """The file does not open with that passphrase or key."""

    name = "wrong-holder"


class KeysThere(Refusal):
    """Keys are there already: they would be lost."""

    name = "keys-there"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One sort of key: how many there are and since when."""

    what: str
    centre: str
    count: int
    oldest: datetime | None
    newest: datetime | None
    note: str = ""


def _line(what: str, centre: str, paths: list[Path], note: str = "") -> KeyLine:
    times = sorted(p.stat().st_mtime for p in paths)
    at = [datetime.fromtimestamp(t, tz=now().tzinfo) for t in times]
    return KeyLine(what, centre, len(paths), at[0] if at else None, at[-1] if at else None, note)


def link_folder(settings: Settings) -> Path:
    """Return where the link's keys lie."""
    return settings.link_keys or settings.data_dir / "link"


def list_keys(settings: Settings) -> list[KeyLine]:
    """Return every sort of key of this installation. No key is opened and none is shown."""
    lines = []
    for name in ("tracking", "city"):
        folder = settings.keys_dir / name
        held = (settings.kek_dir / name) if settings.kek_dir else folder
        if settings.kek_command:
            lines.append(KeyLine("key-encryption", name, 1, None, None, "from the key service"))
        else:
            found = [p for p in held.glob("kek*") if keks.NAME.fullmatch(p.name)]
            lines.append(_line("key-encryption", name, found, "a change is unfinished" if len(found) > 1 else ""))
        by_sort: dict[str, list[Path]] = {"tables": [], "years": []}
        for path in folder.glob("subjects/*/*/*.key"):
            by_sort["tables" if path.stem.split(".")[0] == "0" else "years"].append(path)
        lines += [_line(f"data ({sort})", name, paths) for sort, paths in by_sort.items()]
        lines.append(_line("signing", name, sorted(folder.glob("*signing*.key"))))
        lines.append(_line("link", name, sorted(link_folder(settings).glob(f"{name}*.key"))))
    footage = settings.footage_keys_dir or settings.data_dir / "footage-keys"
    lines.append(_line("footage (hours, holds)", "city", sorted(footage.glob("*.key")), "never exported"))
    lines.append(_line("push (VAPID)", "", [p for n in BESIDE if (p := settings.keys_dir / n).exists()]))
    return lines


def rotate_vapid(settings: Settings) -> None:
    """Draw a new push identity; browsers that subscribed with the one before are still reached by it."""
    current = settings.keys_dir / BESIDE[0]
    key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    make_folder(current.parent, 0o700)
    if current.exists():
        replace_file(settings.keys_dir / BESIDE[1], current.read_bytes())
    replace_file(current, pem)


def finish_vapid(settings: Settings) -> bool:
    """Forget the push identity before; return whether there was one."""
    return shred(settings.keys_dir / BESIDE[1])


# ------------------------------------------------------------------------------------------------ the offline holder


def _files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """Yield every file of keys and the name it has in an export."""
    for name in ("tracking", "city"):
        folder = settings.keys_dir / name
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and (p.suffix == ".key" or p.name == "newest")):
            yield f"keys/{name}/{path.relative_to(folder)}", path
        held = (settings.kek_dir / name) if settings.kek_dir else folder
        for path in sorted(held.glob("kek*") if not settings.kek_command else ()):
            if keks.NAME.fullmatch(path.name):
                yield f"kek/{name}/{path.name}", path
    for beside in BESIDE:
        if (path := settings.keys_dir / beside).exists():
            yield f"keys/{beside}", path
    for path in sorted(link_folder(settings).glob("*")):
        yield f"link/{path.name}", path


def _for_passphrase(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt, 32, SCRYPT_N, 8, 1).derive(passphrase.encode())


def _agreed(shared: bytes, ephemeral: bytes, holder: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, ephemeral + holder, MAGIC).derive(shared)


def export_keys(settings: Settings, file: Path, *, passphrase: str | None = None, holder: Path | None = None) -> int:
    """Write every key into one file that a passphrase or the holder's private key alone opens; return how many.

    Raises:
        Refusal: the passphrase is short, or the holder's file is no X25519 public key.
        KeysThere: the file exists.
    """
    if file.exists():
        raise KeysThere(f"`{file}` exists", todo="name another file")
    packed, count = io.BytesIO(), 0
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, path in _files(settings):
            content = path.read_bytes()
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.mtime = len(content), 0o600, int(path.stat().st_mtime)
            tar.addfile(info, io.BytesIO(content))
            count += 1
    head: dict[str, str] = {"at": now().isoformat()}
    if holder is not None:
        public = serialization.load_pem_public_key(holder.read_bytes())
        if not isinstance(public, X25519PublicKey):
            raise Refusal("the holder's key is not X25519", todo="openssl genpkey -algorithm X25519")
        ephemeral = X25519PrivateKey.generate()
        ours, theirs = ephemeral.public_key().public_bytes_raw(), public.public_bytes_raw()
        key = _agreed(ephemeral.exchange(public), ours, theirs)
        head["ephemeral"] = ours.hex()
    else:
        if passphrase is None or len(passphrase) < LEAST_PASSPHRASE:
            raise Refusal("the passphrase is too short", todo=f"choose at least {LEAST_PASSPHRASE} characters")
        salt = os.urandom(16)
        key, head["salt"] = _for_passphrase(passphrase, salt), salt.hex()
    first = MAGIC + json.dumps(head).encode() + b"\n"
    nonce = os.urandom(12)
    replace_file(file, first + nonce + AESGCM(key).encrypt(nonce, packed.getvalue(), first))
    return count


def import_keys(settings: Settings, file: Path, *, passphrase: str | None = None, private: Path | None = None) -> int:
    """Put back the keys of an export into an installation that has none; return how many.

    Raises:
        KeysThere: this installation has keys.
        WrongHolder: the file does not open.
    """
    if any(settings.keys_dir.rglob("*.key")):
        raise KeysThere(todo=f"move `{settings.keys_dir}` away first")
    content = file.read_bytes()
    if not content.startswith(MAGIC):
        raise WrongHolder("this is no export of keys")
    line = content[len(MAGIC) :].partition(b"\n")[0]
    head = json.loads(line)
    first, rest = MAGIC + line + b"\n", content[len(MAGIC) + len(line) + 1 :]
    if private is not None and "ephemeral" in head:
        key_of_holder = serialization.load_pem_private_key(private.read_bytes(), password=None)
        if not isinstance(key_of_holder, X25519PrivateKey):
            raise WrongHolder("the holder's key is not X25519")
        ours = bytes.fromhex(head["ephemeral"])
        shared = key_of_holder.exchange(X25519PublicKey.from_public_bytes(ours))
        key = _agreed(shared, ours, key_of_holder.public_key().public_bytes_raw())
    elif passphrase is not None and "salt" in head:
        key = _for_passphrase(passphrase, bytes.fromhex(head["salt"]))
    else:
        raise WrongHolder
    try:
        packed = AESGCM(key).decrypt(rest[:12], rest[12:], first)
    except InvalidTag:
        raise WrongHolder from None
    return _unpack(settings, packed)


def _unpack(settings: Settings, packed: bytes) -> int:
    places = {"keys": settings.keys_dir, "kek": settings.kek_dir or settings.keys_dir, "link": link_folder(settings)}
    count = 0
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        for info in tar.getmembers():
            kind, _, rest = info.name.partition("/")
            source = tar.extractfile(info)
            if kind not in places or ".." in rest.split("/") or source is None:
                raise Fault("the export holds something that is no key")
            path = places[kind] / rest
            make_folder(path.parent, 0o700)
            replace_file(path, source.read(), mode=0o644 if path.suffix == ".pub" else 0o600)
            os.utime(path, (info.mtime, info.mtime))
            count += 1
    return count
