"""Is every tampering with exported footage found, and nothing else?

Genuine exports, made by the real code (seals, masked films, manifest, proofs of a ledger in memory), are flipped, cut,
reordered, shifted, edited and painted over, by somebody without keys, by somebody who signs exports, and by a thief of
the recorder's key who seals anew what was recorded long ago; the one-file verifier that travels with each export judges
them. Genuine ones of many kinds must verify. And each of its checks is needed: some tampering is told by it alone, and
would get through a verifier without it.

Keys: tamperings caught missed false_alarms kbit_per_s genuine by_kind seal_ms seal_core_pct planted found.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
from evaluation._evidence_exhibit import Exhibit, Tampered, exhibit
from evaluation._evidence_studio import Studio, of_film, recorded, street, tool
from evaluation._evidence_tamper import TAMPERINGS

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s
from ansimnet.platform.settings import cores
from ansimnet.slices.footage.evidence import package
from ansimnet.slices.footage.evidence.anchoring import Anchor

TRIED = {"small": 8_000, "full": 100_000}
GENUINE = {"small": 10, "full": 120}
GROUP_S = 2.0
KINDS = (
    "bad-signature", "edited-manifest", "missing-file", "foreign-file", "edited-file", "edited-picture",
    "foreign-picture", "bad-seal", "wrong-place", "dropped-group", "shifted-clock", "other-picture", "edited-ledger",
    "not-anchored", "other-span", "unreadable",
)  # fmt: skip
"""What the verifier can find: to take out a check is never to hear of one of these."""
FOUND = (*KINDS, "edited-container")
SHARD = 500
WRITTEN = 4096
"""Objects whose canonical form a judge remembers: some hundred exports' worth."""
ANCHOR_BYTES = (
    len(msgspec.json.encode(Anchor(UUID(int=0), 10**15, 249, 250, ["00" * 32] * 8, ["00" * 32] * 30))) + 2
) / 30
"""What a group's share of its line of anchoring is: a minute of groups of 2 s, of one camera among 250."""
AXIS_KBIT_PER_S = (12, 27)
"""Axis signed video at 8 to 30 pictures a second, as its maker publishes it: signatures alone, no grid."""


def run(options: Options) -> dict[str, Any]:
    """Run and return the figures. Every core takes its share; what is tried depends on the seed alone."""
    global _here
    tried = options.tamperings or TRIED[options.size]
    _here = Judge(quick(tool()), exhibit(tool(), options.seed))
    if (alarm := _here(Tampered(_here.shown.files)))["findings"]:
        raise AssertionError(f"the exhibit itself does not verify: {alarm['findings'][:3]}")
    shards = [(f"{options.seed}-{k}", min(SHARD, tried - k)) for k in range(0, tried, SHARD)]
    missed, kinds, alone = Counter[str](), Counter[str](), Counter[str]()
    with ProcessPoolExecutor(cores(), mp_context=get_context("fork")) as pool:
        began = monotonic_s()
        films = [pool.submit(genuine, *each) for each in _films(options)]
        done = 0
        for (_, count), (made, passed, told) in zip(shards, pool.map(_tampered, shards), strict=True):
            kinds.update(made)
            missed.update(passed)
            alone.update(told)
            done += count
            options.progress(done, tried, "tamperings")
        options.progress(tried, tried, "genuine exports")
        alarms, rates, costs = zip(*(f.result() for f in films), strict=True)
        took_s = monotonic_s() - began
    cost = sum(spent for spent, _ in costs) / sum(seals for _, seals in costs)
    return {
        "tamperings": sum(kinds.values()),
        "caught": sum(kinds.values()) - sum(missed.values()),
        "missed": sum(missed.values()),
        "false_alarms": sum(1 for a in alarms if a),
        "kbit_per_s": round(max(rates), 2),
        "kbit_per_s_mean": round(sum(rates) / len(rates), 2),
        "anchor_kbit_per_s": round(ANCHOR_BYTES * 8 / GROUP_S / 1000, 2),
        "axis_kbit_per_s": AXIS_KBIT_PER_S,
        "genuine": len(alarms),
        "seal_ms": round(cost * 1000, 2),
        "seal_core_pct": round(cost / GROUP_S * 100, 3),
        "took_s": round(took_s, 1),
        "processes": cores(),
        "by_kind": {n: {"tried": kinds[n], "missed": missed[n]} for n in sorted(TAMPERINGS)},
        "planted": len(FOUND),
        "found": len(set(FOUND) & set(alone)),
        "not_found": sorted(set(FOUND) - set(alone)),
        "told_alone": {kind: alone[kind] for kind in FOUND},
        "alarms": [a for a in alarms if a][:5],
    }


