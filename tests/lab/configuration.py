"""Asterisk's configuration files, written from the office: what a phone, a queue and a number mean to it.

Files that say the same for every office lie ready in ``conf/``.
"""

from __future__ import annotations

from collections.abc import Iterator

from channels.telephony.configuration.case import Case
from channels.telephony.configuration.writer import manager_user
from channels.telephony.versions import AsteriskVersion
from tests.lab.exchange import (
    AMI_PORT,
    DIRECTED_PICKUP,
    MAILBOXES,
    PRODUCT_LOGIN,
    SECOND_DEVICE,
    SIP_PORT,
    WITNESS_LOGIN,
    Agent,
    Network,
    Office,
)


def configuration(office: Office, network: Network) -> dict[str, str]:
    """The generated files of Asterisk's configuration directory: name → text."""
    return {
        "pjsip.conf": "\n".join(_pjsip(office, network)),
        "queues.conf": "\n".join(_queues(office)),
        "extensions.conf": "\n".join(_extensions(office)),
        "manager.conf": "\n".join(_manager(network)),
        "voicemail.conf": "\n".join(_voicemail()),
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
dtmf_mode = info
trust_id_inbound = yes
send_pai = yes

[phone](!,everybody)
context = internal
dtmf_mode = info
device_state_busy_at = 1
allow_transfer = yes
; where the announcements are kept; without them a feature code gives up
language = en_US_f_Allison
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
    groups = [f"named_{kind}_group = {agent.pickup_group}" for kind in ("call", "pickup") if agent.pickup_group]
    contact = [f"contact = sip:{agent.extension}@{address}:{SIP_PORT}"] if agent.registered else []
    return "\n".join(
        [
            f"[{agent.extension}](phone)",
            f"aors = {agent.extension}",
            f'callerid = "{agent.name}" <{agent.extension}>',
            *groups,
            f"[{agent.extension}]",
            "type = aor",
            *contact,
            "",
        ]
    )


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
        if queue.autopause:
            yield "autopause = yes"
        for member in queue.members:
            dialled = queue.reached_by.format(extension=member.extension)
            yield f"member => {dialled},0,{member.name},{member.interface}"
        yield ""


def _extensions(office: Office) -> Iterator[str]:
    yield """\
[general]
static = yes
writeprotect = yes

; ARG1: in, out or aside; ARG2: our number, the client's or a colleague's
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
 same => n,Queue({queue.name},tT,,,{queue.patience_s})"""
        yield from _steps(*queue.afterwards, "Hangup()")
    for line in office.lines:
        yield f"exten => {line.did},1,Gosub(record,s,1(in,${{EXTEN}}))"
        yield from _steps(*line.steps, "Hangup()")
    yield f"""\
exten => _{office.direct_did("XXXX")},1,Gosub(record,s,1(in,${{EXTEN}}))
 same => n,Goto(internal,${{EXTEN:-4}},1)

[internal]
include => parkedcalls
exten => _{DIRECTED_PICKUP}XXXX,1,PickupChan(PJSIP/${{EXTEN:2}},p)
 same => n,Hangup()
exten => _[12]XXX,1,Dial(PJSIP/${{EXTEN}},7,tT)
 same => n,Hangup()
exten => _+X.,1,Goto(from-crm,${{EXTEN}},1)
exten => _[78]XXXXXXXXXX,1,Goto(from-crm,${{EXTEN}},1)
; a colleague who is recorded when they are consulted
exten => _5[12]XXX,1,Gosub(record,s,1(aside,${{EXTEN}}))
 same => n,Dial(PJSIP/${{EXTEN:1}},7,tT)
 same => n,Hangup()
; a colleague who may not be there: then back to the one who passed the client on
exten => _9[12]XXX,1,Dial(PJSIP/${{EXTEN:1}},3,tT)
 same => n,Dial(${{CUT(BLINDTRANSFER,-,1)}},7,tT)
 same => n,Hangup()
; a conference room
exten => _6XXX,1,Answer()
 same => n,ConfBridge(${{EXTEN}})"""
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

    yield """
; where FreePBX-like members of a queue are dialled
[from-queue]
exten => _1XXX,1,Dial(PJSIP/${EXTEN},20,tT)

[on-both-devices]"""
    for first, second in SECOND_DEVICE.items():
        yield f"exten => {first},1,Dial(PJSIP/{first}&PJSIP/{second},20,tT)"


def _steps(*applications: str) -> Iterator[str]:
    return (f" same => n,{application}" for application in applications)


def _voicemail() -> Iterator[str]:
    yield "[general]\nformat = wav\nminsecs = 1\nmaxsilence = 10\n\n[default]"
    for mailbox in MAILBOXES:
        yield f"{mailbox} => 1234,Ящик {mailbox}"


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
"""
    yield from manager_user(_product_case())
    yield ""


def _product_case() -> Case:
    """As the page "Connect a PBX" would write it for the product on this machine."""
    return Case(
        user=PRODUCT_LOGIN.username,
        secret=PRODUCT_LOGIN.secret,
        our_address="127.0.0.1",
        version=AsteriskVersion(22, 10),
        locale="en",
    )
