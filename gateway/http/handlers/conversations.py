"""The inbox: conversations, what is said in them, and whose they are."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from config.settings import Settings
from crm_core.actions import conversations, identity, notes, replies
from crm_core.actions.addressing import RecipientsRejected
from crm_core.actions.callbacks import AgentUnknown
from crm_core.actions.conversations import AboutIn, AssignIn, SnoozeIn
from crm_core.actions.identity import ClientChoice
from crm_core.actions.notes import NoteIn
from crm_core.actions.replies import MessageIn, Source, Sources
from crm_core.actions.uploads import FilesTooBig, FileUnknown
from crm_core.domain.errors import ClientBlocked, NotFound
from crm_core.domain.written import (
    AddressUnknown,
    AnsweredMeanwhile,
    ChannelUnknown,
    ConversationClosed,
    MessageGone,
    NoWayBack,
    SnoozeRejected,
    WrittenChannel,
)
from crm_core.inputs import InputModel
from crm_core.store.database import Reader, Transaction
from crm_core.views.conversations import (
    Conversation,
    ConversationFilters,
    InboxCounts,
    count_inbox,
    get_conversation,
    list_conversations,
    read_on,
)
from crm_core.views.messages import Message, Piece, load_messages
from crm_core.views.paging import MAX_LIMIT, CursorInvalid, Page
from crm_core.views.recipients import AnswerRecipients, answer_recipients
from crm_core.views.said import Found, SaidFilters, search_said
from crm_core.views.suggestions import Suggestions, suggest_for_conversation
from gateway.http.inputs import Nothing, Paging
from gateway.http.permissions import Permission
from gateway.http.request import Request
from gateway.http.route import Routes

routes: Final = Routes("conversations")


class ConversationQuery(ConversationFilters, Paging):
    """What to narrow the list to, and which page."""


class CountQuery(InputModel):
    """Of which channel; null: of all."""

    channel: WrittenChannel | None = None


class OpenQuery(InputModel):
    """How much of what was said comes with a conversation; without ``limit`` all of it.

    ``around``: a message that is to be among it; else the newest.
    """

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] | None = None
    around: UUID | None = None


class PieceQuery(Paging):
    """Where to read on: ``cursor`` is an ``older`` or ``newer``; without one ``around`` a message, else the newest."""

    around: UUID | None = None


class SaidQuery(SaidFilters, Paging):
    """What to look for, and which page."""


@routes.add(
    "GET",
    "/conversations",
    permission=Permission.SIGNED_IN,
    summary="List conversations",
    snapshot=True,
    refusals=[CursorInvalid],
)
async def find_conversations(request: Request, reader: Reader, query: ConversationQuery) -> Page[Conversation]:
    """The last spoken in first; of those nobody has an agent sees what came to queues of theirs."""
    return await list_conversations(reader, request.viewer, query, limit=query.limit, cursor=query.cursor)


@routes.add(
    "GET",
    "/conversations/counts",
    permission=Permission.SIGNED_IN,
    summary="Count the parts of the inbox",
    snapshot=True,
)
async def count_conversations(request: Request, reader: Reader, query: CountQuery) -> InboxCounts:
    """For each ``view`` as many as the list holds; counting stops at ``most``."""
    return await count_inbox(reader, request.viewer, query.channel)


@routes.add(
    "GET",
    "/conversations/{interaction_id}",
    permission=Permission.SIGNED_IN,
    summary="One conversation",
    snapshot=True,
)
async def get_one_conversation(
    request: Request, reader: Reader, interaction_id: UUID, query: OpenQuery
) -> Conversation:
    """With what was said in it, notes among it, the oldest first: everything, or as much as ``limit`` says."""
    return await get_conversation(reader, interaction_id, request.viewer, limit=query.limit, around=query.around)


@routes.add(
    "GET",
    "/conversations/{interaction_id}/messages",
    permission=Permission.SIGNED_IN,
    summary="Read on in a conversation",
    snapshot=True,
    refusals=[CursorInvalid],
)
async def read_messages(request: Request, reader: Reader, interaction_id: UUID, query: PieceQuery) -> Piece:
    """A piece of what was said in it, notes among it, the oldest first; the newest unless told otherwise."""
    return await read_on(
        reader, interaction_id, request.viewer, limit=query.limit, cursor=query.cursor, around=query.around
    )


@routes.add(
    "POST",
    "/conversations/{interaction_id}/assign",
    permission=Permission.SIGNED_IN,
    summary="Give a conversation to somebody, take it, or put it back",
    refusals=[AgentUnknown, ConversationClosed],
)
async def assign_conversation(
    request: Request, tx: Transaction, interaction_id: UUID, body: AssignIn
) -> Conversation | None:
    """Null when it is no longer the caller's to see."""
    await conversations.assign(tx, request.viewer, interaction_id, body)
    try:
        return await _as_it_is(tx, request, interaction_id)
    except NotFound:
        return None


