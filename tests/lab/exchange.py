"""The office whose telephones the laboratory plays: its queues, agents and numbers.

The office is data; the configuration files of Asterisk are written from it, so
that a number used in a test and the number Asterisk knows are the same object.
Besides the two queues of a real office there are a dozen spare ones, each with
agents and a number of its own, so that scenarios can run side by side on one
Asterisk without hearing each other.

Every laboratory lives in a loopback network of its own, 127.0.N.0/24: the PBX,
the trunk and each phone have an address there and the well-known port. Two
laboratories differ in N and can run at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator
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

# What the product's user is sent; of VarSet and Newexten only what tells about a recording or a voicemail.
WANTED_EVENTS = (
    *("FullyBooted", "Shutdown", "Reload"),
    *("Newchannel", "Newstate", "NewCallerid", "NewConnectedLine", "Rename"),
    *("HangupRequest", "SoftHangupRequest", "Hangup"),
    *("DialBegin", "DialState", "DialEnd", "OriginateResponse"),
    *("BridgeCreate", "BridgeEnter", "BridgeLeave", "BridgeMerge", "BridgeDestroy"),
    *("Hold", "Unhold", "BlindTransfer", "AttendedTransfer", "Pickup", "LocalBridge"),
    *("QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon"),
    *("AgentCalled", "AgentConnect", "AgentComplete", "AgentDump", "AgentRingNoAnswer"),
    *("QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberStatus"),
    *("ParkedCall", "ParkedCallGiveUp", "ParkedCallTimeOut", "UnParkedCall"),
    *("MixMonitorStart", "MixMonitorStop", "MessageWaiting", "Cdr"),
)


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
    ),
    load_queue=Queue(
        name="load",
        did="77272000099",
        strategy="rrmemory",
        members=tuple(Agent(extension=f"{2001 + place}", name=f"Оператор {place + 1}") for place in range(40)),
    ),
    back_office=_BACK_OFFICE,
)


def configuration(office: Office, network: Network) -> dict[str, str]:
    """The generated files of Asterisk's configuration directory: name → text."""
    return {
        "pjsip.conf": "\n".join(_pjsip(office, network)),
        "queues.conf": "\n".join(_queues(office)),
        "extensions.conf": "\n".join(_extensions(office)),
        "manager.conf": "\n".join(_manager(network)),
        "rtp.conf": "[general]\nrtpstart = 10000\nrtpend = 19999\nstrictrtp = no\n",
    }


def _pjsip(office: Office, network: Network) -> Iterator[str]:
    yield f"""\
[global]
type = global
endpoint_identifier_order = ip,username
user_agent = Asterisk laboratory

[udp]
type = transport
protocol = udp
bind = {network.pbx}:{SIP_PORT}

[everybody](!)
type = endpoint
transport = udp
disallow = all
allow = alaw
direct_media = no
rtp_symmetric = yes
bind_rtp_to_media_address = yes
media_address = {network.pbx}
; SIPp ends a call at the re-INVITE that would carry the connected party's name
send_connected_line = no

[line](!,everybody)
context = from-trunk
trust_id_inbound = yes
send_pai = yes

[phone](!,everybody)
context = internal
dtmf_mode = info
device_state_busy_at = 1
allow_transfer = yes
"""
    for name, address in (("trunk", network.trunk), ("trunk-steered", network.steered_trunk)):
        yield f"""\
[{name}](line)
aors = {name}
[{name}]
type = aor
contact = sip:{address}:{SIP_PORT}
[{name}]
type = identify
endpoint = {name}
match = {address}
"""
    for agent in office.agents:
        yield _phone(agent, office.address(network, agent.extension))
    for agent in office.load_queue.members:
        yield _phone(agent, network.call_centre)


def _phone(agent: Agent, address: str) -> str:
    return f"""\
[{agent.extension}](phone)
aors = {agent.extension}
callerid = "{agent.name}" <{agent.extension}>
[{agent.extension}]
type = aor
contact = sip:{agent.extension}@{address}:{SIP_PORT}
"""