def _tampered(shard: tuple[str, int]) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Return how many tamperings of each sort a shard tried, how many got through, and how many one check alone told.

    What one check alone tells gets through where that check is taken out.
    """
    assert _here is not None
    rng, names = Random(shard[0]), sorted(TAMPERINGS)
    kinds, missed, alone = Counter[str](), Counter[str](), Counter[str]()
    for k in range(shard[1]):
        name = names[k % len(names)]
        made = TAMPERINGS[name](_here.shown, rng)
        if made.data is None and made.files == _here.shown.files and not made.seen:
            continue
        report = _here(made)
        kinds[name] += 1
        missed[name] += report["verified"]
        told = {f["what"] for f in report["findings"]}
        if len(told) == 1:
            alone.update(told)
    return kinds, missed, alone


def quick(module: ModuleType) -> ModuleType:
    """Return the verifier with its pure and dear steps remembered: 100,000 exports differ in a byte each."""
    for name, most in {"signed_by": 4096, "fragments": 256, "sha256": 8192, "read_grid": 64, "tiles": 256}.items():
        setattr(module, name, lru_cache(most)(getattr(module, name)))
    root = lru_cache(4096)(_over_tuple(module.root_of))
    module.root_of = lambda leaves: root(tuple(leaves))  # type: ignore[attr-defined]
    faults, known = module.picture_faults, dict[tuple[bytes, int, str], Any]()

    def remembered(grid: bytes, planes: Any, hidden: Any) -> Any:
        key = (grid, id(planes), str(hidden))
        if key not in known or known[key][0] is not planes:
            known[key] = (planes, faults(grid, planes, hidden))
        return known[key][1]

    module.picture_faults = remembered  # type: ignore[attr-defined]
    read = module.Verifier.object
    parsed = lru_cache(256)(lambda name, raw: read(SimpleNamespace(files={name: raw}), name))
    module.Verifier.object = lambda self, name: parsed(name, self.files[name])
    module.canonical = _of_one_object(module.canonical)  # type: ignore[attr-defined]
    return module


def _of_one_object(canonical: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Return `canonical` that writes an object once: the verifier changes nothing of what it parsed."""
    written = dict[int, tuple[Any, bytes]]()

    def remembered(value: Any) -> bytes:
        known = written.get(id(value))
        if known is None or known[0] is not value:
            if len(written) > WRITTEN:
                written.clear()
            known = written[id(value)] = (value, canonical(value))
        return known[1]

    return remembered


def _over_tuple(root_of: Callable[[list[bytes]], bytes]) -> Callable[[tuple[bytes, ...]], bytes]:
    return lambda leaves: root_of(list(leaves))


class Judge:
    """Runs a verifier on what came of the exhibit. Pictures are looked at where they were changed."""

    def __init__(self, module: ModuleType, shown: Exhibit) -> None:
        self.module = module
        self.shown = shown

    def __call__(self, made: Tampered) -> dict[str, Any]:
        """Return the report; what was done to the container is told beside what the files tell."""
        key = self.shown.studio.ledger.signer.public
        files, whole = (made.files, True) if made.data is None else self.module.unpack(made.data)
        decode = (lambda data: made.seen.get(data) or self.shown.planes[data]) if made.seen else None
        report: dict[str, Any] = self.module.Verifier(files, key, decode).run()
        if not whole:
            report["findings"].append({"what": "edited-container"})
        return {**report, "verified": not report["findings"]}


def genuine(seed: int, film: Path | None, k: int) -> tuple[list[Any], float, tuple[float, int]]:
    """Return what was found in a genuine export, its seals' rate in kbit/s, and seconds of CPU for how many seals."""
    noise, crf = (0.0, 2.0, 4.0, 8.0, 12.0)[k % 5], (18, 24, 28, 34)[k % 4]
    pictures = street(seed + k, 60, noise=noise) if film is None else of_film(film, 60)
    pieces = recorded(list(pictures), crf=crf if film is None else 28)
    studio, verifier = Studio(seed + k), tool()
    began = time.process_time()
    reel = studio.reel("HD-0001", pieces)
    spent = time.process_time() - began
    rate = (max(len(g.seal) for g in reel.groups) + ANCHOR_BYTES) * 8 / GROUP_S / 1000
    files = studio.export([reel], original=film is not None or k % 2 == 0)
    report = verifier.verify(package.pack(files), studio.ledger.signer.public, decode=verifier.decode_with_av)
    return report["findings"], rate, (spent, len(pieces))


def _films(options: Options) -> Iterator[tuple[int, Path | None, int]]:
    """Yield the seed, the film (None: made up) and the number of each genuine export."""
    count = GENUINE[options.size]
    if options.data is not None:
        paths = sorted((options.data / "copydet" / "originals").glob("*.mp4"))[: max(4, count // 4)]
        yield from ((options.seed, path, count + k) for k, path in enumerate(paths))
    yield from ((options.seed, None, k) for k in range(count))


_here: Judge | None = None
"""The exhibit and its judge, in this process and, by fork, in those that share the work."""
