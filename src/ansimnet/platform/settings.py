"""Every setting of the product, typed, each with one sentence. `ansimnet settings` prints them."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from ansimnet.platform.engines import binaries


def default_data_dir() -> Path:
    """Return where data goes when nobody says: the user's own data folder, or a system one for root.

    PostgreSQL refuses to run as root, and the user it then runs as cannot walk into root's home (0700 on most
    machines), so root's data lives under /var/lib.
    """
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    if os.geteuid() != 0 or binaries.reachable(binaries.first_existing(base)):
        return base / "ansimnet"
    system = Path("/var/lib")
    if os.access(system, os.W_OK) and binaries.reachable(system):
        return system / "ansimnet"
    return Path(tempfile.gettempdir()) / f"ansimnet-{os.geteuid()}"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """What an operator may choose. Read from `ANSIMNET_*` variables; every default is safe on one machine."""

    model_config = SettingsConfigDict(env_prefix="ANSIMNET_", frozen=True, extra="ignore")

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="Folder of everything this installation keeps: database, keys, passwords and the link's identity.",
    )
    database_url: SecretStr | None = Field(
        None, description="Address of your own PostgreSQL as its owner role; empty starts the embedded one."
    )
    database_tracking_url: SecretStr | None = Field(
        None, description="Address of your own PostgreSQL as the tracking centre's role."
    )
    database_city_url: SecretStr | None = Field(
        None, description="Address of your own PostgreSQL as the city centre's role."
    )
    database_sealer_url: SecretStr | None = Field(
        None, description="Address of your own PostgreSQL as the ledger's sealer."
    )
    database_pool: int = Field(8, ge=1, le=64, description="Connections each process may hold open per database role.")
    http_host: str = Field("127.0.0.1", description="Address on which the API, the console and the phone pages answer.")
    http_port: int = Field(8700, ge=0, le=65535, description="Port of the API; 0 takes any free one.")
    http_public_url: str | None = Field(
        None, description="Address under which browsers and phones reach the API; empty means host and port as set."
    )
    relay_host: str = Field("127.0.0.1", description="Address on which the video relay answers.")
    relay_port: int = Field(8701, ge=0, le=65535, description="Port of the video relay; 0 takes any free one.")
    relay_public_url: str = Field(
        "ws://127.0.0.1:8701", description="Address of the relay that viewers are sent to, a WebSocket one."
    )
    relay_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="Relay processes, some 250 cameras each, on the relay's port and the next ones; 0: one a core.",
    )
    uplink_port: int = Field(
        8699, ge=0, le=65535, description="Port of the relay that takes phones' pictures; 0 takes any free one."
    )
    uplink_public_url: str | None = Field(
        None, description="Address of that relay for phones and desks, a WebSocket one; empty means its host and port."
    )
    relay_ring_s: float = Field(
        4.0, gt=0, description="Seconds of video the relay keeps of a camera, one GOP at least."
    )
    recording: bool = Field(True, description="Whether what the cameras of this city send is recorded.")
    recording_memory_s: float = Field(
        30.0, gt=0, description="Seconds of each recorded camera kept in memory too, from which clips are cut at once."
    )
    relay_viewer_bytes: int = Field(
        4_000_000, ge=100_000, description="Bytes that may wait for one slow viewer before frames are dropped."
    )
    footage_dir: Path | None = Field(
        None, description="Folder of recorded footage, encrypted; empty means `footage` in the data folder."
    )
    footage_more_dirs: list[Path] = Field(
        [], description="Further folders for it, each on a disk of its own: what is recorded is spread by free space."
    )
    footage_quota_gb: float | None = Field(
        None, gt=0, description="Gigabytes that recorded footage may take; empty means all of its disk but a twentieth."
    )
    footage_keys_dir: Path | None = Field(
        None,
        description="Folder of the footage's keys, never to be copied; empty means `footage-keys` in the data folder.",
    )
    timestamp_url: str | None = Field(
        None, description="Address of a time-stamping authority (RFC 3161) for exports of footage; empty asks none."
    )
    models_dir: Path | None = Field(
        None,
        description="Folder of the models' weights (`ansimnet models install`); empty: `models` in the data folder.",
    )
    vision_workers: int = Field(
        0,
        ge=0,
        le=64,
        description="Processes that watch the cameras; 0: two at least, one a core but one, once models are installed.",
    )
    vision_provider: str = Field(
        "cpu",
        description="What the models run on: cpu, or cuda, tensorrt, openvino … of the installed onnxruntime.",
    )
    vision_sightings: bool = Field(
        False,
        description="Whether workers note what they see pass, sealed for approved searches; off until decided.",
    )
    link_tracking_url: str | None = Field(
        None, description="Where the tracking centre's link answers; empty means this installation's own API."
    )
    link_city_url: str | None = Field(
        None, description="Where the city centre's link answers; empty means this installation's own API."
    )
    link_keys: Path | None = Field(
        None, description="Folder of the signing keys of the centres' link; empty means `link` in the data folder."
    )
    link_timeout_s: float = Field(
        5.0, gt=0, description="Seconds one message over the link may take before it is repeated."
    )
    police_112_url: str | None = Field(
        None, description="Where requests to 112 are posted; empty records each one as undeliverable, said aloud."
    )
    police_112_token: SecretStr | None = Field(None, description="Secret that tells 112 the request is ours.")
    mqtt_port: int | None = Field(
        None, ge=0, le=65535, description="Port on which devices speak MQTT 3.1.1; empty serves none, 0 takes any."
    )
    mqtt_cert: Path | None = Field(
        None, description="Certificate chain (PEM) for that port; without one it is served on this machine alone."
    )
    mqtt_key: Path | None = Field(None, description="The certificate's private key (PEM).")
    mtls_header: str | None = Field(
        None,
        description="Header in which your proxy names the SHA-256 of a machine's client certificate; empty reads none.",
    )
    mtls_proxies: str = Field(
        "", description="Addresses of the proxies whose header is believed, comma-separated; empty believes nobody's."
    )
    push_subject: str = Field(
        "mailto:operator@ansimnet.invalid",
        description="Contact that Web Push services are given (VAPID `sub`, RFC 8292).",
    )
    push_hosts: str = Field(
        "fcm.googleapis.com,updates.push.services.mozilla.com,web.push.apple.com,notify.windows.com",
        description="Push services phones may name, comma-separated, each with its sub-domains; any other is refused.",
    )
    sms_url: str | None = Field(
        None, description="Where text messages are posted for sending; empty records each one as undeliverable."
    )
    voice_url: str | None = Field(
        None, description="Where voice calls are asked for; empty records each one as undeliverable."
    )
    push_ca_file: Path | None = Field(
        None, description="Certificate authority of a push service of your own; empty means the system's."
    )
    session_hours: float = Field(
        12.0, gt=0, le=24, description="Hours after which a signed-in account must sign in again."
    )
    second_factor_required: bool = Field(
        False,
        description="Whether roles that see persons need a passkey or an app's code; switch on outside a demo.",
    )
    sso_issuer: str | None = Field(
        None, description="Issuer of the city's single sign-on (OpenID Connect), exactly as it names itself."
    )
    sso_client_id: str | None = Field(None, description="The name under which the single sign-on knows us.")
    sso_client_secret: SecretStr | None = Field(
        None, description="Secret that tells the single sign-on the request is ours; empty for a public client."
    )
    sso_label: str = Field("시 통합인증", description="What the sign-in page calls the single sign-on.")
    sso_centre: Literal["tracking", "city"] = Field(
        "city", description="Centre whose accounts the single sign-on opens."
    )
    web_dist: Path | None = Field(
        None, description="Folder of the built web pages; empty takes those packaged or built in the checkout."
    )
    streets_file: Path | None = Field(
        None,
        description="Street graph written by `ansimnet import streets`; empty means `streets.npz` in the data folder.",
    )
    kek_dir: Path | None = Field(
        None,
        description="Folder of the key-encryption keys, one inside per centre; empty means beside what they wrap.",
    )
    kek_command: str | None = Field(
        None,
        description="Program that, called with a centre's name, prints its key-encryption keys, newest first.",
    )
    neighbour_notices: bool = Field(
        False,
        description="Whether neighbours may read coarse notices; each still needs a court's order and two persons.",
    )
    locale: Literal["ko", "en"] = Field("ko", description="Language of pages for accounts that chose none.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="How logs look: JSON lines, or coloured text; `auto` asks whether a person is watching."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least log level that is written."
    )
    secure_cookies: bool = Field(
        False,
        description="Whether the session cookie goes over HTTPS alone; switch on wherever pages are served by HTTPS.",
    )

    @property
    def keys_dir(self) -> Path:
        """The folder of payload keys, one sub-folder per centre. Never part of a backup."""
        return self.data_dir / "keys"

    @property
    def run_dir(self) -> Path:
        """The folder of sockets between processes of this machine; short, for their addresses hold 107 bytes."""
        here = self.data_dir / "run"
        if len(os.fsencode(here)) <= 80:
            return here
        name = hashlib.blake2b(os.fsencode(self.data_dir), digest_size=6).hexdigest()
        return Path(tempfile.gettempdir()) / f"ansimnet-{os.geteuid()}-{name}"

    @property
    def models_folder(self) -> Path:
        """The folder of the models' weights; nothing need be there."""
        return self.models_dir or self.data_dir / "models"

    @property
    def relay_processes(self) -> int:
        """How many relay workers run."""
        return self.relay_workers or cores()

    @property
    def vision_processes(self) -> int:
        """How many processes watch the cameras: never one alone, for another takes over what a dead one watched."""
        return self.vision_workers or max(2, cores() - 1)

    @property
    def vision_on(self) -> bool:
        """Whether cameras are watched: models are installed, or somebody asked for workers."""
        return self.vision_workers > 0 or any(self.models_folder.glob("*.onnx"))

    @property
    def public_url(self) -> str:
        """The address under which browsers and phones reach the API."""
        return self.http_public_url or f"http://{self.http_host}:{self.http_port}"


@functools.cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return Settings()
