"""How well the next camera could be foretold at all: by one who knows the simulator's law of ways, but not the goal.

He knows where the trip began, the exact street and place now, every camera's true view, what places trips go to and
how differently people find streets long. He does not know the goal, nor how this subject finds streets: both are
drawn again and again, cheapest ways grown from the beginning, and goals beyond the present street counted by the
camera that comes first on the way there. He never loses the subject either. Whoever knows less does not do better by
more than chance, and where he does now and then, it is because this one looks at goals and not at the way behind.
"""

from __future__ import annotations

import numpy as np
from evaluation._relay_city import CENTRE, I32, K_M, City
from evaluation._relay_follow import Count, score_next
from evaluation._relay_people import LIKING, PERCEIVED_SD, TRIP_M
from evaluation._relay_scene import Scene
from numba import njit

from ansimnet.kernel import streets
from ansimnet.kernel.streets import pop, push
from ansimnet.slices.tracing.rules import net
from ansimnet.slices.tracing.rules.types import Mode, NextCamera

DRAWS = 24
"""So many ways of finding streets long are drawn for each subject. ours."""
BACK_M = 400.0
"""Where no way drawn from the beginning comes by here (he went by some other place first), ways are grown anew from
so far back. ours."""
FIRSTS = 3


class Ceiling:
    """The one who knows; its arrays are made once."""

    def __init__(self, c: City, seed: int, *, register: bool = False) -> None:
        """Make it; `register`: it knows of views only what the register says, not where cameras truly look."""
        self.city, self.rng = c, np.random.default_rng([seed, 8])
        azimuth = c.filed if register else c.azimuth
        k = K_M * np.cos(np.radians(CENTRE[0]))
        s = streets.build(CENTRE[0] + c.y / K_M, CENTRE[1] + c.x / k, c.u, c.v, c.length, c.rank, ("",) * len(c.u))
        cameras = net.Cameras(CENTRE[0] + c.cy / K_M, CENTRE[1] + c.cx / k, azimuth, c.fov, c.reach)
        self.net = net.build(s, cameras)
        self.looks = np.where(np.isnan(azimuth)[self.net.cov_camera], self.net.cov_view, 1.0)
        n = len(c.x)
        self.cost, self.prev, self.mass = np.full(n, np.inf), np.full(n, -1, np.int32), np.zeros(n)
        self.order, self.heap_c, self.heap_n = np.empty(n, np.int32), np.empty(800_000), np.empty(800_000, np.int32)
        self.total = np.zeros(len(c.cx))

    def foretell(self, scene: Scene) -> Count:
        """Return how often the next camera was among the three likeliest, asked at each track that was written."""
        count = Count(scene.kind)
        tracks = [i for i, d in enumerate(scene.own) if d]
        if tracks:
            first = scene.own[tracks[0]]
            assert first is not None
            asked = [self._at(scene, i) for i in tracks]
            named = self._named(scene, asked)
            at = scene.truth.visits.until[tracks].tolist()
            score_next(
                count, [(t, n, True) for t, n in zip(at, named, strict=True)], scene.truth, first, scene.city.pole
            )
        return count

    def _at(self, scene: Scene, visit: int) -> Where:
        """Return where he really is when a visit ends."""
        trip, t = scene.trip, float(scene.truth.visits.until[visit])
        s = min(len(trip.t) - 2, int(np.searchsorted(trip.t, t, side="right")) - 1)
        while s < len(trip.nodes) - 2 and trip.nodes[s] == trip.nodes[s + 1]:
            s += 1
        a, b = int(trip.nodes[s]), int(trip.nodes[s + 1])
        share = (t - trip.t[s]) / max(1e-9, trip.t[s + 1] - trip.t[s])
        v = scene.truth.visits
        in_view = v.camera[(v.since < t - 0.5) & (v.until >= t - 0.5)]
        return s, a, b, float(min(1.0, max(0.0, share))), scene.truth.poles[visit], in_view

    def _named(self, scene: Scene, asked: list[Where]) -> list[tuple[NextCamera, ...]]:
        trip = scene.trip
        begins = np.flatnonzero(np.concatenate([[True], ~trip.shown]))  # where he comes out of a house or a train
        found: list[dict[int, float]] = [{} for _ in asked]
        roots: dict[int, list[int]] = {}
        for q, where in enumerate(asked):
            roots.setdefault(int(trip.nodes[begins[begins <= where[0]].max()]), []).append(q)
        for root, queries in roots.items():
            self._grow(scene.kind, root, DRAWS, asked, queries, found)
        for q, where in enumerate(asked):
            if not found[q]:
                self._grow(scene.kind, self._back(scene, where[0]), DRAWS // 3, asked, [q], found)
        best = [sorted(f, key=lambda c: -f[c])[:FIRSTS] for f in found]
        return [tuple(NextCamera(c, 0, 0, 0, 0, Mode.WALK, (), 0, 0) for c in row) for row in best]

    def _back(self, scene: Scene, s: int) -> int:
        """Return the node of his way `BACK_M` before a knot."""
        trip = scene.trip
        way = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(trip.x), np.diff(trip.y)))])
        return int(trip.nodes[int(np.searchsorted(way, way[s] - BACK_M))])

    def _grow(
        self, kind: int, root: int, draws: int, asked: list[Where], queries: list[int], found: list[dict[int, float]]
    ) -> None:
        """Add what cheapest ways from a root say to those asked."""
        c, n = self.city, self.net
        near, far = TRIP_M[kind]
        for _ in range(draws):
            cost = c.length * np.exp(self.rng.normal(0, PERCEIVED_SD, len(c.length))) * LIKING[kind][c.rank]
            size = _ways(
                c.first, c.to, c.via, cost, root, c.x, c.y, near, far, self.cost, self.prev, self.mass, self.order,
                self.heap_c, self.heap_n,
            )  # fmt: skip
            for q in queries:
                _, a, b, share, pole, in_view = asked[q]
                if self.prev[b] == a:
                    for camera, mass in _firsts(
                        c.first, c.to, c.via, self.prev, self.mass, a, b, share, n.streets.u, c.length,
                        n.cov_first, n.cov_camera, n.cov_from_m, n.cov_to_m, self.looks, c.pole, pole, in_view,
                    ):  # fmt: skip
                        found[q][int(camera)] = found[q].get(int(camera), 0.0) + mass
            _forget(self.order[:size], self.cost, self.prev, self.mass)


