"""The ledger's word in an export: entries, each with its RFC 6962 path to one signed head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansimnet.kernel.errors import Fault


def joined(public: bytes, keys: Sequence[dict[str, Any]], inclusions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return `proof.json` as JSON values.

    Args:
        public: the centre's first ledger key, 32 bytes, which a reader knows from elsewhere.
        keys: the lines of its later keys, up to the one that signed the head.
        inclusions: as `platform.ledger.proofs.prove_entry` gives them, all under the same head; the last one is the
            entry that says the export was sealed.

    Raises:
        Fault: they are under different heads.
    """
    point = inclusions[-1]["checkpoint"]
    if any(i["checkpoint"] != point for i in inclusions):
        raise Fault("proofs under different heads")
    return {
        "v": 1,
        "centre_id": inclusions[-1]["centre_id"],
        "public": public.hex(),
        "keys": [k for k in keys if k["from_size"] < point["size"]],
        "checkpoint": point,
        "entries": [{"entry": i["entry"], "path": i["path"]} for i in inclusions],
    }
