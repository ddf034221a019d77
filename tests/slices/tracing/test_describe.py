"""A description in Korean and English becomes attributes, whatever the spacing, the order and the particles (TR-01)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansimnet.slices.tracing.rules.describe import canonical, parse

CASES = [
    (
        "검정 칠부바지에 회색 티셔츠, 흰 모자, 흰색 SUV 12가 3456",
        "lower=cropped lower_colour=black upper=tshirt upper_colour=gray hat=hat hat_colour=white vehicle=suv "
        "vehicle_colour=white plate=12가3456",
    ),
    ("바지는 검정, 신발은 흰색", "lower=pants lower_colour=black shoes=shoes shoes_colour=white"),
    ("검정이 아니라 남색 바지를 입었고 마스크는 쓰지 않았다", "lower=pants lower_colour=navy mask=none"),
    ("운동화가 아닌 구두를 신음", "shoes=dress_shoes"),
    ("모자와 마스크는 쓰지 않았음", "hat=none mask=none"),
    ("모자(검정), 백팩(빨강)", "hat=hat hat_colour=black bag=backpack bag_colour=red"),
    ("상의는 검정 후드티", "upper=hoodie upper_colour=black"),
    ("위아래 모두 검은색", "upper_colour=black lower_colour=black"),
    ("진한 회색 줄무늬 티셔츠", "upper=tshirt upper_colour=gray upper_shade=dark upper_pattern=striped"),
    ("검정모자회색후드티", "hat=hat hat_colour=black upper=hoodie upper_colour=gray"),
    ("후드 티 셔츠는 검은 색", "upper=hoodie upper_colour=black"),
    ("티셔스는 하얀색", "upper=tshirt upper_colour=white"),
    ("모자 달린 빨간 점퍼", "upper=jumper upper_colour=red"),
    ("72세 할머니, 키 155cm", "age=72 sex=female height_cm=155"),
    ("20대 초반 남자", "age=20s age_part=early sex=male"),
    ("검정색 트럭 끝번호 3456", "vehicle=truck vehicle_colour=black plate_part=3456"),
    ("a man in his 30s, dark blue hoodie, no hat", "sex=male age=30s upper=hoodie upper_colour=navy hat=none"),
    ("블랙 hoodie, 흰 sneakers", "upper=hoodie upper_colour=black shoes=sneakers shoes_colour=white"),
    ("역삼동 편의점 앞에서 오후 3시 20분경", "place=역삼동 편의점 앞 time=15:20"),
    ("검정인 줄 알았는데 남색 점퍼였다", "upper=jumper upper_colour=navy"),
    ("키는 백칠십오 정도에 덩치가 큽니다", "height_cm=175 build=heavy"),
    ("벌건 잠바에 꺼먼 바지", "upper=jumper upper_colour=red lower=pants lower_colour=black"),
    ("남색 조끼 등에 흰 글씨", "upper=vest upper_colour=navy upper_pattern=logo"),
    ("머리 길고 안경 쓴 할배", "hair=long glasses=glasses sex=male age=elderly"),
    ("윗옷은 하얗고 바지는 까맣습니다", "upper_colour=white lower=pants lower_colour=black"),
    ("번호는 앞에 84까지 본 흰색 포터", "plate_part=84 vehicle=truck vehicle_colour=white"),
    ("모자를 썼는지는 못 봤어요, 회색 점퍼", "upper=jumper upper_colour=gray"),
    ("흰색 카니발 12가 3456, 번호판 앞은 잘 못 봤어요", "vehicle=van vehicle_colour=white plate=12가3456"),
    ("노란 머리에 흰 슬리퍼", "hair_colour=yellow shoes=slippers shoes_colour=white"),
    ("머리 뒤로 묶고 돌핀팬츠", "hair=ponytail lower=shorts"),
    ("빨간 티코 타고 달아남", "vehicle=hatchback vehicle_colour=red"),
    ("치마는 체크에 자켓은 검정", "lower=skirt lower_pattern=checked upper=jacket upper_colour=black"),
    ("180 정도 되고 마른 체형", "height_cm=180 build=slim"),
    ("아무것도 기억나지 않습니다", ""),
]


def pairs(said: str) -> frozenset[tuple[str, str]]:
    """Read `key=value key=value`; a word without `=` goes on with the value before it."""
    found: list[list[str]] = []
    for word in said.split():
        key, equals, value = word.partition("=")
        if equals:
            found.append([key, value])
        else:
            found[-1][1] += f" {word}"
    return frozenset((k, v) for k, v in found)


@pytest.mark.requirement("TR-01", "DI-08")
@pytest.mark.parametrize(("text", "said"), CASES, ids=[c[0] for c in CASES])
def test_a_description_is_understood(text: str, said: str) -> None:
    assert parse(text).pairs() == pairs(said)


@pytest.mark.requirement("TR-01")
def test_what_is_unsure_says_so() -> None:
    exact, slipped = parse("흰 티셔츠").attributes[0], parse("흰 티셔스").attributes[0]
    assert (exact.value, slipped.value) == ("tshirt", "tshirt")
    assert slipped.confidence < exact.confidence
    assert parse("흰 모자").understood == 1.0
    assert parse("흰 모자 쿠르릉콰광").understood < 0.5


@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    said = parse(text)
    assert 0 <= said.understood <= 1
    assert said == parse(text)


@given(
    st.lists(
        st.sampled_from(["흰 모자", "검정 바지", "회색 티셔츠", "빨간 가방", "갈색 구두"]), unique=True, min_size=1
    )
)
def test_the_order_of_things_does_not_matter(said: list[str]) -> None:
    each = frozenset[tuple[str, str]]().union(*(parse(s).pairs() for s in said))
    assert parse(", ".join(said)).pairs() == each


def test_another_set_may_use_its_own_words() -> None:
    assert canonical("top", "회색 티셔츠") == {("upper", "tshirt"), ("upper_colour", "gray")}
    assert canonical("상의_색상", "검정색") == {("upper_colour", "black")}
    assert canonical("hat", "baseball cap") == {("hat", "cap")}
    assert canonical("gender", "여성") == {("sex", "female")}
    assert canonical("나이", "30대") == {("age", "30s")}
    assert canonical("마스크", "없음") == {("mask", "none")}
