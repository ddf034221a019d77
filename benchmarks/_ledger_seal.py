"""The sealing process of `bench ledger`, as `ansimnet serve` runs it: a process of its own, the product's own sealer.

python -m benchmarks._ledger_seal SEALER_URL FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.db import NO_CENTRE, Db
from ansimnet.platform.ledger import KeyStore, Sealer


def main() -> None:
    """Seal until killed."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    keys = {TRACKING_CENTRE: KeyStore(folder / "keys-tracking"), CITY_CENTRE: KeyStore(folder / "keys-city")}
    uvloop.run(Sealer(Db(url, NO_CENTRE), keys, folder / "ledger").run())


if __name__ == "__main__":
    main()
