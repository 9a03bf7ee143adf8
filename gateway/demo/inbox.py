"""The demo's inbox: conversations of every channel in every state, and a post office that carries the answers.

Nothing leaves the demo: what is written is taken from the queue of its
mailbox, bot or site, and called sent. Now and then somebody new writes.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import structlog

from crm_core.actions import canned_answers, conversations, delivery, identity, notes, replies, signals, telegram_groups
from crm_core.actions.canned_answers import CannedAnswerIn
from crm_core.actions.conversations import AssignIn
from crm_core.actions.messages import record_messages
from crm_core.actions.notes import NoteIn
from crm_core.actions.replies import MessageIn
from crm_core.actions.telegram_groups import GroupIn
from crm_core.domain.people import Role
from crm_core.domain.viewer import Viewer
from crm_core.domain.written import HeardFile, HeardMessage, WrittenChannel
from crm_core.store import outgoing, telegram_people
from crm_core.store import telegram_groups as groups
from crm_core.store.database import DATABASE_AWAY, Database, Transaction
from gateway.demo.company import SALES

logger = structlog.get_logger(__name__)

EMAIL, TELEGRAM, WEBCHAT = WrittenChannel.EMAIL, WrittenChannel.TELEGRAM, WrittenChannel.WEBCHAT
_SOURCE: Final = "demo"
_OUR_ADDRESS: Final = "hello@demo.example"
#: Visitors of the demo look at a conversation for about so long; then somebody new may write.
_NEWS_EVERY_S: Final = 240.0
_LOOK_EVERY_S: Final = 1.0

_MADE_EARLIER = """
UPDATE messages
SET at = $2, sent_at = $2
WHERE id = $1
"""
_LAST_SAID = """
UPDATE conversations conversation
SET last_at = said.at
FROM (SELECT interaction_id, max(at) AS at FROM messages WHERE interaction_id = $1 GROUP BY interaction_id) AS said
WHERE conversation.interaction_id = said.interaction_id
"""
_UNANSWERED = """
SELECT count(*)
FROM conversations
WHERE inbox_state = 'open'
"""
_ENOUGH: Final = 8
_ANSWERED_EARLIER = """
UPDATE interactions
SET answered_at = (SELECT min(at) FROM messages WHERE interaction_id = $1 AND direction = 'outbound')
WHERE id = $1 AND answered_at IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message, so many minutes ago; ``ours``: the manager's. A note stays in the house.

    ``privately``: what a group asked is answered to its asker alone.
    """

    text: str
    minutes: float
    ours: bool = False
    note: bool = False
    privately: bool = False
    html: str | None = None
    own: str | None = None
    file: HeardFile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation of the demo; ``tail``: of a client's number, None: a stranger called ``name``.

    ``in_group``: asked in the group of a trip; ``urgent``: they call for the hotline.
    """

    channel: WrittenChannel
    login: str | None
    said: Sequence[Said]
    tail: str | None = None
    name: str | None = None
    subject: str | None = None
    snoozed: bool = False
    in_group: bool = False
    urgent: bool = False


#: A group of travellers in Telegram, about the trip of a client.
_GROUP_CHAT: Final = -1001700
_GROUP_TITLE: Final = "Хайнань вместе"
_GROUP_TAIL: Final = "1656"
_TRIP_OF = "SELECT id FROM trips WHERE client_id = $1 ORDER BY starts_on DESC LIMIT 1"

_MAIL_HTML: Final = (
    "<h2>Анталья, 27 декабря</h2><p>Добрый день! Сравните, пожалуйста:</p>"
    "<table border='1' cellpadding='6'><tr><th>Отель</th><th>Ночей</th><th>Цена</th></tr>"
    "<tr><td>Rixos Premium</td><td>9</td><td>1&nbsp;240&nbsp;000&nbsp;₸</td></tr>"
    "<tr><td>Titanic Deluxe</td><td>9</td><td>980&nbsp;000&nbsp;₸</td></tr></table>"
    "<p>Есть ли утренние рейсы?</p><img src='https://pictures.example/sign.png' alt='Подпись' width='120' height='40'>"
)
_MAIL_TEXT: Final = (
    "Анталья, 27 декабря\nДобрый день! Сравните, пожалуйста: Rixos Premium, 9 ночей, 1 240 000 ₸; "
    "Titanic Deluxe, 9 ночей, 980 000 ₸.\nЕсть ли утренние рейсы?"
)
_QUOTE: Final = "\n\n> Отправила вам подборку из двух отелей.\n> Динара, Demo Travel"
_SCAN: Final = HeardFile(name="Договор 2217, скан.txt", type="text/plain", data="Договор 2217, подписан.\n".encode())