def _queues(office: Office) -> Iterator[str]:
    yield """\
[general]
persistentmembers = no
autofill = yes
shared_lastcall = yes

[queue](!)
ringinuse = no
retry = 1
wrapuptime = 0
joinempty = yes
leavewhenempty = no
announce-frequency = 0
autopause = no
"""
    for queue in office.every_queue:
        yield f"[{queue.name}](queue)\nstrategy = {queue.strategy}\ntimeout = {queue.rings_s}"
        for member in queue.members:
            yield f"member => {member.interface},0,{member.name},{member.interface}"
        yield ""


def _extensions(office: Office) -> Iterator[str]:
    yield """\
[general]
static = yes
writeprotect = yes

; ARG1: in or out; ARG2: our number or the client's
[record]
exten => s,1,Set(FILE=${STRFTIME(${EPOCH},,%Y/%m/%d/)}${ARG1}-${FILTER(0-9,${ARG2})}-${UNIQUEID}.wav)
 same => n,MixMonitor(${FILE},b)
 same => n,Set(CDR(userfield)=${FILE})
 same => n,Return()

[from-trunk]
exten => _+X.,1,Goto(${EXTEN:1},1)
exten => _8727XXXXXXX,1,Goto(7${EXTEN:1},1)"""
    for queue in office.every_queue:
        yield f"""\
exten => {queue.did},1,Gosub(record,s,1(in,${{EXTEN}}))
 same => n,Answer()
 same => n,Queue({queue.name},tT,,,{queue.patience_s})
 same => n,Hangup()"""
    yield f"""\
exten => _{office.direct_did("XXXX")},1,Gosub(record,s,1(in,${{EXTEN}}))
 same => n,Goto(internal,${{EXTEN:-4}},1)

[internal]
exten => _[12]XXX,1,Dial(PJSIP/${{EXTEN}},7,tT)
 same => n,Hangup()
exten => _+X.,1,Goto(from-crm,${{EXTEN}},1)
exten => _[78]XXXXXXXXXX,1,Goto(from-crm,${{EXTEN}},1)"""
    for queue in office.queues:
        yield f"exten => {queue.transfer_extension},1,Queue({queue.name},tT,,,{queue.patience_s})"
    yield f"""
; Originate of the CRM and numbers dialled on a phone: to the client through the trunk
[from-crm]
exten => _[+0-9].,1,Gosub(record,s,1(out,${{EXTEN}}))
 same => n,Set(CALLERID(num)=+{office.queues[0].did})
 same => n,Set(LINE=${{IF($["${{FILTER(0-9,${{EXTEN}}):0:4}}"="7799"]?trunk-steered:trunk)}})
 same => n,Dial(PJSIP/${{EXTEN}}@${{LINE}},6,T)
 same => n,Hangup()
"""


def _manager(network: Network) -> Iterator[str]:
    yield f"""\
[general]
enabled = yes
webenabled = no
bindaddr = {network.pbx}
port = {AMI_PORT}
displayconnects = no
timestampevents = yes
allowmultiplelogin = yes

[{WITNESS_LOGIN.username}]
secret = {WITNESS_LOGIN.secret}
read = all
write = all
writetimeout = 5000

[{PRODUCT_LOGIN.username}]
secret = {PRODUCT_LOGIN.secret}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.0/255.0.0.0
read = system,call,agent,user,cdr,dialplan,reporting,originate
write = call,agent,originate,reporting
writetimeout = 5000
eventfilter(action(include),name(VarSet),header(Variable),method(exact)) = MIXMONITOR_FILENAME
eventfilter(action(include),name(Newexten),header(Application),method(exact)) = MixMonitor
eventfilter(action(include),name(Newexten),header(Application),method(starts_with)) = VoiceMail"""
    for event in WANTED_EVENTS:
        yield f"eventfilter(action(include),name({event})) ="
    yield ""
