"""What of this installation's secrets lies where others could take it, in the order in which it would hurt."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from cryptography import x509

from ansimnet.app.doctor import Finding, bad, good, odd
from ansimnet.app.doctor_rows import examine_database
from ansimnet.app.keyring import link_folder, list_keys
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault
from ansimnet.platform.database import PASSWORDS, database, key_stores
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.platform.settings import Settings

OLD_KEY = timedelta(days=366)
"""A key that wraps or signs is renewed once a year (NIST SP 800-57 part 1: one to two years)."""
SOON = timedelta(days=30)
"""A certificate that ends within a month is named (ours: time for an order and a change window)."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
EVERYWHERE = frozenset({"0.0.0.0", "::", ""})


async def examine(settings: Settings, *, say: Callable[[str], None]) -> list[Finding]:
    """Return every finding about security; nothing is changed except that the embedded database may be started."""
    findings = [
        *_modes(settings), _kek_apart(settings), _kek_source(settings), *_key_ages(settings), *_doors(settings),
        *_certificates(settings), _masking(), _account(),
    ]  # fmt: skip
    try:
        with database(settings, migrate=False, say=say) as db:
            findings += await examine_database(settings, db)
    except (Fault, psycopg.Error) as fault:
        findings.append(bad("database", type(fault).__name__, "`ansimnet doctor` says more"))
    return findings


# ------------------------------------------------------------------------------------------------ files


def _secret_files(settings: Settings) -> Iterator[Path]:
    yield settings.data_dir / PASSWORDS
    for folder in (settings.keys_dir, settings.kek_dir, link_folder(settings)):
        if folder is not None and folder.exists():
            yield from (p for p in folder.rglob("*") if p.is_file() and p.suffix != ".pub")


def _modes(settings: Settings) -> list[Finding]:
    """Look at who may read what is secret, and at what is ours alone to write."""
    open_ones = [p for p in _secret_files(settings) if p.exists() and p.stat().st_mode & 0o077]
    findings = [
        bad("file modes", f"others may read {len(open_ones)} secret files, first {open_ones[0]}",
            f"chmod 600 {open_ones[0]} and the rest; then renew those keys: they may have been read")
        if open_ones else good("file modes", "secrets are their owner's alone")
    ]  # fmt: skip
    mine = os.geteuid()
    strange = [p for p in _secret_files(settings) if p.exists() and p.stat().st_uid not in (mine, 0)]
    if strange:
        findings.append(
            odd("file owners", f"{len(strange)} secret files belong to others, first {strange[0]}", "chown them")
        )
    return findings


def _kek_place(settings: Settings) -> Path:
    return settings.kek_dir or settings.keys_dir


def _kek_apart(settings: Settings) -> Finding:
    what = "key apart from data"
    if settings.kek_command:
        return good(what, "keys come from a key service")
    place = _kek_place(settings)
    if not place.exists():
        return odd(what, "no keys yet", "`ansimnet serve` makes them")
    within = settings.database_url is None and place.stat().st_dev == settings.data_dir.stat().st_dev
    if within:
        return odd(
            what, "the key-encryption keys lie on the database's volume: one stolen disk opens everything",
            "set ANSIMNET_KEK_DIR to another volume (move the `kek` files there) or ANSIMNET_KEK_COMMAND",
        )  # fmt: skip
    return good(what, f"key-encryption keys in {place}")


def _kek_source(settings: Settings) -> Finding:
    if not settings.kek_command and not _kek_place(settings).exists():
        return odd("keys open", "no keys yet", "`ansimnet serve` makes them")
    try:
        wrong = sum(1 for store in key_stores(settings).values() for p in _wrapped(store) if not _opens(store, p))
    except Fault as fault:
        return bad("keys open", str(fault), "put the key-encryption key back, or import the export of keys")
    if wrong:
        return bad("keys open", f"{wrong} keys do not open", "the key-encryption key they lie under is missing")
    return good("keys open", "each under a key-encryption key that is here")


def _wrapped(store: KeyStore) -> Iterable[Path]:
    return store.folder.rglob("*.key")


def _opens(store: KeyStore, path: Path) -> bool:
    try:
        store.ring.unwrap(path.read_bytes())
    except Fault:
        return False
    return True


def _key_ages(settings: Settings) -> list[Finding]:
    old = []
    words = {
        "key-encryption": "kek",
        "data (tables)": "data",
        "signing": "signing",
        "link": "link",
        "push (VAPID)": "push",
    }
    for line in list_keys(settings):
        if line.oldest is not None and line.what in words and now() - line.oldest > OLD_KEY:
            old.append((line, words[line.what]))
    findings = [
        odd(
            "old keys",
            f"{line.what} {line.centre}".strip() + f": since {line.oldest:%Y-%m-%d}",
            f"ansimnet keys rotate {word}",
        )
        for line, word in old
    ]
    unfinished = [line for line in list_keys(settings) if line.note == "a change is unfinished"]
    findings += [odd("old keys", f"{line.centre}: {line.note}", "ansimnet keys rotate kek") for line in unfinished]
    return findings or [good("old keys", "none older than a year, no change half way")]


