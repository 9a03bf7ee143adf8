"""Where a message belongs, whose turn it then is, and how far one of ours has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.domain.written import (
    Conversation,
    HeardMessage,
    InboxState,
    Joining,
    MessageState,
    WrittenChannel,
    after_inbound,
    after_outbound,
    excerpt,
    joining,
    named_ids,
    progressed,
    thread_of_new,
)

CLIENT, WIFE, NEIGHBOUR, STRANGER = (f"{who}@x.example" for who in ("client", "wife", "neighbour", "stranger"))
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def conversation(number: int, *people: str, state: InboxState = InboxState.WAITING, **what: object) -> Conversation:
    given: dict[str, object] = {"channel": WrittenChannel.EMAIL, "source": "info", "thread": f"token {number}"}
    return Conversation(
        interaction_id=UUID(int=number),
        inbox_state=state,
        participants=frozenset(people),
        agent_id=None,
        client_id=None,
        **given | what,
    )


def heard(sender: str | None, **what: object) -> HeardMessage:
    given: dict[str, object] = {"channel": WrittenChannel.EMAIL, "source": "info", "thread": None}
    return HeardMessage(key="k", external_id="k", queue=None, from_address=sender, at=NOON, **given | what)


CLOSED = conversation(1, CLIENT, state=InboxState.CLOSED)
THEIRS = conversation(2, CLIENT, WIFE)
OTHERS = conversation(3, NEIGHBOUR)
CHAT = conversation(4, channel=WrittenChannel.TELEGRAM, source="bot", thread="700100")
ALL = [CLOSED, THEIRS, OTHERS, CHAT]


@pytest.mark.parametrize(
    ("sender", "named", "expected"),
    [
        (CLIENT, [THEIRS], Joining(conversation=THEIRS)),
        (WIFE, [THEIRS], Joining(conversation=THEIRS)),
        (CLIENT, [CLOSED], Joining(follows=CLOSED)),
        (CLIENT, [CLOSED, THEIRS], Joining(conversation=THEIRS)),
        (CLIENT, [OTHERS, THEIRS], Joining(conversation=THEIRS)),
        (CLIENT, [OTHERS], Joining(refers_to=OTHERS)),
        (CLIENT, [CHAT], Joining()),
        (CLIENT, [], Joining()),
        (STRANGER, [THEIRS], Joining(refers_to=THEIRS)),
        (STRANGER, [OTHERS, THEIRS], Joining(refers_to=OTHERS)),
        (None, [THEIRS], Joining(refers_to=THEIRS)),
    ],
)
def test_where_a_mail_belongs(sender: str | None, named: list[Conversation], expected: Joining) -> None:
    assert joining(heard(sender), named) == expected


def test_a_chat_belongs_to_whoever_is_in_it_and_another_bots_is_another() -> None:
    in_chat = {"channel": WrittenChannel.TELEGRAM, "source": "bot", "thread": "700100"}

    assert joining(heard("700100", **in_chat), [CHAT]) == Joining(conversation=CHAT)
    assert joining(heard("700100", **in_chat | {"source": "other bot"}), [CHAT]) == Joining()


def test_our_address_goes_on_to_mean_what_follows_and_a_stranger_begins_anew() -> None:
    closed, open_since = (
        conversation(n, CLIENT, state=s, thread="token") for n, s in ((1, InboxState.CLOSED), (2, InboxState.OPEN))
    )

    def thread(sender: str, *named: Conversation) -> str | None:
        one = heard(sender, thread="token")
        return thread_of_new(one, joining(one, named), named)

    assert thread(CLIENT, closed) == "token"
    assert thread(STRANGER, closed) is None
    assert thread(STRANGER, open_since) is None
    assert thread(WIFE, replace(closed, participants=frozenset({WIFE})), open_since) is None


@given(st.sampled_from([CLIENT, WIFE, NEIGHBOUR, STRANGER, None]), st.lists(st.sampled_from(ALL)))
def test_nobody_ever_joins_a_conversation_of_others(sender: str | None, named: list[Conversation]) -> None:
    found = joining(heard(sender), named)

    for entered in (found.conversation, found.follows):
        assert entered is None or sender in entered.participants


def test_what_is_answered_comes_before_its_forebears_and_these_backwards() -> None:
    assert named_ids(("c",), ("a", "b", "c")) == ("c", "b", "a")


@given(st.lists(st.sampled_from(MessageState)))
def test_a_message_never_goes_back_whatever_is_told_late_or_twice(told: list[MessageState]) -> None:
    state = MessageState.PENDING
    been = [state]
    for one in told:
        state = progressed(state, one)
        been += [state] if state is not been[-1] else []

    assert len(been) == len(set(been))
    assert MessageState.RECEIVED not in been


@pytest.mark.parametrize("told", MessageState)
def test_nothing_is_told_of_what_a_client_wrote(told: MessageState) -> None:
    assert progressed(MessageState.RECEIVED, told) is MessageState.RECEIVED


def test_a_receipt_before_our_own_answer_stands() -> None:
    assert progressed(progressed(MessageState.PENDING, MessageState.READ), MessageState.SENT) is MessageState.READ


@pytest.mark.parametrize("state", [InboxState.OPEN, InboxState.WAITING, InboxState.SNOOZED])
def test_a_client_who_writes_is_owed_an_answer_and_a_machine_is_not(state: InboxState) -> None:
    assert after_inbound(state, automatic=False) is InboxState.OPEN
    assert after_inbound(state, automatic=True) is state


def test_an_answer_gives_the_turn_to_the_client_unless_they_wrote_again() -> None:
    assert after_outbound(InboxState.OPEN, wrote_again=False) is InboxState.WAITING
    assert after_outbound(InboxState.OPEN, wrote_again=True) is InboxState.OPEN
    assert after_outbound(InboxState.CLOSED, wrote_again=False) is InboxState.CLOSED


@given(st.text())
def test_an_excerpt_is_one_short_line(text: str) -> None:
    shown = excerpt(text)

    assert len(shown) <= 200
    assert shown == " ".join(shown.split())