_TALKS: Final[tuple[Talk, ...]] = (
    Talk(
        channel=TELEGRAM,
        login="dinara",
        tail="4567",
        said=(
            Said(text="Динара, здравствуйте! Договор посмотрела, скан во вложении.", minutes=1500, file=_SCAN),
            Said(text="Скан получила, спасибо! Бронь подтверждена, ваучеры пришлю.", minutes=1488, ours=True),
            Said(text="Ваучеры готовит Алия, напомнить ей вечером.", minutes=1480, ours=True, note=True),
            Said(text="Добрый вечер! Мы с мужем хотим понырять, у него сертификат, у меня нет", minutes=27),
            Said(text="А страховка покрывает дайвинг?", minutes=26),
        ),
    ),
    Talk(
        channel=EMAIL,
        login="dinara",
        tail="9345",
        subject="Re: Анталья на Новый год",
        said=(
            Said(text="Здравствуйте! Хотим на Новый год в Анталью, вчетвером.", minutes=1760),
            Said(text="Отправила вам подборку из двух отелей.", minutes=1700, ours=True),
            Said(text=_MAIL_TEXT + _QUOTE, own=_MAIL_TEXT, html=_MAIL_HTML, minutes=49),
        ),
    ),
    Talk(
        channel=TELEGRAM,
        login="dinara",
        name="Отель «Акка Бей»",
        said=(Said(text="Бронь 48812: заезд перенесли на 15:00, подтвердите", minutes=16),),
    ),
    Talk(
        channel=WEBCHAT,
        login=None,
        name="Посетитель сайта",
        said=(Said(text="Сколько стоит неделя на Бали в декабре?", minutes=1),),
    ),
    Talk(
        channel=EMAIL,
        login="dinara",
        name="Визовый центр",
        subject="Паспорта готовы к выдаче",
        snoozed=True,
        said=(Said(text="Паспорта Тлеубаевых готовы к выдаче с понедельника, окно 4.", minutes=300),),
    ),
    Talk(
        channel=TELEGRAM,
        login="aliya",
        tail="8123",
        said=(
            Said(text="Фото паспорта отправил, всё видно?", minutes=190),
            Said(text="Всё видно, спасибо! Визу подаём завтра.", minutes=181, ours=True),
        ),
    ),
    Talk(
        channel=TELEGRAM,
        login="dinara",
        tail=_GROUP_TAIL,
        in_group=True,
        said=(
            Said(text="? Сколько килограммов багажа на человека", minutes=260),
            Said(text="23 кг в багаж и 5 кг ручной клади, у детей столько же.", minutes=252, ours=True),
            Said(text="? А наш номер уже подтвердили", minutes=140),
            Said(text="Да, бронь HN-48812, два смежных номера.", minutes=131, ours=True, privately=True),
            Said(text="? Во сколько встречаемся в аэропорту", minutes=9),
        ),
    ),
    Talk(
        channel=TELEGRAM,
        login="dinara",
        name="Руслан, Хайнань",
        in_group=True,
        said=(Said(text="? Можно ли доплатить за места рядом в самолёте", minutes=34),),
    ),
    Talk(
        channel=TELEGRAM,
        login=None,
        tail="7345",
        urgent=True,
        said=(Said(text="/hotline Мы в аэропорту Пхукета, трансфер не приехал", minutes=3),),
    ),
)

_NEWS: Final[tuple[tuple[WrittenChannel, str, str], ...]] = (
    (WEBCHAT, "Посетитель сайта", "Здравствуйте! Есть ли туры на Хайнань с детьми?"),
    (TELEGRAM, "Марина", "Добрый день, хочу изменить даты поездки"),
    (EMAIL, "Данияр Оспанов", "Пришлите, пожалуйста, счёт на предоплату"),
)


_ANSWERS: Final[tuple[dict[str, object], ...]] = (
    {
        "shortcut": "паспорт",
        "title": "Попросить фото паспорта",
        "text": {
            "ru": "{{client.first_name}}, пришлите, пожалуйста, фото паспортов всех, кто едет. {{agent.name}}",
            "en": "{{client.first_name}}, please send photos of the passports of everybody who travels. {{agent.name}}",
        },
    },
    {
        "shortcut": "оплата",
        "title": "Как оплатить",
        "text": {
            "ru": "Здравствуйте, {{client.first_name}}! Оплатить «{{trip.title}}» можно картой или переводом.",
            "en": "Hello {{client.first_name}}! You can pay for {{trip.title}} by card or by bank transfer.",
        },
    },
    {
        "shortcut": "подумаем",
        "title": "Обещать ответ сегодня",
        "text": {"ru": "Уточню и отвечу вам сегодня.", "en": "I will find out and answer you today."},
    },
)


async def seed_inbox(tx: Transaction, clients: Mapping[str, UUID], people: Mapping[str, UUID], zone: ZoneInfo) -> None:
    """Let everything be said, each at its time; and what is often answered be at hand."""
    head = Viewer(user_id=people["zhanar"], role=Role.OWNER, team_id=None)
    for answer in _ANSWERS:
        await canned_answers.add(tx, head, CannedAnswerIn.model_validate(answer))
    await groups.be_in(tx, _SOURCE, _GROUP_CHAT, title=_GROUP_TITLE, is_in=True)
    trip: UUID = await tx.fetchval(_TRIP_OF, clients[_GROUP_TAIL])
    await telegram_groups.bind(tx, head, _GROUP_CHAT, GroupIn(trip_id=trip))
    for number, talk in enumerate(_TALKS, start=1):
        await _hold(tx, number, talk, clients, people, zone)