@routes.add(
    "POST", "/conversations/{interaction_id}/close", permission=Permission.SIGNED_IN, summary="Close a conversation"
)
async def close_conversation(request: Request, tx: Transaction, interaction_id: UUID, body: Nothing) -> Conversation:
    """What the client writes next opens a new one."""
    await conversations.close(tx, request.viewer, interaction_id)
    return await _as_it_is(tx, request, interaction_id)


@routes.add(
    "POST",
    "/conversations/{interaction_id}/reopen",
    permission=Permission.SIGNED_IN,
    summary="Open a conversation again",
    refusals=[ConversationClosed],
)
async def reopen_conversation(request: Request, tx: Transaction, interaction_id: UUID, body: Nothing) -> Conversation:
    """It was closed too early, or sleeps too long; not when a newer one with the same chat has begun."""
    await conversations.reopen(tx, request.viewer, interaction_id)
    return await _as_it_is(tx, request, interaction_id)


@routes.add(
    "POST",
    "/conversations/{interaction_id}/snooze",
    permission=Permission.SIGNED_IN,
    summary="Put a conversation off",
    refusals=[ConversationClosed, SnoozeRejected],
)
async def snooze_conversation(request: Request, tx: Transaction, interaction_id: UUID, body: SnoozeIn) -> Conversation:
    """Nobody's turn until then; a message of the client ends it at once."""
    await conversations.snooze(tx, request.viewer, interaction_id, body.until)
    return await _as_it_is(tx, request, interaction_id)


@routes.add(
    "POST",
    "/conversations/{interaction_id}/read",
    permission=Permission.SIGNED_IN,
    summary="Everything in it was seen",
    status=204,
)
async def read_conversation(request: Request, tx: Transaction, interaction_id: UUID, body: Nothing) -> None:
    """By whoever has it; a supervisor who looks in changes nothing."""
    await conversations.mark_read(tx, request.viewer, interaction_id)


@routes.add(
    "PUT",
    "/conversations/{interaction_id}/client",
    permission=Permission.SIGNED_IN,
    summary="Say who writes in a conversation",
)
async def put_client(request: Request, tx: Transaction, interaction_id: UUID, body: ClientChoice) -> Conversation:
    """What the writer has proven to be theirs is that client's from then on."""
    await identity.attach(tx, request.viewer, interaction_id, body.client_id)
    return await _as_it_is(tx, request, interaction_id)


@routes.add(
    "GET",
    "/conversations/{interaction_id}/suggestions",
    permission=Permission.SIGNED_IN,
    summary="Who may be writing in a conversation",
)
async def show_who(request: Request, reader: Reader, interaction_id: UUID) -> Suggestions:
    """By what the writer has proven, by their address, by their name."""
    return await suggest_for_conversation(reader, request.viewer, interaction_id)


