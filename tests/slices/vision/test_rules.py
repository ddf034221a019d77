"""Vision's pure decisions as tables and properties."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.facts.vision import Behaviour, Verdict, Why
from ansimnet.kernel.geo import Plane, Point
from ansimnet.slices.vision.model import Budget, Pair, Platt, Sample, Setup, Zone
from ansimnet.slices.vision.rules import budget, calibration, coverage, quality, reasons, setups, tuning
from ansimnet.slices.vision.rules.coverage import Watched
from ansimnet.slices.vision.rules.ground import BadCalibration, ground_of
from ansimnet.slices.vision.rules.words import NEVER_HELD, PRIORITY, SOUNDS, STANDARD, WORDS

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PRIOR = tuning.PRIOR[Behaviour.LOITERING]
BASE = tuning.NEEDED[Behaviour.LOITERING]
scores = st.floats(-20, 40)
behaviours = st.sampled_from(list(Behaviour))


def sample(
    score: float,
    verdict: Verdict,
    age_days: float = 1.0,
    why: Why | None = None,
    at: tuple[float, float] = (0.5, 0.5),
) -> Sample:
    when = NOW - timedelta(days=age_days)
    return Sample(score, 0.5, verdict, why, when, when, 9.0, *at)


def apart(n: int) -> tuple[float, float]:
    """Return places of the picture that know nothing of each other."""
    return n % 5 / 4, n // 5 % 5 / 4


parts = st.floats(0, 1)
samples = st.lists(
    st.builds(sample, scores, st.sampled_from(list(Verdict)), st.floats(0, 360), st.none(), st.tuples(parts, parts)),
    min_size=tuning.FEWEST,
    max_size=40,
)

# ------------------------------------------------------------------------------------------------- probability


@given(st.lists(st.tuples(scores, st.booleans(), st.floats(0.01, 1)), max_size=40), scores, scores)
def test_a_higher_score_is_never_less_probable_whatever_the_verdicts(
    judged: list[tuple[float, bool, float]], a: float, b: float
) -> None:
    platt = calibration.fit(judged, PRIOR)
    assert platt.slope > 0
    low, high = sorted((a, b))
    assert calibration.probability(platt, low) <= calibration.probability(platt, high)


def test_without_a_verdict_the_prior_holds() -> None:
    assert calibration.fit([], PRIOR) == pytest.approx(PRIOR)
    assert calibration.probability(PRIOR, BASE) == pytest.approx(0.5)


@given(st.floats(5, 12), st.integers(3, 30))
def test_false_verdicts_lower_the_probability_there_and_true_ones_raise_it(score: float, n: int) -> None:
    before = calibration.probability(PRIOR, score)
    falses = calibration.fit([(score, False, 1.0)] * n, PRIOR)
    trues = calibration.fit([(score, True, 1.0)] * n, PRIOR)
    assert calibration.probability(falses, score) < before < calibration.probability(trues, score)


def test_a_fit_on_a_thousand_verdicts_finds_the_sigmoid_they_came_from() -> None:
    true = Platt(0.8, -7.0)
    spread = [4 + 10 * n / 999 for n in range(1000)]
    judged = [(s, (n * 0.6180339887) % 1 < calibration.probability(true, s), 1.0) for n, s in enumerate(spread)]
    found = calibration.fit(judged, PRIOR)
    for s in (6.0, 8.0, 10.0, 12.0):
        assert calibration.probability(found, s) == pytest.approx(calibration.probability(true, s), abs=0.06)
    before = calibration.brier([(calibration.probability(PRIOR, s), t) for s, t, _ in judged])
    after = calibration.brier([(calibration.probability(found, s), t) for s, t, _ in judged])
    assert before is not None
    assert after is not None
    assert after < before


# ------------------------------------------------------------------------------------------------- the guard


@pytest.mark.requirement("VA-06")
@given(behaviours, samples, st.lists(st.floats(0, 300), max_size=4))
def test_no_verdicts_ever_silence_what_somebody_confirmed(
    behaviour: Behaviour, judged: list[Sample], missed: list[float]
) -> None:
    misses = [NOW - timedelta(days=d) for d in missed]
    learnt = tuning.learn(behaviour, judged, misses, base=BASE, prior=PRIOR, current=BASE, now=NOW)
    assert learnt is not None
    others = [[*judged[:i], *judged[i + 1 :]] for i in range(len(judged))]
    confirmed = [
        s.score + tuning.place_bias(rest, s.x, s.y, NOW)
        for s, rest in zip(judged, others, strict=True)
        if s.verdict is Verdict.TRUE
    ]
    lowest = BASE - tuning.MOST_LOWER
    assert all(learnt.threshold <= s or learnt.threshold <= lowest for s in confirmed)
    most = tuning.MOST_RAISE[PRIORITY[behaviour]]
    assert learnt.threshold <= BASE + (most if confirmed else min(most, tuning.UNPROVEN_RAISE))
    assert learnt.threshold >= lowest or (confirmed and learnt.threshold >= min(confirmed) - tuning.MARGIN)
    if PRIORITY[behaviour] == 1 and learnt.threshold > BASE:
        assert learnt.needs_person


@pytest.mark.requirement("VA-06")
def test_a_windy_tree_raises_the_threshold_and_a_confirmed_one_beside_it_holds_it() -> None:
    tree = [sample(BASE + 0.2 + n / 100, Verdict.FALSE, why=Why.LIGHT, at=apart(n)) for n in range(20)]
    alone = tuning.learn(Behaviour.INTRUSION, tree, [], base=BASE, prior=PRIOR, current=BASE, now=NOW)
    assert alone is not None
    assert alone.threshold == pytest.approx(BASE + tuning.UNPROVEN_RAISE)
    far = [*tree, *(sample(BASE + 8, Verdict.TRUE, at=apart(20 + n)) for n in range(3))]
    proven = tuning.learn(Behaviour.INTRUSION, far, [], base=BASE, prior=PRIOR, current=BASE, now=NOW)
    assert proven is not None
    assert proven.needs_person
    assert proven.kept_share == 1.0
    near = [*tree, sample(BASE + 0.3, Verdict.TRUE, at=apart(21))]
    held = tuning.learn(Behaviour.INTRUSION, near, [], base=BASE, prior=PRIOR, current=BASE, now=NOW)
    assert held is not None
    assert held.threshold <= BASE + 0.3 - tuning.MARGIN


def test_a_wrong_zone_teaches_nothing_and_old_verdicts_fade() -> None:
    wrong = [sample(BASE + 0.1, Verdict.FALSE, why=Why.WRONG_PLACE) for _ in range(20)]
    assert tuning.learn(Behaviour.INTRUSION, wrong, [], base=BASE, prior=PRIOR, current=BASE, now=NOW) is None
    fresh, old = (
        [sample(BASE + 0.1, Verdict.FALSE, days, Why.LIGHT, apart(n)) for n in range(12)]
        + [sample(BASE + 8, Verdict.TRUE, days, None, apart(12 + n)) for n in range(2)]
        for days in (1, 350)
    )
    new = tuning.learn(Behaviour.LOITERING, fresh, [], base=BASE, prior=PRIOR, current=BASE, now=NOW)
    faded = tuning.learn(Behaviour.LOITERING, old, [], base=BASE, prior=PRIOR, current=BASE, now=NOW)
    assert new is not None
    assert faded is not None
    assert BASE <= faded.threshold < new.threshold


@pytest.mark.requirement("VA-06")
def test_a_tree_is_improbable_where_it_stands_and_nowhere_else() -> None:
    tree = [sample(BASE, Verdict.FALSE, why=Why.LIGHT, at=(0.2, 0.6)) for _ in range(10)]
    there, beside = (tuning.place_bias(tree, x, 0.6, NOW) for x in (0.21, 0.7))
    assert there < -2
    assert beside == pytest.approx(0, abs=1e-6)
    seen = [*tree, *(sample(BASE, Verdict.TRUE, at=(0.2, 0.6)) for _ in range(10))]
    assert tuning.place_bias(seen, 0.21, 0.6, NOW) == pytest.approx(0, abs=1e-6)


def test_missed_events_lower_a_threshold() -> None:
    learnt = tuning.learn(
        Behaviour.COLLAPSE, [], [NOW - timedelta(days=1)], base=BASE, prior=PRIOR, current=BASE, now=NOW
    )
    assert learnt is not None
    assert learnt.threshold == pytest.approx(BASE - tuning.MISS_LOWERS)


# ------------------------------------------------------------------------------------------------- budget


@given(st.lists(st.floats(0, 8 * 3600), max_size=400), st.integers(1, 5))
def test_what_is_shown_never_exceeds_what_operators_can_judge(ages: list[float], operators: int) -> None:
    chosen, shown = Budget(per_shift=48, shift_hours=8), list[datetime]()
    began = NOW - timedelta(hours=8)
    for age in sorted(ages):
        at = began + timedelta(seconds=age)
        if not budget.held(Behaviour.LOITERING, budget.room(shown, operators, chosen, at)):
            shown.append(at)
    assert len(shown) <= 48 * operators + 6 * operators + 1


def test_a_life_in_danger_is_never_held() -> None:
    assert not any(budget.held(b, -100.0) for b in NEVER_HELD)
    assert {Behaviour.VIOLENCE, Behaviour.COLLAPSE, Behaviour.FIRE} <= NEVER_HELD
    assert budget.held(Behaviour.LOITERING, 0.5)


# ------------------------------------------------------------------------------------------------- quality


@given(st.integers(0, 50), st.integers(1, 50))
def test_an_interval_holds_the_share_and_stays_within_0_and_1(hits: int, more: int) -> None:
    found = quality.wilson(hits, hits + more)
    assert found is not None
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_a_drift_is_seen_and_sameness_is_not() -> None:
    before = [7 + n % 20 / 10 for n in range(200)]
    assert quality.drift(before, before[:100]) == quality.Drift(0.0, 1.0, False)
    moved = quality.drift(before, [s + 1.5 for s in before[:60]])
    assert moved is not None
    assert moved.drifted
    assert quality.drift(before, before[:5]) is None


# ------------------------------------------------------------------------------------------------- words


@pytest.mark.requirement("VA-01", "VA-06")
@given(behaviours, st.dictionaries(st.sampled_from([*reasons.EVIDENCE, "odd_thing_m", "x"]), st.floats(0, 99)))
def test_every_alarm_has_one_sentence_in_each_language(behaviour: Behaviour, evidence: dict[str, float]) -> None:
    said = reasons.reason(behaviour, evidence, 0.5)
    assert said.ko.startswith(WORDS[behaviour].ko)
    assert said.ko.endswith(".")
    assert said.en.lower().startswith(WORDS[behaviour].en.lower())
    assert "추적" not in said.ko  # a dangerous approach is never called that (VA-01)
    assert "\n" not in said.ko + said.en


# ------------------------------------------------------------------------------------------------- ground


def seen_from(pairs: list[tuple[float, float]]) -> list[Pair]:
    """Return points of a pinhole camera 6 m high that looks 20° down, with where they lie."""
    plane, down, high = Plane(Point(37.5, 127.0)), math.radians(20), 6.0
    found = []
    for x, y in pairs:
        right, up = (x - 0.5) * 1.2, (0.5 - y) * 0.7
        drop = math.sin(down) - up * math.cos(down)
        far = high / drop
        place = plane.to_point(right * far, far * (math.cos(down) + up * math.sin(down)))
        found.append(Pair(x, y, place.lat, place.lon))
    return found


CORNERS = [(0.1, 0.95), (0.9, 0.9), (0.75, 0.45), (0.2, 0.5)]
inner = st.tuples(st.floats(0.05, 0.95), st.floats(0.4, 1.0))


@given(inner)
def test_four_points_lay_the_whole_picture_on_the_map(point: tuple[float, float]) -> None:
    found, truth = ground_of(seen_from(CORNERS)), seen_from([point])[0]
    place = found.place(*point)
    assert place is not None
    assert Plane(Point(truth.lat, truth.lon)).to_xy(place) == pytest.approx((0, 0), abs=0.02)
    assert found.residual_m == pytest.approx(0, abs=1e-6)


def test_above_the_horizon_there_is_no_place() -> None:
    assert ground_of(seen_from(CORNERS)).place(0.5, -0.2) is None


@pytest.mark.parametrize(
    ("points", "word"),
    [
        (CORNERS[:3], "four points"),
        ([(0.1, 0.9), (0.5, 0.9), (0.9, 0.9), (0.5, 0.5)], "in a line"),
        ([*CORNERS[:3], CORNERS[2]], "in a line"),
    ],
)
def test_points_that_fix_nothing_are_refused(points: list[tuple[float, float]], word: str) -> None:
    with pytest.raises(BadCalibration, match=word):
        ground_of(seen_from(points))


def test_points_in_another_order_or_far_apart_are_refused() -> None:
    good = seen_from(CORNERS)
    crossed = [Pair(a.x, a.y, b.lat, b.lon) for a, b in zip(good, [good[1], good[0], *good[2:]], strict=True)]
    with pytest.raises(BadCalibration, match="horizon"):
        ground_of(crossed)
    with pytest.raises(BadCalibration, match="apart"):
        ground_of([*good[:3], Pair(0.2, 0.5, 37.6, 127.0)])
    fifth = seen_from([(0.5, 0.7)])[0]
    with pytest.raises(BadCalibration, match="contradict"):
        ground_of([*good, Pair(fifth.x, fifth.y, fifth.lat + 0.00008, fifth.lon)])


# ------------------------------------------------------------------------------------------------- set-ups


def zone(points: list[tuple[float, float]], kind: str = "zone") -> Setup:
    return Setup(zones=(Zone("z1", kind, Behaviour.INTRUSION, tuple(points)),))


def test_zones_that_hold_nothing_or_cross_themselves_are_refused() -> None:
    setups.check(zone([(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]))
    setups.check(zone([(0.1, 0.1), (0.9, 0.1)], "line"))
    for points, kind in (
        ([(0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)], "zone"),
        ([(0.1, 0.1), (0.11, 0.1), (0.11, 0.11)], "zone"),
        ([(0.1, 0.1), (0.1, 0.1)], "line"),
    ):
        with pytest.raises(setups.BadZone):
            setups.check(zone(points, kind))


def test_a_set_up_survives_being_kept() -> None:
    made = Setup(
        zones=zone([(0.1, 0.1), (0.9, 0.1), (0.5, 0.9)]).zones,
        pairs=tuple(seen_from(CORNERS)),
        behaviours=frozenset({Behaviour.FIRE, Behaviour.INTRUSION}),
        shadow=frozenset({Behaviour.FIRE}),
    )
    kept = setups.to_json(made)
    assert setups.of_json(kept) == made
    assert setups.hash_of(kept) == setups.hash_of(setups.to_json(setups.of_json(kept)))


# ------------------------------------------------------------------------------------------------- coverage

ALL = frozenset(b.value for b in Behaviour)
SEES = frozenset({"day", "night"})
WARM = frozenset({"day", "heat"})


@pytest.mark.requirement("VA-02")
@given(st.sets(st.sampled_from(["day", "night", "sound", "heat"])), st.booleans())
def test_a_camera_without_a_sensor_never_covers_its_class(senses: set[str], listened: bool) -> None:
    made = Setup(behaviours=frozenset(Behaviour))
    found = coverage.coverage(made, Watched(frozenset(senses), listened, True, True, ALL), ())
    for one in found:
        if one.behaviour in SOUNDS and ("sound" not in senses or not listened):
            assert not one.covered
        assert one.reason in coverage.REASONS


@pytest.mark.parametrize(
    ("made", "watched", "reason"),
    [
        (Setup(), Watched(SEES, False, True, True, ALL), "switched-off"),
        (Setup(behaviours=STANDARD), Watched(SEES, False, False, True, ALL), "no-stream"),
        (Setup(behaviours=STANDARD), Watched(SEES, False, True, False, ALL), "no-picture"),
        (Setup(behaviours=STANDARD), Watched(SEES, False, True, True, None), "no-worker"),
        (Setup(behaviours=STANDARD), Watched(SEES, False, True, True, frozenset()), "no-model"),
        (Setup(behaviours=STANDARD, shadow=STANDARD), Watched(SEES, False, True, True, ALL), "shadow"),
        (Setup(behaviours=STANDARD), Watched(SEES, False, True, True, ALL), "covered"),
        (Setup(behaviours=STANDARD), Watched(frozenset({"day"}), False, True, True, ALL), "day-only"),
        (Setup(behaviours=STANDARD), Watched(WARM, False, True, True, ALL, 150.0), "covered"),
        (Setup(behaviours=STANDARD), Watched(WARM, False, True, True, ALL, 45.0), "day-only"),
        (Setup(behaviours=STANDARD), Watched(WARM, False, True, True, frozenset(), 150.0), "covered"),
        (Setup(behaviours=STANDARD), Watched(WARM, False, True, True, frozenset(), 45.0), "no-model"),
    ],
)
def test_what_is_not_covered_says_why(made: Setup, watched: Watched, reason: str) -> None:
    found = {c.behaviour: c for c in coverage.coverage(made, watched, ())}
    assert found[Behaviour.FIRE].reason == reason
    assert found[Behaviour.FIRE].covered == (reason in {"covered", "day-only"})
    assert found[Behaviour.SCREAM].reason == "no-sound"


def test_an_intrusion_needs_a_zone_and_metres_are_guessed_without_points() -> None:
    found = {
        c.behaviour: c.reason
        for c in coverage.coverage(Setup(behaviours=STANDARD), Watched(SEES, False, True, True, ALL), ())
    }
    assert (found[Behaviour.INTRUSION], found[Behaviour.LOITERING]) == ("no-zone", "uncalibrated")
