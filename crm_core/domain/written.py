"""What is written: messages, and the conversations they make.

A conversation is one interaction from its first message until somebody closes
it; later messages join it, one after closing opens a new one. A client's
message can never be refused, so joining is a rule and not a decision: it is
asked for every message, and a wrong answer would show one client's words to another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from crm_core.domain.contact_points import ContactPointKind
from crm_core.domain.errors import DecisionRefused, InputRejected


class WrittenChannel(StrEnum):
    EMAIL = "email"
    TELEGRAM = "telegram"
    WEBCHAT = "webchat"
    WEBFORM = "webform"


#: Where a client can be answered; a form goes one way.
TWO_WAY: Final = tuple(channel for channel in WrittenChannel if channel is not WrittenChannel.WEBFORM)

_ADDRESS_KINDS: Final[Mapping[WrittenChannel, ContactPointKind]] = {
    WrittenChannel.EMAIL: ContactPointKind.EMAIL,
    WrittenChannel.TELEGRAM: ContactPointKind.TELEGRAM,
    WrittenChannel.WEBCHAT: ContactPointKind.WEBCHAT,
}


def address_kind(channel: WrittenChannel, address: str) -> ContactPointKind:
    """What the address is from which somebody writes there; in a form people leave a number or a mail address."""
    if channel is WrittenChannel.WEBFORM:
        return ContactPointKind.EMAIL if "@" in address else ContactPointKind.PHONE
    return _ADDRESS_KINDS[channel]


class MessageKind(StrEnum):
    """A note is for colleagues and never leaves the house."""

    MESSAGE = "message"
    NOTE = "note"


class MessageState(StrEnum):
    """How far a message has come; a client's is ``received``, ours goes on from ``pending``.

    ``uncertain``: it may have left, and nobody knows; it is never sent again by itself.
    """

    RECEIVED = "received"
    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class Trouble(StrEnum):
    """Why a message has not left, in the words of the screens; the other side's own stand beside it."""

    POSTPONED = "postponed"  # the other side does not take it now: it is tried again
    GIVEN_UP = "given_up"  # it has been tried for two days
    REFUSED = "refused"
    BOUNCED = "bounced"  # taken first, and sent back
    NO_ANSWER = "no_answer"  # the other side did not say whether it has it
    INTERRUPTED = "interrupted"  # our sender died while it spoke
    PARTLY = "partly"  # its beginning is there, the rest was refused
    NO_ADDRESS = "no_address"  # there is no way to this client
    AUTOMATIC = "automatic"  # machines are not answered by a machine
    BLOCKED = "blocked"  # the client has blocked our bot, or never begun to talk with it
    ACCOUNT_GONE = "account_gone"
    PUT_OUT = "put_out"  # our bot, of the group
    NO_RIGHTS = "no_rights"  # in the group, and may not write there
    NO_CHAT = "no_chat"
    TOO_BIG = "too_big"  # a file
    EMPTY = "empty"  # a text, or a file


class InboxState(StrEnum):
    """Whose turn it is: ``open`` ours, ``waiting`` the client's, ``snoozed`` nobody's until a moment."""

    OPEN = "open"
    WAITING = "waiting"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class ConversationClosed(DecisionRefused):
    """It is closed: write to the client anew."""

    code = "conversation_closed"


class NoWayBack(DecisionRefused):
    """A form cannot be answered where it was left: call whoever left it, or write to them by mail."""

    code = "no_way_back"


class MessageGone(DecisionRefused):
    """It has left, or is leaving at this moment: nothing is taken back."""

    code = "message_gone"


class AnsweredMeanwhile(DecisionRefused):
    """A colleague has answered since the writer looked: read that first."""

    code = "answered_meanwhile"


class AddressUnknown(InputRejected):
    """Nobody knows where to write to this client on that channel."""

    code = "address_unknown"


class ChannelUnknown(InputRejected):
    """We have no mailbox, bot or site of that channel."""

    code = "channel_unknown"


class SnoozeRejected(InputRejected):
    """A conversation sleeps until a moment to come, at most a year away."""

    code = "snooze_rejected"


#: What may follow what: a receipt can come late, twice or before the answer to our sending.
_FOLLOWS: Final[Mapping[MessageState, frozenset[MessageState]]] = {
    MessageState.RECEIVED: frozenset(),
    MessageState.PENDING: frozenset(MessageState) - {MessageState.RECEIVED, MessageState.PENDING},
    MessageState.UNCERTAIN: frozenset(
        {MessageState.SENT, MessageState.DELIVERED, MessageState.READ, MessageState.BOUNCED, MessageState.FAILED}
    ),
    MessageState.SENT: frozenset({MessageState.DELIVERED, MessageState.READ, MessageState.BOUNCED}),
    MessageState.DELIVERED: frozenset({MessageState.READ, MessageState.BOUNCED}),
    MessageState.READ: frozenset(),
    MessageState.BOUNCED: frozenset(),
    MessageState.FAILED: frozenset(),
}


#: The client has it, or will.
HAS_LEFT: Final = frozenset({MessageState.SENT, MessageState.DELIVERED, MessageState.READ})
#: They have it not, or perhaps not: somebody must look.
IS_LOST: Final = frozenset({MessageState.FAILED, MessageState.BOUNCED, MessageState.UNCERTAIN})


