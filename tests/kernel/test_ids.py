"""Ids of names: UUIDv5 as everybody computes them, however they are computed here."""

from __future__ import annotations

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from ansimnet.kernel.ids import NAMESPACE, named_id, named_under

WORDS = st.lists(st.text(max_size=20), min_size=1, max_size=4)


@given(WORDS, st.text(max_size=80))
def test_an_id_of_a_name_is_what_rfc_9562_says_by_either_way(words: list[str], rest: str) -> None:
    expected = uuid5(NAMESPACE, "/".join([*words, rest]))
    for found in (named_id(*words, rest), named_under(*words)(rest.encode())):
        assert found == expected
        assert (type(found), str(found), hash(found), found.version) == (UUID, str(expected), hash(expected), 5)
        assert found.is_safe is expected.is_safe