async def _hold(
    tx: Transaction,
    number: int,
    talk: Talk,
    clients: Mapping[str, UUID],
    people: Mapping[str, UUID],
    zone: ZoneInfo,
) -> None:
    """The first word is always the client's."""
    by = Viewer(user_id=people[talk.login or "zhanar"], role=Role.OWNER, team_id=None)
    conversation: UUID | None = None
    for place, said in enumerate(talk.said):
        at = tx.now - timedelta(minutes=said.minutes)
        if said.ours:
            assert conversation is not None
            await _say(tx, by, conversation, said, at=at, zone=zone)
        else:
            heard = _heard(talk, said, address=_address(number, talk), key=f"{number}.{place}", at=at)
            if place:
                heard = replace(heard, answers=(f"{number}.0@demo.example",))
            [conversation] = await record_messages(tx, [heard])
            await _happen(tx, talk, conversation, asker=heard.from_address)
    assert conversation is not None
    if talk.tail is not None:
        await identity.attach(tx, by, conversation, clients[talk.tail])
    await conversations.assign(tx, by, conversation, AssignIn(agent_id=people[talk.login] if talk.login else None))
    if talk.snoozed:
        await conversations.snooze(tx, by, conversation, tx.now + timedelta(hours=15))
    await tx.execute(_LAST_SAID, conversation)
    await tx.execute(_ANSWERED_EARLIER, conversation)


async def _happen(tx: Transaction, talk: Talk, conversation: UUID, *, asker: str | None) -> None:
    """What comes with something said: a group has its trip, who has met the bot hears it alone, a call for help."""
    if talk.in_group:
        await groups.asked_in(tx, _SOURCE, _GROUP_CHAT, _GROUP_TITLE, conversation)
        if talk.tail is not None and asker is not None:
            await telegram_people.meet(tx, _SOURCE, {int(asker): "ru"})
    if talk.urgent:
        await signals.call_for_hotline(tx, conversation, queue=None)


def _address(number: int, talk: Talk) -> str:
    if talk.channel is not EMAIL:
        return f"70010{number}"
    return f"client{talk.tail}@example.com" if talk.tail else f"writer{number}@example.com"


def _heard(talk: Talk, said: Said, *, address: str, key: str, at: datetime) -> HeardMessage:
    return HeardMessage(
        channel=talk.channel,
        source=_SOURCE,
        key=key,
        external_id=f"{key}@demo.example",
        queue=SALES,
        from_address=address,
        from_name=talk.name,
        to=(_OUR_ADDRESS,) if talk.channel is EMAIL else (),
        our_address=_OUR_ADDRESS if talk.channel is EMAIL else None,
        thread=f"{_GROUP_CHAT}:{address}" if talk.in_group else address,
        subject=talk.subject,
        body=said.text,
        own=said.own,
        html=said.html,
        files=(said.file,) if said.file else (),
        at=at,
    )


async def _say(tx: Transaction, by: Viewer, conversation: UUID, said: Said, *, at: datetime, zone: ZoneInfo) -> None:
    if said.note:
        message_id = await notes.note(tx, by, conversation, NoteIn(text=said.text))
    else:
        given = MessageIn(interaction_id=conversation, body=said.text, privately=said.privately)
        message_id = await replies.send(tx, by, given, sources={})
        await delivery.record_sent(tx, message_id, timezone=zone)
    await tx.execute(_MADE_EARLIER, message_id, at)


@dataclass(slots=True, kw_only=True)
class PostOffice:
    """Carries what is written in the demo to nobody, and brings something new now and then."""

    database: Database
    zone: ZoneInfo
    news_every_s: float = _NEWS_EVERY_S

    async def run(self) -> None:
        """For ever; while the database is away it waits."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self._carry, every_s=_LOOK_EVERY_S))
            tasks.create_task(self._repeat(self._bring, every_s=self.news_every_s))

    async def _repeat(self, work: Callable[[], Awaitable[None]], *, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await work()
            except DATABASE_AWAY:
                logger.debug("the demo waits for the database", action="demo_waits")

    async def _carry(self) -> None:
        """What is due leaves."""
        for channel in WrittenChannel:
            async with self.database.begin() as tx:
                for taken in await outgoing.take(tx, channel, _SOURCE, limit=10):
                    await delivery.record_sent(tx, taken.message_id, timezone=self.zone)

    async def _bring(self) -> None:
        """Somebody new writes, unless enough of them wait already."""
        async with self.database.begin() as tx:
            if await tx.fetchval(_UNANSWERED) >= _ENOUGH:
                return
            channel, name, text = random.choice(_NEWS)  # noqa: S311  (a story, not a secret)
            key = uuid4().hex
            talk = Talk(channel=channel, login=None, name=name, said=())
            address = f"{key[:8]}@example.com" if channel is EMAIL else key[:8]
            said = Said(text=text, minutes=0)
            await record_messages(tx, [_heard(talk, said, address=address, key=key, at=tx.now)])
