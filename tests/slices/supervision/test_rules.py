"""The rules: tables of small stories, and what holds for every story."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansimnet.facts.supervision import (
    AlarmCleared,
    AlarmRaised,
    Medical,
    NoticeEnded,
    NoticeKind,
    NoticeRaised,
    PositionFollowed,
    Trigger,
    TriggerConfirmed,
)
from ansimnet.kernel.facts import Fact
from ansimnet.slices.supervision.model import Curfew, Fix, MedicalNotice, Offence, Polygon, Sign, Span, Window
from ansimnet.slices.supervision.rules import RULE_VERSION, explain, replay, window
from ansimnet.slices.supervision.rules.chance import Spread, chance_in_polygon, chance_within
from ansimnet.slices.supervision.rules.eligibility import IneligibleOffence, eligible
from ansimnet.slices.supervision.rules.estimate import ahead, begin, follow
from ansimnet.slices.supervision.rules.evidence import may_be_near

from .made import HER, HIM, HOME, NOON, ORIGIN, ZONE, approach, at, curfew, fix, square, teaching, whole, zone

STRAP = frozenset({Sign.STRAP})
NIGHT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
"""Midnight in Seoul."""


def said(facts: list[Fact]) -> list[str]:
    """Return the alarm facts by their first word, in order."""
    words = {AlarmRaised: "raised", TriggerConfirmed: "confirmed", AlarmCleared: "cleared"}
    return [words[type(f)] for f in facts if type(f) in words]


def still(east_m: float, n: int, *, every_s: float = 15, begin_s: float = 0, error_m: float = 15) -> list[Fix]:
    """Return fixes of somebody who stands."""
    return [fix(begin_s + every_s * i, east_m, error_m=error_m) for i in range(n)]


# ------------------------------------------------------------------------------------------------- zones


@pytest.mark.requirement("EM-14", "EM-19")
@pytest.mark.parametrize(
    ("fixes", "words"),
    [
        pytest.param(still(600, 20), [], id="outside"),
        pytest.param([fix(0, 0)], ["raised", "confirmed"], id="one-very-deep"),
        pytest.param([fix(0, 250)], ["raised"], id="one-shallow-never-confirms"),
        pytest.param([fix(0, 250), fix(15, 249)], ["raised", "confirmed"], id="two-confirm"),
        pytest.param([fix(0, 0, error_m=400)], [], id="one-poor-says-nothing"),
        pytest.param([fix(0, 0, error_m=150)], ["raised"], id="one-poor-never-confirms"),
        pytest.param([*still(500, 10), fix(150, 0, error_m=2)], [], id="a-jump-waits-for-the-next-fix"),
        pytest.param([*still(500, 10), fix(150, 0, error_m=2), *still(500, 3, begin_s=165)], [], id="a-jump-and-back"),
        pytest.param([*still(500, 10), *still(0, 2, begin_s=150)], ["raised", "confirmed"], id="a-jump-that-stays"),
        pytest.param([*still(500, 10), fix(150, 50_000), *still(500, 3, begin_s=165)], [], id="impossible-speed"),
        pytest.param([*still(250, 4), *still(300, 20, begin_s=60)], ["raised", "confirmed"], id="the-edge-keeps-it"),
        pytest.param(
            [fix(10 * i, 250 + 15 * i) for i in range(30)],
            ["raised", "confirmed", "cleared"],
            id="leaving-takes-it-back",
        ),
        pytest.param([fix(0, None)], [], id="no-place"),
    ],
)
def test_keeping_out_of_a_zone(fixes: list[Fix], words: list[str]) -> None:
    assert said(replay(fixes, [zone()])) == words


def test_a_square_is_judged_as_a_circle_is() -> None:
    walk = [fix(5 * i, 700 - 1.4 * 5 * i) for i in range(120)]
    ours, theirs = replay(walk, [zone()]), replay(walk, [square()])
    assert said(ours) == said(theirs) == ["raised", "confirmed"]


def test_an_alarm_says_what_it_rests_on() -> None:
    walk = [fix(5 * i, 600 - 7 * i) for i in range(60)]
    facts = replay(walk, [zone(protected=HER)])
    confirmed = next(f for f in facts if isinstance(f, TriggerConfirmed))
    assert confirmed.trigger is Trigger.EXCLUSION_ZONE
    assert confirmed.condition_id == ZONE
    assert confirmed.protected_person_id == HER
    assert confirmed.rule_version == RULE_VERSION
    assert confirmed.probability >= 0.9
    assert set(confirmed.fix_ids) <= {f.fix_id for f in walk}
    assert len(confirmed.fix_ids) >= 2
    assert confirmed.course_deg == pytest.approx(270, abs=10)


def test_a_position_is_told_only_while_an_alarm_stands_and_says_whether_it_is_certain() -> None:
    walk = [fix(5 * i, 600 - 7 * i) for i in range(60)]
    facts = replay(walk, [zone()])
    kinds = [type(f) for f in facts]
    raised = kinds.index(AlarmRaised)
    assert PositionFollowed not in kinds[:raised]
    followed = [f for f in facts if isinstance(f, PositionFollowed)]
    confirmed_at = next(f.happened_at for f in facts if isinstance(f, TriggerConfirmed))
    assert all(f.certain == (f.happened_at >= confirmed_at) for f in followed)
    assert len({f.fact_id for f in facts}) == len(facts)


# ------------------------------------------------------------------------------------------------- approach


def both(his: list[float], hers: list[float], every_s: float = 10) -> list[Fix]:
    """Return fixes of the two of them by turns."""
    mine = [fix(every_s * i, x) for i, x in enumerate(his)]
    return mine + [fix(every_s * i + every_s / 2, x, hers=True) for i, x in enumerate(hers)]


@pytest.mark.requirement("EM-14")
@pytest.mark.parametrize(
    ("his", "hers"),
    [
        pytest.param([2000 - 20 * i for i in range(100)], [0] * 100, id="he-comes"),
        pytest.param([2000] * 100, [20 * i for i in range(100)], id="she-walks-up"),
        pytest.param([2000 - 10 * i for i in range(100)], [10 * i for i in range(100)], id="both-move"),
    ],
)
def test_an_approach_is_seen_whoever_moves(his: list[float], hers: list[float]) -> None:
    facts = replay(both(his, hers), [approach()])
    assert said(facts) == ["raised", "confirmed"]
    raised = next(f for f in facts if isinstance(f, AlarmRaised))
    assert raised.protected_person_id == HER
    assert raised.seen_at < next(f.seen_at for f in facts if isinstance(f, TriggerConfirmed))  # warned before alarmed


def test_an_old_fix_of_hers_confirms_nothing() -> None:
    fixes = [fix(0, 0, hers=True), *still(100, 10, begin_s=1800)]
    assert "confirmed" not in said(replay(fixes, [approach(warn_m=400, alarm_m=300)]))


def test_her_registered_place_is_judged_when_her_device_is_silent() -> None:
    assert said(replay(still(100, 4), [approach(place=ORIGIN)])) == ["raised", "confirmed"]
    assert said(replay(still(100, 4), [approach()])) == []


# ------------------------------------------------------------------------------------------------- curfew


@pytest.mark.requirement("EM-18")
@pytest.mark.parametrize(
    ("since", "until", "kst", "bound"),
    [
        pytest.param("00:00", "06:00", "23:59:59", False, id="just-before"),
        pytest.param("00:00", "06:00", "00:00:00", True, id="at-midnight"),
        pytest.param("00:00", "06:00", "05:59:59", True, id="last-second"),
        pytest.param("00:00", "06:00", "06:00:00", False, id="over"),
        pytest.param("22:00", "05:30", "22:00:00", True, id="evening-of-a-window-across-midnight"),
        pytest.param("22:00", "05:30", "03:00:00", True, id="morning-of-it"),
        pytest.param("22:00", "05:30", "05:30:00", False, id="over-in-the-morning"),
        pytest.param("22:00", "05:30", "12:00:00", False, id="noon"),
        pytest.param("00:00", "00:00", "12:00:00", True, id="all-day"),
    ],
)
def test_curfew_hours_are_local_and_cross_midnight(since: str, until: str, kst: str, bound: bool) -> None:
    rule = curfew(time.fromisoformat(since), time.fromisoformat(until))
    h, m, s = (int(x) for x in kst.split(":"))
    assert window.bound(rule, datetime(2026, 11, 20, h, m, s, tzinfo=UTC) - timedelta(hours=9)) is bound


def nights(east_m: float, minutes_from: int, minutes_until: int) -> list[Fix]:
    return [fix(60 * i, east_m, start=NIGHT) for i in range(minutes_from, minutes_until)]


@pytest.mark.requirement("EM-18")
def test_a_curfew_finds_who_is_out_and_lets_go_in_the_morning() -> None:
    facts = replay(nights(1000, -10, 365), [curfew()])
    assert said(facts) == ["raised", "confirmed", "cleared"]
    assert next(f for f in facts if isinstance(f, AlarmRaised)).happened_at == NIGHT
    assert [f.reason for f in facts if isinstance(f, AlarmCleared)] == ["window_over"]


@pytest.mark.requirement("EM-14", "EM-19")
@pytest.mark.parametrize(
    ("from_s", "until_s", "east_m", "words"),
    [
        pytest.param(0, 540, 0, [], id="before-its-hours"),
        pytest.param(0, 900, 0, ["raised", "confirmed"], id="found-inside-as-they-begin"),
        pytest.param(660, 900, 0, ["raised", "confirmed"], id="in-its-hours"),
        pytest.param(0, 2500, 0, ["raised", "confirmed", "cleared"], id="let-go-as-they-end"),
        pytest.param(0, 2500, 900, [], id="never-there"),
    ],
)
def test_a_zone_of_some_hours_binds_in_them_alone(from_s: int, until_s: int, east_m: float, words: list[str]) -> None:
    facts = replay([fix(s, east_m + s % 4) for s in range(from_s, until_s, 15)], [teaching()])
    assert said(facts) == words
    begins = NOON + timedelta(minutes=10)
    assert all(f.happened_at >= begins for f in facts if isinstance(f, AlarmRaised))
    over = [f for f in facts if isinstance(f, AlarmCleared)]
    assert all(f.reason == "window_over" and f.happened_at >= NOON + timedelta(minutes=40) for f in over)


def test_who_is_home_breaks_no_curfew_and_an_exception_lifts_it() -> None:
    assert said(replay(nights(20, -10, 60), [curfew()])) == []
    span = Span(NIGHT - timedelta(hours=1), NIGHT + timedelta(hours=3))
    home = curfew()
    lifted = Curfew(HOME, home.wearer_id, "", home.window, home.home, (span,))
    assert said(replay(nights(1000, -10, 170), [lifted])) == []
    assert said(replay(nights(1000, -10, 190), [lifted])) == ["raised", "confirmed"]


# ------------------------------------------------------------------------------------------------- tamper, medical


@pytest.mark.requirement("EM-14")
@pytest.mark.parametrize(
    ("fixes", "words"),
    [
        pytest.param([fix(0, 900, signs=STRAP)], ["raised"], id="one-report-is-probable"),
        pytest.param([fix(0, 900, signs=STRAP), fix(10, 900, signs=STRAP)], ["raised", "confirmed"], id="two-certain"),
        pytest.param([fix(0, 900, signs=STRAP), fix(1, 900, signs=STRAP)], ["raised"], id="one-moment-sent-twice"),
        pytest.param(
            [fix(t, 900, signs=STRAP) for t in range(7)],
            ["raised", "confirmed"],
            id="a-device-that-says-it-each-second",
        ),
        pytest.param([fix(0, 900, signs=STRAP | {Sign.OFF_BODY})], ["raised", "confirmed"], id="two-signs-at-once"),
        pytest.param(
            [fix(0, 900, signs=STRAP), *still(900, 5, begin_s=10)], ["raised", "cleared"], id="a-chatter-is-taken-back"
        ),
        pytest.param(
            [fix(0, 900, signs=STRAP), fix(10, 900, signs=STRAP), *still(900, 20, begin_s=20)],
            ["raised", "confirmed"],
            id="only-a-person-clears-a-certain-one",
        ),
        pytest.param([fix(0, 900, signs=frozenset({Sign.JAM}))], [], id="a-jam-is-no-trigger"),
    ],
)
def test_tamper(fixes: list[Fix], words: list[str]) -> None:
    assert said(replay(fixes, [whole()])) == words


@pytest.mark.requirement("EM-08")
@pytest.mark.parametrize(
    ("told_s", "leaves_s", "standing"),
    [
        pytest.param(-60, 3600, [Medical.ADVANCE], id="told-before-the-entry"),
        pytest.param(240, 3600, [Medical.NONE], id="told-after-the-alarm"),
        pytest.param(-60, 240, [Medical.ADVANCE, Medical.NONE], id="stayed-longer-than-told"),
    ],
)
def test_a_medical_stay_counts_only_if_told_first(told_s: int, leaves_s: int, standing: list[Medical]) -> None:
    def t(s: int) -> datetime:
        return NOON + timedelta(seconds=s)

    notice = MedicalNotice(ZONE, t(told_s), t(0), t(leaves_s))
    walk = [fix(5 * i, 600 - 7 * i) for i in range(60)]
    facts = replay(walk, [zone()], medical=[notice] if told_s < 0 else [])
    assert [f.medical for f in facts if isinstance(f, AlarmRaised)] == standing


@pytest.mark.requirement("EM-01")
def test_only_four_offences_are_eligible() -> None:
    assert [eligible(o.value) for o in Offence] == list(Offence)
    for other in ("theft", "", None, "tamper"):
        with pytest.raises(IneligibleOffence):
            eligible(other)


@pytest.mark.requirement("EM-14")
def test_there_are_four_triggers_and_no_fifth() -> None:
    assert {t.value for t in Trigger} == {"tamper", "curfew", "exclusion_zone", "approach"}


# ------------------------------------------------------------------------------------------------- notices


def test_silence_is_told_within_four_minutes_and_graded() -> None:
    far = replay(still(80_000, 4), [zone()], until=NOON + timedelta(minutes=6))
    near = replay(still(800, 4), [zone(protected=HER)], until=NOON + timedelta(minutes=6))
    for facts, kind, who in ((far, NoticeKind.SILENCE, None), (near, NoticeKind.CANNOT_VOUCH, HER)):
        (notice,) = [f for f in facts if isinstance(f, NoticeRaised)]
        assert (notice.notice, notice.protected_person_id) == (kind, who)
        assert notice.happened_at - (NOON + timedelta(seconds=45)) <= timedelta(minutes=4)


def test_a_fix_that_comes_late_ends_no_silence_and_places_nobody_now() -> None:
    def told(fixes: list[Fix], until_s: float) -> tuple[int, int]:
        facts = replay(fixes, [zone()], until=NOON + timedelta(seconds=until_s))
        return sum(isinstance(f, NoticeRaised) for f in facts), sum(isinstance(f, NoticeEnded) for f in facts)

    first, late, back = still(80_000, 10), fix(200, 80_000, heard_s=900), fix(1000, 80_000)
    assert told([*first, late], 990) == (1, 0)
    assert told([*first, late, back], 1001) == (1, 1)
    heard_later = [fix(0, 80_000), fix(10, 80_000, heard_s=200)]
    assert told(heard_later, 290) == (1, 0)  # heard at 200 s, it says where he was at 10


def test_poor_fixes_vouch_for_nothing() -> None:
    facts = replay(still(800, 30, error_m=900), [zone()])
    assert [f.notice for f in facts if isinstance(f, NoticeRaised)] == [NoticeKind.CANNOT_VOUCH]


def test_her_silent_device_is_told_too() -> None:
    fixes = [fix(0, 0, hers=True), *still(900, 30)]
    facts = replay(fixes, [approach()], until=NOON + timedelta(minutes=6))
    (notice,) = [f for f in facts if isinstance(f, NoticeRaised)]
    assert (notice.notice, notice.protected_person_id) == (NoticeKind.CANNOT_VOUCH, HER)


def test_battery_and_jam_begin_and_end() -> None:
    fixes = [fix(15 * i, 800, battery=b) for i, b in enumerate([50, 16, 15, 10, 20, 24, 25, 80])]
    fixes += [fix(200, None, signs=frozenset({Sign.JAM})), fix(215, 800)]
    found = [(type(f).__name__, f.notice) for f in replay(fixes, []) if isinstance(f, NoticeRaised | NoticeEnded)]
    assert found == []  # nobody's: no condition, no wearer known
    found = [(type(f), f.notice) for f in replay(fixes, [zone()]) if isinstance(f, NoticeRaised | NoticeEnded)]
    low, jam = NoticeKind.LOW_BATTERY, NoticeKind.JAM
    assert found == [(NoticeRaised, low), (NoticeEnded, low), (NoticeRaised, jam), (NoticeEnded, jam)]


# ------------------------------------------------------------------------------------------------- what always holds

FLOATS = st.floats(0, 900, allow_nan=False)
WALKS = st.lists(st.tuples(FLOATS, st.sampled_from([5.0, 15.0, 60.0, 500.0])), max_size=30)


def walk_of(steps: list[tuple[float, float]]) -> list[Fix]:
    return [fix(15.0 * i, x, error_m=e) for i, (x, e) in enumerate(steps)]


@settings(max_examples=60, deadline=None)
@given(WALKS)
def test_alarms_alternate(steps: list[tuple[float, float]]) -> None:
    words = said(replay(walk_of(steps), [zone()]))
    allowed = {
        "": {"raised"}, "raised": {"confirmed", "cleared"}, "confirmed": {"cleared"}, "cleared": {"raised"},
    }  # fmt: skip
    for a, b in pairwise(["", *words]):
        assert b in allowed[a]


@settings(max_examples=40, deadline=None)
@given(WALKS, st.randoms(use_true_random=False), st.integers(0, 3))
def test_order_and_repetition_in_a_batch_change_nothing(
    steps: list[tuple[float, float]], rng: random.Random, times: int
) -> None:
    walk = walk_of(steps)
    at_once = [fix(15.0 * i, x, error_m=e, heard_s=900) for i, (x, e) in enumerate(steps)]
    shuffled = at_once * (times + 1)
    rng.shuffle(shuffled)
    assert replay(shuffled, [zone()]) == replay(at_once, [zone()])
    assert said(replay(at_once, [zone()])) == said(replay(walk, [zone()]))


@settings(max_examples=25, deadline=None)
@given(st.integers(5, 80), st.integers(3, 30))
def test_a_late_burst_tells_each_alarm_once(first: int, length: int) -> None:
    track = [(5.0 * i, 900 - 10.0 * i if i < 80 else 100 + 10.0 * (i - 80)) for i in range(160)]
    late = range(first, first + length)
    fixes = [fix(s, x, heard_s=900.0 if i in late else s) for i, (s, x) in enumerate(track)]
    words = said(replay(fixes, [zone()]))
    assert words.count("raised") == 1
    assert words.count("confirmed") == 1
    assert words.count("cleared") == 1


@given(st.floats(1, 2000), st.floats(1, 500), st.floats(0, 3000), st.floats(0.1, 500))
def test_probability_falls_with_distance_and_grows_with_radius(
    radius_m: float, sigma_m: float, off_m: float, more_m: float
) -> None:
    spread = Spread.round(sigma_m * sigma_m)
    here, beyond = chance_within(off_m, 0, spread, radius_m), 1e-4  # how far few slices are off
    assert chance_within(off_m + more_m, 0, spread, radius_m) <= here + beyond
    assert chance_within(off_m, 0, spread, radius_m + more_m) >= here - beyond
    assert 0 <= here <= 1


@pytest.mark.parametrize("seed", range(6))
def test_probabilities_agree_with_drawing_lots(seed: int) -> None:
    rng = random.Random(seed)
    sx, sy, rho = rng.uniform(5, 60), rng.uniform(5, 60), rng.uniform(-0.8, 0.8)
    spread = Spread(sx * sx, rho * sx * sy, sy * sy)
    dx, dy, radius = rng.uniform(-80, 80), rng.uniform(-80, 80), rng.uniform(20, 120)
    corners = [(rng.uniform(20, 90) * math.cos(t), rng.uniform(20, 90) * math.sin(t)) for t in (0, 1, 2.2, 3.5, 5)]
    n, disc, ring = 40_000, 0, 0
    for _ in range(n):
        a, b = rng.gauss(0, 1), rng.gauss(0, 1)
        x, y = sx * a, sy * (rho * a + math.sqrt(1 - rho * rho) * b)
        disc += (x + dx) ** 2 + (y + dy) ** 2 <= radius * radius
        ring += _in_polygon(x, y, corners)
    assert chance_within(dx, dy, spread, radius) == pytest.approx(disc / n, abs=0.012)
    assert chance_in_polygon(corners, spread) == pytest.approx(ring / n, abs=0.012)


def _in_polygon(x: float, y: float, corners: list[tuple[float, float]]) -> bool:
    inside = False
    for (ax, ay), (bx, by) in pairwise([*corners, corners[0]]):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


def test_age_grows_the_error_and_a_poor_fix_never_makes_us_know_less() -> None:
    first = fix(0, 0)
    assert first.point is not None
    e = begin(first, first.point)
    errors = [ahead(e, s).error_m for s in (0, 10, 60, 240, 1800)]
    assert errors == sorted(errors)
    assert errors[3] > 200  # after four minutes he may be anywhere near, or rest where he was
    poor = fix(5, 40, error_m=800)
    assert poor.point is not None
    after = follow(e, poor, poor.point).estimate
    assert after.error_m <= ahead(e, 5).error_m + 1e-9


def test_who_may_be_near_is_asked_with_the_speed_of_a_car() -> None:
    f = fix(0, 3000)
    assert f.point is not None
    e = begin(f, f.point)
    assert not may_be_near(zone(), e, None, NOON + timedelta(seconds=60))
    assert may_be_near(zone(), e, None, NOON + timedelta(seconds=240))


def test_the_forecast_rises_as_he_comes_and_the_reason_is_told_in_both_languages() -> None:
    f = fix(0, 500)
    assert f.point is not None
    e = begin(f, f.point)
    for i in range(1, 10):
        g = fix(5 * i, 500 - 10 * i)
        assert g.point is not None
        e = follow(e, g, g.point).estimate
    curve = explain.forecast(zone(), e, None, e.at)
    assert [c.in_s for c in curve] == [30, 60, 90, 120, 150, 180]
    assert curve[0].probability < curve[1].probability
    ko, en = explain.why(Trigger.APPROACH, explain.State.CERTAIN, 0.93, 4, 18.2, 1.4, Medical.NONE)
    assert "93%" in ko
    assert "closing at 1.4 m/s" in en


def test_a_replay_is_the_same_to_the_bit() -> None:
    rng = random.Random(7)
    fixes = [fix(7 * i, rng.gauss(400 - 3 * i, 40), error_m=rng.uniform(5, 60)) for i in range(120)]
    fixes += [fix(7 * i + 2, rng.gauss(0, 40), hers=True) for i in range(120)]
    rules = [zone(), approach(), whole(), curfew()]
    assert replay(fixes, rules) == replay(list(reversed(fixes)), rules)


def test_a_far_place_stays_far() -> None:
    assert chance_within(at(0).lat * 1e6, 0, Spread.round(100), 10) == 0


@pytest.mark.requirement("EM-18", "EM-19")
def test_who_may_not_leave_a_district_is_found_outside_it_but_for_a_journey_that_was_allowed() -> None:
    district = Polygon((at(-3000, -3000), at(3000, -3000), at(3000, 3000), at(-3000, 3000)))
    journey = Span(NOON + timedelta(minutes=20), NOON + timedelta(minutes=40))
    stay = Curfew(HOME, HIM, "주거지역", Window(time(0), time(0)), district, (journey,))
    out = [fix(15 * i, 2500 + 20 * i) for i in range(60)]  # over the border after seven minutes
    assert said(replay(out, [stay]))[:2] == ["raised", "confirmed"]
    allowed = [fix(20 * 60 + 15 * i, 3500 + 20 * i) for i in range(60)]
    assert said(replay(allowed, [stay])) == []
    late = [fix(20 * 60 + 15 * i, 5000) for i in range(100)]  # not back when the journey is over
    assert said(replay(late, [stay])) == ["raised", "confirmed"]
