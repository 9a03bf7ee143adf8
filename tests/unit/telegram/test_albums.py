"""Albums come in pieces, in any order, some pieces twice; they are seen whole."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telegram.albums import gather
from channels.telegram.reader import read
from channels.telegram.values import MessageHeard
from tests.bot_api.messages import BORIS, NOON, Json, file_of, message


def heard(payload: Json) -> MessageHeard:
    meaning = read({"update_id": 1, "message": payload}, username="bot").meaning
    assert isinstance(meaning, MessageHeard)
    return meaning


def photo(number: int, album: str | None, **more: object) -> MessageHeard:
    return heard(message(number, photo=[file_of(str(number), 10)], media_group_id=album, **more))


SENT = [
    photo(1, "A", caption="визы"),
    photo(2, "A"),
    photo(3, "A"),
    photo(4, None),
    photo(5, "B"),
    photo(6, "B"),
    heard(message(1, by=BORIS, photo=[file_of("x", 10)], media_group_id="A")),  # another chat
    photo(1, "A", caption="визы и билеты", edit_date=NOON + 5),
]


@settings(max_examples=40)
@given(st.permutations([*SENT, *SENT[::2]]))
def test_an_album_is_whole_in_whatever_order_its_parts_come(parts: list[MessageHeard]) -> None:
    groups = gather(parts)

    told = [[one.external_id for one in group] for group in groups]
    assert told == [["7001:1", "7001:2", "7001:3"], ["7001:4"], ["7001:5", "7001:6"], ["7002:1"]]
    assert groups[0][0].text == "визы и билеты"