# ------------------------------------------------------------------------------------------------ doors


def _doors(settings: Settings) -> list[Finding]:
    findings = []
    public = urlsplit(settings.public_url)
    served = public.scheme == "https" or (public.hostname or "") in LOOPBACK
    findings.append(
        good("TLS", settings.public_url) if served
        else bad("TLS", f"plain HTTP to {public.hostname}", "serve by HTTPS, set ANSIMNET_HTTP_PUBLIC_URL")
    )  # fmt: skip
    if public.scheme == "https" and not settings.secure_cookies:
        findings.append(bad("cookies", "sessions may go over plain HTTP", "ANSIMNET_SECURE_COOKIES=1"))
    else:
        findings.append(good("cookies", "HttpOnly, SameSite=Strict" + (", Secure" if settings.secure_cookies else "")))
    if urlsplit(settings.relay_public_url).scheme == "ws" and public.scheme == "https":
        findings.append(
            bad("relay", "viewers take pictures over plain WebSocket", "a wss:// ANSIMNET_RELAY_PUBLIC_URL")
        )
    for name, url in _outside_urls(settings):
        host = urlsplit(url)
        if host.scheme == "http" and (host.hostname or "") not in LOOPBACK:
            findings.append(bad("outgoing", f"{name} goes over plain HTTP", f"an https:// address in {name}"))
    wide = [n for n, host in (("HTTP", settings.http_host), ("RELAY", settings.relay_host)) if host in EVERYWHERE]
    findings += [
        odd("ports", f"{name.lower()} answers on all interfaces", f"name one in ANSIMNET_{name}_HOST, or a firewall")
        for name in wide
    ]
    listening = sorted(set(_listening_everywhere()) & _our_ports(settings))
    if listening:
        findings.append(bad("ports", f"our ports {listening} are bound to all interfaces", "bind them to loopback"))
    if not wide and not listening:
        findings.append(good("ports", "nothing of ours is bound to all interfaces"))
    return findings


def _outside_urls(settings: Settings) -> Iterator[tuple[str, str]]:
    for name in ("link_tracking_url", "link_city_url", "police_112_url", "sms_url", "voice_url"):
        if url := getattr(settings, name):
            yield f"ANSIMNET_{name.upper()}", url


def _our_ports(settings: Settings) -> set[int]:
    ports = {settings.http_port, settings.relay_port}
    remembered = settings.data_dir / "postgres" / "port"
    if remembered.exists() and remembered.read_text().strip().isdigit():
        ports.add(int(remembered.read_text()))
    return ports


def _listening_everywhere() -> Iterator[int]:
    """Yield the TCP ports of this machine that listen on all interfaces (Linux)."""
    for file, anywhere in (("/proc/net/tcp", "0" * 8), ("/proc/net/tcp6", "0" * 32)):
        try:
            lines = Path(file).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            host, _, port = words[1].partition(":")
            if words[3] == "0A" and host == anywhere:  # 0A: listening (include/net/tcp_states.h)
                yield int(port, 16)


def _certificates(settings: Settings) -> list[Finding]:
    """Look at the certificates we believe, and at the one browsers are shown."""
    findings = []
    if settings.push_ca_file is not None:
        findings += [
            _certificate("push CA", c) for c in x509.load_pem_x509_certificates(settings.push_ca_file.read_bytes())
        ]
    public = urlsplit(settings.public_url)
    if public.scheme == "https" and public.hostname:
        findings.append(_shown(public.hostname, public.port or 443))
    return findings or [good("certificates", "none in use")]


def _certificate(what: str, certificate: x509.Certificate) -> Finding:
    left = certificate.not_valid_after_utc - now()
    until = f"valid until {certificate.not_valid_after_utc:%Y-%m-%d}"
    if left < timedelta(0):
        return bad(what, f"expired: {until}", "renew the certificate")
    return odd(what, until, "renew the certificate") if left < SOON else good(what, until)


def _shown(host: str, port: int) -> Finding:
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # looked at, not believed
    try:
        with socket.create_connection((host, port), 3) as raw, context.wrap_socket(raw, server_hostname=host) as tls:
            der = tls.getpeercert(binary_form=True)
    except OSError:
        return odd("certificate", f"{host}:{port} does not answer", "is the proxy running?")
    assert der is not None
    return _certificate("certificate", x509.load_der_x509_certificate(der))


def _masking() -> Finding:
    from ansimnet.kernel.permits import Masking

    least = next(iter(Masking))
    if least is not Masking.MASKED:
        return bad(
            "masking", f"pictures begin {least}", "this build was changed: nobody is shown unless a permit says so"
        )
    return good("masking", "pictures begin masked; only a permit lifts it")


def _account() -> Finding:
    if os.geteuid() == 0:
        return odd("account", "running as root", "a user of its own is safer")
    return good("account", "a user of its own")
