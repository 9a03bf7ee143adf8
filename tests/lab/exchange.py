"""The office whose telephones the laboratory plays: its queues, agents and numbers.

The office is data; the configuration of Asterisk is written from it, so that a
number used in a test and the number Asterisk knows are the same object. Besides
the two queues of a real office there are a dozen spare ones, each with agents
and a number of its own, so that scenarios can run side by side on one Asterisk
without hearing each other.

Every laboratory lives in a loopback network of its own, 127.0.N.0/24: the PBX,
the trunk and each phone have an address there and the well-known port. Two
laboratories differ in N and can run at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

SIP_PORT = 5060
AMI_PORT = 5038

# How the client's side of the trunk answers an outbound call, told by the last digits dialled.
TRUNK_BUSY = "0486"
TRUNK_UNKNOWN_NUMBER = "0404"
TRUNK_OUT_OF_ORDER = "0503"
TRUNK_NEVER_ANSWERS = "0600"
TRUNK_HANGS_UP_AFTER_2S = "0702"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person with a phone on the desk."""

    extension: str
    name: str
    registered: bool = True  # False: the PBX does not know where the phone is
    pickup_group: str = ""  # who of the same group may take a ringing call with *8

    @property
    def interface(self) -> str:
        return f"PJSIP/{self.extension}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue behind a number of its own; its members ring for ``rings_s``, callers wait ``patience_s``."""

    name: str
    did: str
    strategy: str
    members: tuple[Agent, ...]
    rings_s: int = 3
    patience_s: int = 30
    reached_by: str = "PJSIP/{extension}"  # how the queue dials a member; FreePBX goes through a Local pair
    autopause: bool = False
    afterwards: tuple[str, ...] = ()  # what the dialplan does with a caller whose patience is at an end

    @property
    def transfer_extension(self) -> str:
        """What an agent dials to send a caller to this queue."""
        return f"8{self.did[-3:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A number with a way of its own through the dialplan."""

    name: str
    did: str
    steps: tuple[str, ...]  # applications, one after another


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiLogin:
    """Somebody who may log in to the manager interface."""

    username: str
    secret: str


# What Perezvon needs and not one right more; and the laboratory's own eyes, which see everything.
PRODUCT_LOGIN = AmiLogin(username="perezvon", secret="perezvon-secret")
WITNESS_LOGIN = AmiLogin(username="witness", secret="witness-secret")


