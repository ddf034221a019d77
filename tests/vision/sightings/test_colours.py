"""Colours as witnesses name them, from rendered people; where light does not bear a colour out, none is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.vision.sightings.kit import Colour, person

from ansimnet.slices.tracing.rules import describe_lexicon
from ansimnet_vision.sightings import colours, regions
from ansimnet_vision.sightings.colours import NAMES, UNKNOWN, Light, Named, agreed, light_of, of_cloth, of_vehicle

pytestmark = pytest.mark.requirement("TR-02")
DAY = Light(120.0, 12.0)
WORN: list[tuple[str, Colour]] = [
    ("black", (28, 28, 31)), ("white", (236, 236, 238)), ("gray", (128, 129, 131)), ("red", (196, 34, 38)),
    ("blue", (45, 88, 190)), ("navy", (28, 36, 78)), ("yellow", (240, 208, 60)), ("green", (40, 125, 70)),
    ("orange", (235, 118, 40)), ("pink", (236, 150, 180)), ("purple", (110, 60, 150)), ("sky_blue", (150, 200, 236)),
    ("brown", (108, 72, 46)), ("beige", (208, 184, 150)), ("burgundy", (105, 28, 48)), ("khaki", (104, 102, 66)),
]  # fmt: skip


def test_names_are_those_of_the_description_grammar() -> None:
    words = Path(describe_lexicon.__file__).with_name("describe_words.txt").read_text(encoding="utf-8")
    section = words.split("[colour]")[1].split("\n[")[0]
    known = {line.split(":")[0] for line in section.splitlines() if line and not line.startswith((" ", "#"))}
    assert {*NAMES, "silver"} <= known


@pytest.mark.parametrize(("name", "rgb"), WORN)
def test_what_a_rendered_walker_wears_is_named(name: str, rgb: Colour) -> None:
    plain = (128, 129, 131) if name != "gray" else (28, 28, 31)
    above = person(rgb, plain)
    below = person(plain, rgb)
    assert of_cloth(regions.body(above, None)[0], light_of(above)).colour == name
    assert of_cloth(regions.body(below, None)[1], light_of(below)).colour == name


@pytest.mark.parametrize("light", [0.75, 0.9, 1.1])
def test_a_vivid_colour_keeps_its_name_in_other_light(light: float) -> None:
    for name, rgb in (("red", (196, 34, 38)), ("blue", (45, 88, 190)), ("yellow", (240, 208, 60))):
        crop = person(rgb, (40, 40, 42), light=light)
        assert of_cloth(regions.body(crop, None)[0], light_of(crop)).colour == name


def test_night_and_infrared_tell_no_colour() -> None:
    dark = person((196, 34, 38), (40, 40, 42), light=0.1)
    assert of_cloth(regions.body(dark, None)[0], light_of(dark)) == Named(UNKNOWN, 0.0)
    grey = np.repeat(person((196, 34, 38), (40, 40, 42)).mean(2, keepdims=True), 3, 2).astype(np.uint8)
    assert of_cloth(regions.body(grey, None)[0], light_of(grey)) == Named(UNKNOWN, 0.0)


def test_dusk_is_told_with_less_trust_than_day() -> None:
    cloth = np.full((200, 3), (196, 34, 38), np.uint8)
    assert of_cloth(cloth, Light(40.0, 12.0)).probability < of_cloth(cloth, DAY).probability


def test_light_grey_lacquer_is_silver_and_cloth_is_not() -> None:
    pixels = np.full((400, 3), (178, 179, 181), np.uint8)
    assert of_vehicle(pixels, DAY).colour == "silver"
    assert of_cloth(pixels, DAY).colour == "gray"


@given(arrays(np.uint8, st.tuples(st.integers(0, 60), st.just(3))), st.floats(0, 255), st.floats(0, 100))
@settings(max_examples=60, deadline=None)
def test_any_pixels_have_a_name_of_the_vocabulary_or_none(pixels: colours.U8, grey: float, chroma: float) -> None:
    named = of_cloth(pixels, Light(grey, chroma))
    assert named.colour in (*NAMES, UNKNOWN)
    assert 0 <= named.probability <= 1
    assert (named.probability == 0) == (named.colour == UNKNOWN)


@given(st.lists(st.builds(Named, st.sampled_from([*NAMES, UNKNOWN]), st.floats(0.3, 1)), max_size=6))
def test_pictures_together_say_nothing_that_none_of_them_says(names: list[Named]) -> None:
    known = [Named(UNKNOWN, 0.0) if n.colour == UNKNOWN else n for n in names]
    told = agreed(known)
    assert told.colour in {n.colour for n in known} | {UNKNOWN}
    assert told.probability <= max((n.probability for n in known), default=0) + 1e-3
