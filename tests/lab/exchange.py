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

    @property
    def transfer_extension(self) -> str:
        """What an agent dials to send a caller to this queue."""
        return f"8{self.did[-3:]}"


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

    @property
    def agents(self) -> tuple[Agent, ...]:
        members = chain.from_iterable(queue.members for queue in self.queues)
        return (*dict.fromkeys(members), *self.back_office)

    @property
    def every_queue(self) -> tuple[Queue, ...]:
        return (*self.queues, self.load_queue)

    def queue(self, name: str) -> Queue:
        return next(queue for queue in self.every_queue if queue.name == name)

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


OFFICE = Office(
    queues=(
        Queue(name="sales", did="77272000001", strategy="rrmemory", members=_SALES),
        Queue(name="hotline", did="77272000002", strategy="ringall", members=_HOTLINE),
        *(_spare_queue(number) for number in range(1, 13)),
        _UNHURRIED,
    ),
    load_queue=Queue(
        name="load",
        did="77272000099",
        strategy="rrmemory",
        members=tuple(Agent(extension=f"{2001 + place}", name=f"Оператор {place + 1}") for place in range(40)),
    ),
    back_office=_BACK_OFFICE,
)