@dataclass(frozen=True, slots=True)
class Network:
    """The addresses of one laboratory: 127.0.``number``.0/24."""

    number: int

    @property
    def pbx(self) -> str:
        return self._host(1)

    @property
    def trunk(self) -> str:
        """Where calls from outside come from, and where SIPp answers outbound calls."""
        return self._host(2)

    @property
    def steered_trunk(self) -> str:
        """Where a test answers outbound calls by hand: numbers beginning +7799."""
        return self._host(3)

    @property
    def call_centre(self) -> str:
        """One address for all the agents of the load queue."""
        return self._host(4)

    @property
    def guard(self) -> str:
        """Held by the laboratory that owns this network."""
        return self._host(254)

    def phone(self, position: int) -> str:
        return self._host(10 + position)

    def _host(self, last: int) -> str:
        return f"127.0.{self.number}.{last}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """All queues and agents; the order of ``agents`` is the order of their addresses.

    The forty agents of the load queue share one address and are nobody's neighbours.
    """

    queues: tuple[Queue, ...]
    load_queue: Queue
    back_office: tuple[Agent, ...]
    lines: tuple[Line, ...] = ()

    @property
    def agents(self) -> tuple[Agent, ...]:
        members = chain.from_iterable(queue.members for queue in self.queues)
        return tuple(dict.fromkeys((*members, *self.back_office)))

    @property
    def every_queue(self) -> tuple[Queue, ...]:
        return (*self.queues, self.load_queue)

    def queue(self, name: str) -> Queue:
        return next(queue for queue in self.every_queue if queue.name == name)

    def line(self, name: str) -> Line:
        return next(line for line in self.lines if line.name == name)

    def agent(self, extension: str) -> Agent:
        everybody = (*self.agents, *self.load_queue.members)
        return next(agent for agent in everybody if agent.extension == extension)

    def direct_did(self, extension: str) -> str:
        """The outside number that rings one extension and no queue."""
        return f"7727300{extension}"

    def address(self, network: Network, extension: str) -> str:
        position = [agent.extension for agent in self.agents].index(extension)
        return network.phone(position)


_SALES = (
    Agent(extension="1001", name="Айгерім Нұрланқызы"),
    Agent(extension="1002", name="Болат Сейітов"),
    Agent(extension="1003", name="Камила Ким"),
    Agent(extension="1004", name="Данияр Әлімов"),
)
_HOTLINE = (
    Agent(extension="1005", name="Елена Козлова"),
    Agent(extension="1006", name="Фарида Ысқақова"),
)
_BACK_OFFICE = (
    Agent(extension="1007", name="Гүлнәр Өтегенова"),
    Agent(extension="1008", name="Илья Щербаков"),
    Agent(extension="1009", name="Жанар Қуанышева"),
)
_SPARE_FIRST_NAMES = (
    *("Аружан", "Дана", "Жанель", "Инкар", "Мадина", "Назгүл"),
    *("Сәуле", "Толғанай", "Ұлпан", "Шынар", "Әсел", "Ксения"),
)
# Where phones ring as long as in a real office: the calls the demo plays are made here.
_UNHURRIED = Queue(
    name="unhurried",
    did="77272000120",
    strategy="linear",
    members=(
        Agent(extension="1201", name="Динара Абенова"),
        Agent(extension="1202", name="Руслан Касымов"),
    ),
    rings_s=14,
    patience_s=60,
)
_LITTLE_PATIENCE_S = {7: 2, 8: 6, 12: 6}
_SPARE_LAST_NAMES = ("Омарова", "Сәрсенбаева", "Ли")


def _spare_queue(number: int) -> Queue:
    """One of q01…q12: the first eight ring in order, the rest ring all; 7, 8 and 12 have less patience."""
    return Queue(
        name=f"q{number:02}",
        did=f"772720001{number:02}",
        strategy="linear" if number <= 8 else "ringall",
        members=tuple(
            Agent(extension=f"1{number:02}{place}", name=f"{_SPARE_FIRST_NAMES[number - 1]} {last_name}")
            for place, last_name in enumerate(_SPARE_LAST_NAMES, start=1)
        ),
        patience_s=_LITTLE_PATIENCE_S.get(number, 30),
    )


def _colleagues(first: int, count: int, *, pickup_group: str = "") -> tuple[Agent, ...]:
    """So many agents with extensions in a row."""
    return tuple(
        Agent(extension=str(extension), name=f"Коллега {extension}", pickup_group=pickup_group)
        for extension in range(first, first + count)
    )


_UNREGISTERED = Agent(extension="1351", name="Телефон без регистрации", registered=False)
_SWITCHED_OFF, _AT_THE_DESK = _colleagues(1352, 2)
# Each kind of call has its own desk, so that all kinds can happen at the same time.
_QUEUES_OF_A_KIND = (
    Queue(name="turns", did="77272000131", strategy="rrmemory", members=_colleagues(1311, 3)),
    Queue(name="chain", did="77272000132", strategy="linear", members=_colleagues(1321, 3), rings_s=2),
    Queue(
        name="front",
        did="77272000133",
        strategy="ringall",
        members=_colleagues(1331, 1),
        patience_s=3,
        afterwards=("Queue(behind,tT,,,30)",),
    ),
    Queue(name="behind", did="77272000134", strategy="ringall", members=_colleagues(1332, 2)),
    Queue(
        name="front-lost",
        did="77272000135",
        strategy="ringall",
        members=_colleagues(1334, 1),
        patience_s=3,
        afterwards=("Queue(behind-lost,tT,,,30)",),
    ),
    Queue(name="behind-lost", did="77272000136", strategy="ringall", members=_colleagues(1335, 1), rings_s=8),
    Queue(name="sleepy", did="77272000137", strategy="linear", members=_colleagues(1341, 2), rings_s=2, autopause=True),
    Queue(
        name="away",
        did="77272000138",
        strategy="linear",
        members=(_UNREGISTERED, _SWITCHED_OFF, _AT_THE_DESK),
        rings_s=2,
    ),
    Queue(
        name="answering-machine",
        did="77272000139",
        strategy="ringall",
        members=_colleagues(1363, 1),
        patience_s=3,
        afterwards=("VoiceMail(1363@default,s)",),
    ),
    Queue(name="redirected", did="77272000140", strategy="linear", members=_colleagues(1374, 1), rings_s=6),
    Queue(name="mates", did="77272000141", strategy="ringall", members=_colleagues(1385, 1), rings_s=10),
    Queue(
        name="freepbx",
        did="77272000142",
        strategy="linear",
        members=_colleagues(1401, 2),
        reached_by="Local/{extension}@from-queue/n",
    ),
    Queue(
        name="freepbx-optimised",
        did="77272000143",
        strategy="linear",
        members=_colleagues(1403, 1),
        reached_by="Local/{extension}@from-queue",
    ),
    Queue(
        name="two-devices",
        did="77272000144",
        strategy="linear",
        members=_colleagues(1411, 1),
        rings_s=10,
        reached_by="Local/{extension}@on-both-devices/n",
    ),
    Queue(name="abroad", did="77272000145", strategy="linear", members=_colleagues(1421, 1), rings_s=10),
    Queue(name="crowd", did="77272000146", strategy="rrmemory", members=_colleagues(1431, 4)),
)
# … and so have the everyday ones: number → what is not usual about it.
_UNUSUAL: Mapping[int, tuple[str, int]] = {6: ("linear", 30), 7: ("linear", 2), 8: ("linear", 6), 9: ("ringall", 30)}


def _everyday_queue(number: int) -> Queue:
    """One of d01…d13, with three agents, or two that ring at once."""
    strategy, patience_s = _UNUSUAL.get(number, ("rrmemory", 30))
    return Queue(
        name=f"d{number:02}",
        did=f"772720001{70 + number}",
        strategy=strategy,
        members=_colleagues(1501 + 10 * number, 2 if strategy == "ringall" else 3),
        patience_s=patience_s,
    )


#: The second device of whoever has the first one.
SECOND_DEVICE = {"1411": "1412"}
_ALONE = (
    *_colleagues(1354, 1),
    *_colleagues(1361, 2),
    *_colleagues(1371, 3),
    *_colleagues(1375, 4),
    *_colleagues(1381, 2),
    *_colleagues(1383, 2, pickup_group="desk"),
    *_colleagues(1386, 1),
    *_colleagues(1391, 4),
    *_colleagues(1412, 1),
    *_colleagues(1441, 11),
    *_colleagues(1461, 4),
)
_LINES = (
    Line(name="voicemail", did="77272000161", steps=("Dial(PJSIP/1361,2,tT)", "VoiceMail(1361@default,s)")),
    Line(
        name="greeting",
        did="77272000162",
        steps=("Set(CHANNEL(language)=en_US_f_Allison)", "Dial(PJSIP/1362,2,tT)", "VoiceMail(1362@default,b)"),
    ),
    Line(name="forwarded inside", did="77272000163", steps=("Dial(Local/1377@internal/n,20,tT)",)),
    Line(name="forwarded outside", did="77272000164", steps=("Dial(Local/+77015510702@from-crm/n,20,tT)",)),
    Line(
        name="menu",
        did="77272000166",
        steps=(
            "Answer()",
            "Read(KEY,,1,,1,10)",
            'ExecIf($["${KEY}"="1"]?UserEvent(PerezvonCallback,Queue: sales,In: 600,Subject: Menu))',
        ),
    ),
    Line(name="group", did="77272000165", steps=("Dial(PJSIP/1381&PJSIP/1382,20,tT)",)),
)
#: Who dials this parks the call they talk on; the second lot gives it back to them after three seconds.
PARK, PARK_FOR_3_S = "700", "750"
#: Whose calls may end in a voicemail box.
MAILBOXES = ("1361", "1362", "1363")
#: What a phone dials to take whatever rings in its group, and what stands before an extension to take its call.
STAR_PICKUP, DIRECTED_PICKUP = "*8", "**"

OFFICE = Office(
    queues=(
        Queue(name="sales", did="77272000001", strategy="rrmemory", members=_SALES),
        Queue(name="hotline", did="77272000002", strategy="ringall", members=_HOTLINE),
        *(_spare_queue(number) for number in range(1, 13)),
        _UNHURRIED,
        *_QUEUES_OF_A_KIND,
        *(_everyday_queue(number) for number in range(1, 14)),
    ),
    load_queue=Queue(
        name="load",
        did="77272000099",
        strategy="rrmemory",
        members=tuple(Agent(extension=f"{2001 + place}", name=f"Оператор {place + 1}") for place in range(40)),
    ),
    back_office=(*_BACK_OFFICE, *_ALONE),
    lines=_LINES,
)