Where = tuple[int, int, int, float, int, I32]
"""The knot, the nodes of the street and the share of it behind him, the pole that saw him last, and who has him in view
now."""


@njit(cache=True, nogil=True)
def _ways(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    first, to, via, cost, root, x, y, near, far, best, prev, mass, order, heap_c, heap_n
):
    """Grow cheapest ways from a root as far as trips go; `mass` of a node is that of the goals at and beyond it."""
    best[root] = 0.0
    heap_c[0], heap_n[0] = 0.0, root
    size, settled = 1, 0
    while size > 0:
        c, a = heap_c[0], heap_n[0]
        size = pop(heap_c, heap_n, size)
        if c > best[a]:
            continue
        order[settled] = a
        settled += 1
        gone = np.hypot(x[a] - x[root], y[a] - y[root])
        mass[a] = 1.0 / max(50.0, gone) if near - 120.0 < gone < far + 120.0 else 0.0
        if gone > far + 300.0:
            continue
        for q in range(first[a], first[a + 1]):
            b = to[q]
            d = c + cost[via[q]]
            if d < best[b]:
                best[b], prev[b] = d, a
                size = push(heap_c, heap_n, size, d, b)
    for k in range(settled - 1, 0, -1):
        mass[prev[order[k]]] += mass[order[k]]
    return settled


@njit(cache=True, nogil=True)
def _forget(order, best, prev, mass):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for a in order:
        best[a], prev[a], mass[a] = np.inf, -1, 0.0


@njit(cache=True, nogil=True)
def _firsts(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    first, to, via, prev, mass, a, b, share, u, length, cov_first, cov_camera, cov_from, cov_to, looks, pole_of, pole,
    in_view,
):  # fmt: skip
    """Return the cameras that come first on the ways on from a street, with the goals behind each.

    `looks`: the chance that a camera looks there; what it may not have in view, the next one sees first. Those that
    come second and third count a little, so that there are always three to name.
    """
    out = []
    nodes, tails, nth = np.empty(20_000, np.int32), np.empty(20_000, np.int32), np.empty(20_000, np.int32)
    rest = np.empty(20_000)
    nodes[0], tails[0], nth[0], rest[0] = b, a, 0, 1.0
    size = 1
    start = True
    while size > 0:
        size -= 1
        node, tail, k, unseen = nodes[size], tails[size], nth[size], rest[size]
        e, short = -1, np.inf
        for q in range(first[tail], first[tail + 1]):
            if to[q] == node and length[via[q]] < short:
                e, short = via[q], length[via[q]]
        x = share * short if start else -1.0
        start = False
        while k < 3:
            best, at, sees = -1, np.inf, 0.0
            for i in range(cov_first[e], cov_first[e + 1]):
                c = cov_camera[i]
                lo = cov_from[i] if u[e] == tail else short - cov_to[i]
                if pole_of[c] != pole and x - 0.5 <= lo < at and not (in_view == c).any():
                    best, at, sees = c, lo, looks[i]
            if best < 0:
                break
            out.append((best, mass[node] * unseen * sees))
            unseen *= max(0.02, 1.0 - sees)
            k += sees > 0.5 or unseen < 0.02
            x = at + 0.51
        if k == 3:
            continue
        for q in range(first[node], first[node + 1]):
            if prev[to[q]] == node and size < 20_000:
                nodes[size], tails[size], nth[size], rest[size] = to[q], node, k, unseen
                size += 1
    return out