def progressed(state: MessageState, told: MessageState) -> MessageState:
    """The state after somebody told of ``told``: it only goes forward, whatever comes late or twice."""
    return told if told in _FOLLOWS[state] else state


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardFile:
    """A file that came with a message; ``inline_id`` is its Content-ID when the text shows it in its place."""

    name: str
    type: str
    data: bytes
    inline_id: str | None = None


class MarkKind(StrEnum):
    """What a part of a text is beside text."""

    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKETHROUGH = "strikethrough"
    CODE = "code"
    PRE = "pre"
    QUOTE = "quote"
    SPOILER = "spoiler"
    LINK = "link"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A part of a text that is more than text; parts may overlap. ``offset`` and ``length`` count UTF-16 units."""

    kind: MarkKind
    offset: int
    length: int
    address: str | None = None  # of a link: http, https, mailto or tel


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardMessage:
    """What somebody wrote to us, as its channel tells it: a fact.

    ``key`` is the fact's own id in its ``source`` (mail: Message-ID and digest; Telegram: chat and message),
    ``external_id`` the one others know it by. ``thread`` names the conversation where the channel has such a
    thing: a chat, a visitor, the token of a mail address that we gave. ``answers`` are the external ids of
    messages it says to answer, the nearest first: a stranger can say that of any message.
    """

    channel: WrittenChannel
    source: str  # name of the mailbox, bot or site
    key: str
    external_id: str
    queue: str | None
    from_address: str | None
    from_name: str | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()  # where it asks to be answered
    our_address: str | None = None
    thread: str | None = None
    answers: tuple[str, ...] = ()
    subject: str | None = None
    body: str = ""  # everything, as text
    own: str | None = None  # without quotes and signature; None: the same
    html: str | None = None  # sanitised
    marks: tuple[Mark, ...] = ()  # of the body
    files: tuple[HeardFile, ...] = ()
    at: datetime  # when it was written, as far as one can believe it
    album: str | None = None  # what is sent together, and told one by one, shares this
    automatic: bool = False  # nobody wrote it: an absence note, a bounce
    raw: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation as far as joining it is concerned."""

    interaction_id: UUID
    channel: WrittenChannel
    source: str
    thread: str
    inbox_state: InboxState
    participants: frozenset[str]  # addresses of the client's side
    agent_id: UUID | None
    client_id: UUID | None

    @property
    def is_closed(self) -> bool:
        return self.inbox_state is InboxState.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Where a message belongs: to ``conversation``; None: it opens one.

    That one goes on from ``follows``, which was closed; or it is somebody else's who named ``refers_to``, linked for
    whoever may see both.
    """

    conversation: Conversation | None = None
    follows: Conversation | None = None
    refers_to: Conversation | None = None


def joining(heard: HeardMessage, named: Sequence[Conversation]) -> Joining:
    """Where ``heard`` belongs, of the conversations that it names by its thread or by what it answers.

    The best named comes first. A chat belongs to whoever is in it, so its thread is enough. Ids of mails can be
    guessed and mails are forwarded, so a mail's sender must be one of the participants: anybody else opens a
    conversation of their own, and neither sees what was said in the other.
    """
    known = [one for one in named if (one.channel, one.source) == (heard.channel, heard.source)]
    theirs = [one for one in known if _is_part_of(heard, one)]
    for conversation in theirs:
        if not conversation.is_closed:
            return Joining(conversation=conversation)
    if theirs:
        return Joining(follows=theirs[0])
    return Joining(refers_to=known[0]) if known else Joining()


def thread_of_new(heard: HeardMessage, belongs: Joining, named: Sequence[Conversation]) -> str | None:
    """Under which thread a conversation is opened by ``heard``; None: a new one.

    A chat is its own thread. A mail address of ours goes on to mean what follows on what it meant, while nothing
    else is open under it; somebody else who writes there begins a thread of their own.
    """
    if heard.channel is not WrittenChannel.EMAIL:
        return heard.thread
    is_taken = any(one.thread == heard.thread and not one.is_closed for one in named)
    goes_on = belongs.follows is not None and belongs.follows.thread == heard.thread
    return heard.thread if goes_on and not is_taken else None


def _is_part_of(heard: HeardMessage, conversation: Conversation) -> bool:
    if heard.channel is WrittenChannel.EMAIL:
        return heard.from_address is not None and heard.from_address in conversation.participants
    return heard.thread == conversation.thread


def named_ids(in_reply_to: Sequence[str], references: Sequence[str]) -> tuple[str, ...]:
    """What a mail says to answer, the nearest first: what is answered, then its forebears backwards."""
    return tuple(dict.fromkeys([*in_reply_to, *reversed(references)]))


def after_inbound(state: InboxState, *, automatic: bool) -> InboxState:
    """A client who writes is owed an answer, whatever was agreed; a machine is owed none."""
    return state if automatic else InboxState.OPEN


def after_outbound(state: InboxState, *, wrote_again: bool) -> InboxState:
    """Our answer gives the turn to the client, unless they have written again meanwhile."""
    return state if state is InboxState.CLOSED or wrote_again else InboxState.WAITING


#: How long the inbox shows of a message.
EXCERPT = 200


def excerpt(text: str) -> str:
    """One line of it."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1].rstrip() + "…"
