"""What confirmed routes teach: travel times, looks, and how sure a probability is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ansimnet.slices.tracing.rules import belief, outlook, scoring, times
from ansimnet.slices.tracing.rules.belief import Hypothesis
from ansimnet.slices.tracing.rules.learned import Learned
from ansimnet.slices.tracing.rules.net import CameraNet
from ansimnet.slices.tracing.rules.times import Hop
from ansimnet.slices.tracing.rules.types import Kind, Sighting, Subject


def learn_routes(learned: Learned, net: CameraNet, routes: Sequence[tuple[Subject, Sequence[Sighting]]]) -> Learned:
    """Return what is known after routes whose every sighting a person confirmed, in order of time."""
    leave: list[Hop] = []
    arrive: list[Hop] = []
    for subject, chain in routes:
        left, arrived = confirmed_hops(learned, net, subject, chain)
        leave += left
        arrive += arrived
    return replace(learned, times=times.learn(learned.times, leave, arrive))


LEAST_HOPS = 60
"""Fewer confirmed arrivals of a kind move no window. ours."""
NINE_IN_TEN = 0.9


def learn_windows(learned: Learned, net: CameraNet, routes: Sequence[tuple[Subject, Sequence[Sighting]]]) -> Learned:
    """Return what is known after asking where in their windows people of confirmed routes really came.

    The shares between which nine in ten arrivals lay are the shares that a window is given from then on (split
    conformal prediction: Vovk et al., 2005). The routes must not be those that the times were learned from.
    """
    early: tuple[list[float], ...] = ([], [], [])
    late: tuple[list[float], ...] = ([], [], [])
    for subject, chain in routes:
        h = _root(net, subject, chain[0])
        for i, d in enumerate(chain[:-1]):
            if i:
                how = belief.fit(net, learned, subject, h, d, 0.02)
                h = _root(net, subject, d) if math.isinf(how.llr) else belief.extend(net, h, d, how)
            after = _next(net, d, chain[i + 1 :])
            named = outlook.next_cameras(net, learned, [(1.0, h)], d.until_s, 3)
            if after is None or after.camera not in {c.camera for c in named}:
                continue
            for shares, slack in ((early, outlook.CLOCK_S), (late, -outlook.CLOCK_S)):
                share = outlook.arrived(learned, h, after.camera, d.until_s, after.from_s + slack)
                shares[subject.kind].append(share or 0.0)
    window = list(learned.window)
    for kind in Kind:
        if len(early[kind]) >= LEAST_HOPS:
            low = float(np.quantile(early[kind], (1 - NINE_IN_TEN) / 2))
            window[kind] = low, float(np.quantile(late[kind], (1 + NINE_IN_TEN) / 2))
    return replace(learned, window=tuple(window))


def _next(net: CameraNet, d: Sighting, later: Sequence[Sighting]) -> Sighting | None:
    """Return the sighting that began first once `d` was over, on another pole."""
    after = (s for s in later if s.from_s >= d.until_s - outlook.CLOCK_S and net.site[s.camera] != net.site[d.camera])
    return min(after, key=lambda s: s.from_s, default=None)


def confirmed_hops(
    learned: Learned, net: CameraNet, subject: Subject, chain: Sequence[Sighting]
) -> tuple[list[Hop], list[Hop]]:
    """Return the hops of a confirmed route until leaving and until entering a view, spread over its possible ways."""
    leave: list[Hop] = []
    arrive: list[Hop] = []
    h = _root(net, subject, chain[0])
    for d in chain[1:]:
        how = belief.fit(net, learned, subject, h, d, 0.02)
        if math.isinf(how.llr):
            h = _root(net, subject, d)
            continue
        at, _, joint = belief.passed(net, learned, h, d)
        if joint.sum() <= 0.0:  # seen beside the street that was expected: no hop
            h = belief.extend(net, h, d, how)
            continue
        known = times.known_class(h.pace_hops)
        t_out, t_in = d.until_s - h.at_s, d.from_s - h.at_s
        for k, share in zip(at.tolist(), (joint / joint.sum()).tolist(), strict=True):
            if share < 0.02:
                continue
            family = int(h.fan.family[k])
            pace = h.pace if known and family < 3 else 0.0
            tau_in, tau_out = float(h.fan.tau_in[k]), float(h.fan.tau_out[k])
            y = times.log_ratio(t_out, tau_out) - pace
            leave.append((family, times.length_class(tau_out), known, y, share))
            if h.fan.fresh[k] > 0.5:
                y = times.log_ratio(t_in, tau_in) - pace
                arrive.append((family, times.length_class(tau_in), known, y, share))
        h = belief.extend(net, h, d, how)
    return leave, arrive


def _root(net: CameraNet, subject: Subject, d: Sighting) -> Hypothesis:
    arcs, at_m, weight = belief.leaving_arcs(net, d)
    return belief.remembering(belief.root(net, subject, arcs, at_m, weight, d.until_s, d.camera), d)


def learn_looks(learned: Learned, routes: Sequence[Sequence[Sighting]], others: Sequence[Sighting]) -> Learned:
    """Return what is known after confirmed routes and sightings that were certainly of other people."""
    same: list[tuple[int, float]] = []
    other: list[tuple[int, float]] = []
    strangers = [d.appearance for d in others if d.appearance is not None]
    for chain in routes:
        pictures = [d.appearance for d in chain if d.appearance is not None]
        template = np.zeros(0)
        for n, picture in enumerate(pictures):
            if n:
                same.append((n, scoring.similarity(template, picture)))
                for stranger in strangers[n::29][:6]:
                    other.append((n, scoring.similarity(template, stranger)))
            template = picture.astype(np.float64) if n == 0 else template + picture
    return replace(learned, looks=scoring.looks_learn(learned.looks, same, other))
