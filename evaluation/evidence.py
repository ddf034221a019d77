"""Is every tampering with exported footage found, and nothing else?

Genuine exports, made by the real code (seals, masked films, manifest, proofs of a ledger in memory), are flipped, cut,
reordered, shifted, edited and painted over, by somebody without keys and by somebody who signs exports; the one-file
verifier that travels with each export judges them. Genuine ones of many kinds must verify. Then each of its checks is
taken out in turn, and the tampering it alone finds must get through.

Keys: tamperings caught missed false_alarms kbit_per_s genuine by_kind seal_ms seal_core_pct planted found.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from random import Random
from types import ModuleType
from typing import Any

from evaluation._evidence_studio import Studio, of_film, recorded, street, tool
from evaluation._evidence_tamper import TAMPERINGS, Exhibit, Tampered, exhibit

from ansimnet.app.measure import Options
from ansimnet.slices.footage.evidence import package

TRIED = {"small": 8_000, "full": 100_000}
GENUINE = {"small": 10, "full": 120}
PER_CHECK = 4_000
"""The most tamperings each weakened verifier is tried on, of all kinds in turn; some checks stand alone but rarely."""
GROUP_S = 2.0
KINDS = (
    "bad-signature", "edited-manifest", "missing-file", "foreign-file", "edited-file", "edited-picture",
    "foreign-picture", "bad-seal", "wrong-place", "dropped-group", "shifted-clock", "other-picture", "edited-ledger",
    "unreadable",
)  # fmt: skip
"""What the verifier can find: taking out a check is never to hear of one of these."""
AXIS_KBIT_PER_S = (12, 27)
"""Axis signed video at 8 to 30 pictures a second, as its maker publishes it: signatures alone, no grid."""


def run(options: Options) -> dict[str, Any]:
    """Run and return the figures."""
    tried = options.tamperings or TRIED[options.size]
    verifier, shown = quick(tool()), exhibit(tool(), options.seed)
    judge = Judge(verifier, shown)
    if (alarm := judge(Tampered(shown.files)))["findings"]:
        raise AssertionError(f"the exhibit itself does not verify: {alarm['findings'][:3]}")
    missed, kinds = Counter[str](), Counter[str]()
    rng, names = Random(options.seed), sorted(TAMPERINGS)
    for k in range(tried):
        name = names[k % len(names)]
        made = TAMPERINGS[name](shown, rng)
        same = made.data is None and made.files == shown.files and not made.seen
        if same:
            continue
        kinds[name] += 1
        missed[name] += judge(made)["verified"]
        if k % 500 == 0:
            options.progress(k, tried, name)
    options.progress(tried, tried, "genuine exports")
    alarms, rates, cost = genuine(options, verifier)
    found = blinded(options, shown)
    return {
        "tamperings": sum(kinds.values()),
        "caught": sum(kinds.values()) - sum(missed.values()),
        "missed": sum(missed.values()),
        "false_alarms": sum(1 for a in alarms if a),
        "kbit_per_s": round(max(rates), 2),
        "kbit_per_s_mean": round(sum(rates) / len(rates), 2),
        "axis_kbit_per_s": AXIS_KBIT_PER_S,
        "genuine": len(alarms),
        "seal_ms": round(cost * 1000, 2),
        "seal_core_pct": round(cost / GROUP_S * 100, 3),
        "by_kind": {n: {"tried": kinds[n], "missed": missed[n]} for n in names},
        "planted": len(KINDS) + 1,
        "found": len(found),
        "not_found": sorted({*KINDS, "edited-container"} - found),
        "alarms": [a for a in alarms if a][:5],
    }


def quick(module: ModuleType) -> ModuleType:
    """Return the verifier with its pure and dear steps remembered: 100,000 exports differ in a byte each."""
    module.signed_by = lru_cache(4096)(module.signed_by)  # type: ignore[attr-defined]
    module.fragments = lru_cache(256)(module.fragments)  # type: ignore[attr-defined]
    module.sha256 = lru_cache(8192)(module.sha256)  # type: ignore[attr-defined]
    root = lru_cache(4096)(_over_tuple(module.root_of))
    module.root_of = lambda leaves: root(tuple(leaves))  # type: ignore[attr-defined]
    faults, known = module.picture_faults, dict[tuple[bytes, int, str], Any]()

    def remembered(grid: bytes, planes: Any, hidden: Any) -> Any:
        key = (grid, id(planes), str(hidden))
        if key not in known or known[key][0] is not planes:
            known[key] = (planes, faults(grid, planes, hidden))
        return known[key][1]

    module.picture_faults = remembered  # type: ignore[attr-defined]
    return module


def _over_tuple(root_of: Callable[[list[bytes]], bytes]) -> Callable[[tuple[bytes, ...]], bytes]:
    return lambda leaves: root_of(list(leaves))


class Judge:
    """Runs a verifier on what came of the exhibit. Pictures are looked at where they were changed."""

    def __init__(self, module: ModuleType, shown: Exhibit, deaf: str | None = None) -> None:
        self.module = module
        self.shown = shown
        self.deaf = deaf

    def __call__(self, made: Tampered) -> dict[str, Any]:
        """Return the report."""
        key = self.shown.studio.ledger.signer.public
        files = made.files
        if made.data is not None:
            files, whole = self.module.unpack(made.data)
            if not whole and self.deaf != "edited-container":
                return {"verified": False, "findings": [{"what": "edited-container"}]}
        decode = (lambda data: made.seen.get(data) or self.shown.planes[data]) if made.seen else None
        report: dict[str, Any] = self.module.Verifier(files, key, decode).run()
        if self.deaf is not None:
            report["findings"] = [f for f in report["findings"] if f["what"] != self.deaf]
            report["verified"] = not report["findings"]
        return report


def genuine(options: Options, verifier: ModuleType) -> tuple[list[Any], list[float], float]:
    """Return what was found in genuine exports, the rate of each one's seals in kbit/s, and seconds of CPU a seal."""
    alarms, rates, spent, seals = list[Any](), list[float](), 0.0, 0
    films = list(_films(options))
    for k, (pictures, crf, original) in enumerate(films):
        options.progress(k, len(films), "genuine exports")
        studio = Studio(options.seed + k)
        pieces = recorded(pictures, crf=crf)
        began = time.process_time()
        reel = studio.reel("HD-0001", pieces)
        spent += time.process_time() - began
        seals += len(pieces)
        size = max(len(g.seal) for g in reel.groups)
        rates.append(size * 8 / GROUP_S / 1000)
        files = studio.export([reel], original=original)
        report = verifier.verify(package.pack(files), studio.ledger.signer.public, decode=verifier.decode_with_av)
        alarms.append(report["findings"])
    return alarms, rates, spent / max(seals, 1)


def _films(options: Options) -> Iterator[tuple[list[Any], int, bool]]:
    """Yield pictures, the quality they are recorded in, and whether the original goes along."""
    count = GENUINE[options.size]
    if options.data is not None:
        for path in sorted((options.data / "copydet" / "originals").glob("*.mp4"))[: max(4, count // 4)]:
            yield list(of_film(path, 60)), 28, True
    for k in range(count):
        noise, crf = (0.0, 2.0, 4.0, 8.0, 12.0)[k % 5], (18, 24, 28, 34)[k % 4]
        yield list(street(options.seed + k, 60, noise=noise)), crf, k % 2 == 0


def blinded(options: Options, shown: Exhibit) -> set[str]:
    """Return the checks without which some tampering gets through."""
    found = set[str]()
    names = sorted(TAMPERINGS)
    module = quick(tool())
    for deaf in (*KINDS, "edited-container"):
        rng = Random(options.seed + 1)
        judge = Judge(module, shown, deaf)
        for k in range(PER_CHECK):
            made = TAMPERINGS[names[k % len(names)]](shown, rng)
            if (made.data or made.files != shown.files or made.seen) and judge(made)["verified"]:
                found.add(deaf)
                break
    return found