@routes.add(
    "GET",
    "/conversations/{interaction_id}/recipients",
    permission=Permission.SIGNED_IN,
    summary="To whom an answer to a mail goes",
)
async def show_recipients(request: Request, reader: Reader, interaction_id: UUID) -> AnswerRecipients:
    """As is proposed; its writer may choose others."""
    ours = request.services.settings.own_addresses
    return await answer_recipients(reader, request.viewer, interaction_id, ours=ours)


@routes.add(
    "PUT",
    "/conversations/{interaction_id}/about",
    permission=Permission.SIGNED_IN,
    summary="Say what a conversation is about",
)
async def put_about(request: Request, tx: Transaction, interaction_id: UUID, body: AboutIn) -> Conversation:
    """A trip or a deal of its client; null: none."""
    await conversations.set_about(tx, request.viewer, interaction_id, body)
    return await _as_it_is(tx, request, interaction_id)


@routes.add(
    "POST",
    "/conversations/{interaction_id}/notes",
    permission=Permission.SIGNED_IN,
    summary="Leave a note for colleagues",
    status=201,
    refusals=[AgentUnknown],
)
async def add_note(request: Request, tx: Transaction, interaction_id: UUID, body: NoteIn) -> Message:
    """It never leaves the house; whom it mentions may read the conversation from then on, and is told."""
    return await _shown(tx, await notes.note(tx, request.viewer, interaction_id, body))


@routes.add(
    "POST",
    "/messages",
    permission=Permission.SIGNED_IN,
    summary="Write to a client",
    status=201,
    refusals=[
        AddressUnknown,
        AnsweredMeanwhile,
        ChannelUnknown,
        ClientBlocked,
        ConversationClosed,
        FileUnknown,
        FilesTooBig,
        NoWayBack,
        NotFound,
        RecipientsRejected,
    ],
)
async def write_message(request: Request, tx: Transaction, body: MessageIn) -> Message:
    """It is sent after ``send_after_s``; until then it can be taken back. What nobody has yet is the writer's then."""
    settings = request.services.settings
    sources, ours = _sources(settings), settings.own_addresses
    return await _shown(tx, await replies.send(tx, request.viewer, body, sources=sources, ours=ours))


@routes.add(
    "DELETE",
    "/messages/{message_id}",
    permission=Permission.SIGNED_IN,
    summary="Take a message back before it leaves",
    status=204,
    refusals=[MessageGone],
)
async def withdraw_message(request: Request, tx: Transaction, message_id: UUID) -> None:
    await replies.withdraw(tx, request.viewer, message_id)


@routes.add(
    "GET",
    "/messages",
    permission=Permission.SIGNED_IN,
    summary="Search what was said",
    refusals=[CursorInvalid],
)
async def search_messages(request: Request, reader: Reader, query: SaidQuery) -> Page[Found]:
    """Words in any form, in Russian and English, "a phrase", -without; the newest first."""
    return await search_said(reader, request.viewer, query, limit=query.limit, cursor=query.cursor)


async def _as_it_is(tx: Transaction, request: Request, interaction_id: UUID) -> Conversation:
    """With the last of what was said: who has changed something has read the rest."""
    return await get_conversation(tx, interaction_id, request.viewer, limit=MAX_LIMIT)


async def _shown(tx: Transaction, message_id: UUID) -> Message:
    return (await load_messages(tx, [message_id]))[message_id]


def _sources(settings: Settings) -> Sources:
    """What we write from when a conversation is begun: the first of each channel's list."""
    found: dict[WrittenChannel, Source] = {}
    for mailbox in settings.mailbox[:1]:
        found[WrittenChannel.EMAIL] = Source(name=mailbox.name, queue=mailbox.queue, address=mailbox.address)
    for bot in settings.telegram[:1]:
        found[WrittenChannel.TELEGRAM] = Source(name=bot.name, queue=bot.queue, address=None)
    for site in settings.webchat[:1]:
        found[WrittenChannel.WEBCHAT] = Source(name=site.name, queue=site.queue, address=None)
    return found
