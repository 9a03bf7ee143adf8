"""From a case to the files that make it true: Asterisk's own, and our settings' part of it.

A pure function. What the link needs of ``manager.conf`` is taken from the link
itself: the wanted events and the least rights are its own lists, and the
laboratory's Asterisk runs what is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from channels.telephony.checkup.rights import WRITE_CLASSES
from channels.telephony.configuration.case import Case, QueueCase
from channels.telephony.configuration.events import filter_lines, read_classes
from channels.telephony.configuration.remarks import REMARKS
from crm_core.domain.callback_requests import CALLBACK_REQUEST

#: How long callers wait, and a phone rings, before the dialplan goes on.
_PATIENCE_S, _RING_S, _DIAL_S = 300, 15, 60

_CDR_COLUMNS: Final = (
    *("linkedid", "uniqueid", "sequence", "src", "dst", "dcontext", "channel", "dstchannel"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "userfield"),
)
_CEL_COLUMNS: Final = (
    *("${CHANNEL(linkedid)}", "${CHANNEL(uniqueid)}", "${eventtype}", "${eventtime}", "${CHANNEL(channame)}"),
    *("${CALLERID(num)}", "${CHANNEL(exten)}", "${CHANNEL(context)}", "${BRIDGEPEER}", "${eventextra}"),
)
_MODULES: Final = (
    *("app_queue.so", "app_dial.so", "app_mixmonitor.so", "app_stack.so", "app_echo.so", "app_userevent.so"),
    *(
        "format_wav.so",
        "func_strings.so",
        "func_callerid.so",
        "func_cdr.so",
        "func_channel.so",
        "bridge_builtin_features.so",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationFile:
    """One file, or the part of one: ``place`` is where it goes."""

    name: str  # "manager.conf"
    place: str  # "/etc/asterisk/manager.conf"
    text: str


def write(case: Case) -> list[ConfigurationFile]:
    """Every file of this case, in the order in which one puts them in place."""
    parts = _FREEPBX if case.flavour == "freepbx" else _PLAIN
    written = {name: "\n".join(lines(case)).strip() for name, lines in parts.items()}
    files = [
        ConfigurationFile(name=name, place=f"/etc/asterisk/{name}", text=f"{text}\n")
        for name, text in written.items()
        if text
    ]
    return [*files, ConfigurationFile(name="perezvon.toml", place="perezvon.toml", text="\n".join([*_toml(case), ""]))]


def manager_user(case: Case) -> Iterator[str]:
    """The user's own section of manager.conf: nothing that is not needed, from nowhere but our address."""
    by_header = case.version.filters_by_header
    yield f"[{case.user}]"
    yield f"secret = {case.secret}"
    yield _remark(case, "acl")
    yield "deny = 0.0.0.0/0.0.0.0"
    yield "deny = ::/0"
    yield f"permit = {case.permitted}"
    yield _remark(case, "read")
    yield _remark(case, "read_dialplan" if by_header else "read_no_dialplan")
    yield f"read = {','.join(read_classes(filters_by_header=by_header))}"
    yield _remark(case, "write")
    yield f"write = {','.join(WRITE_CLASSES)}"
    yield "writetimeout = 5000"
    if by_header:
        yield _remark(case, "filters")
    yield from filter_lines(filters_by_header=by_header)


def _remark(case: Case, key: str, *, mark: str = ";") -> str:
    russian, english = REMARKS[key]
    return f"{mark} {russian if case.locale == 'ru' else english}"


def _manager(case: Case) -> Iterator[str]:
    yield _remark(case, "general")
    yield "[general]"
    yield "enabled = yes"
    yield f"port = {case.port}"
    yield _remark(case, "timestamps")
    yield "timestampevents = yes"
    yield ""
    yield from manager_user(case)


def _manager_of_freepbx(case: Case) -> Iterator[str]:
    """FreePBX writes manager.conf itself; ``(+)`` adds to its section."""
    yield "[general](+)"
    yield _remark(case, "timestamps")
    yield "timestampevents = yes"
    yield ""
    yield from manager_user(case)
    yield _remark(case, "freepbx_queues")


def _queues(case: Case) -> Iterator[str]:
    for queue in case.queues:
        yield f"[{queue.name}]"
        yield _remark(case, "queue")
        yield "strategy = rrmemory"
        yield f"timeout = {_RING_S}"
        yield "retry = 1"
        yield "ringinuse = no"
        yield _remark(case, "queue_waits")
        yield "joinempty = yes"
        yield "leavewhenempty = no"
        for extension in queue.members:
            yield f"member => PJSIP/{extension},0,{extension},PJSIP/{extension}"
        yield ""


def _extensions(case: Case) -> Iterator[str]:
    if case.records_calls:
        yield _remark(case, "record")
        yield "[perezvon-record]"
        yield "exten => s,1,Set(FILE=${STRFTIME(${EPOCH},,%Y/%m/%d/)}${ARG1}-${FILTER(0-9,${ARG2})}-${UNIQUEID}.wav)"
        yield " same => n,MixMonitor(${FILE},b)"
        yield " same => n,Set(CDR(userfield)=${FILE})"
        yield " same => n,Return()"
        yield ""
    numbered = [queue for queue in case.queues if queue.number is not None]
    if numbered:
        yield _remark(case, "incoming")
        yield "[perezvon-in]"
        for queue in numbered:
            yield from _incoming(case, queue)
        yield ""
        yield from _callback_request(case, numbered[0])
    yield from _outgoing(case)


def _callback_request(case: Case, queue: QueueCase) -> Iterator[str]:
    yield _remark(case, "callback")
    yield f"; exten => 1,1,Gosub(perezvon-callback,s,1({queue.name},600))"
    yield "[perezvon-callback]"
    yield f"exten => s,1,UserEvent({CALLBACK_REQUEST},Queue: ${{ARG1}},In: ${{ARG2}})"
    yield " same => n,Return()"
    yield ""


def _incoming(case: Case, queue: QueueCase) -> Iterator[str]:
    yield from _steps(
        str(queue.number),
        [
            *(["Gosub(perezvon-record,s,1(in,${EXTEN}))"] if case.records_calls else []),
            "Answer()",
            f"Queue({queue.name},tT,,,{_PATIENCE_S})",
            "Hangup()",
        ],
    )


def _outgoing(case: Case) -> Iterator[str]:
    if not case.trunks:
        return
    yield _remark(case, "outgoing")
    yield f"[{case.outbound_context}]"
    first, *others = case.trunks
    dials = [f"Dial(PJSIP/${{EXTEN}}@{first},{_DIAL_S},T)"]
    for trunk in others:
        dials += [
            'GotoIf($["${DIALSTATUS}"!="CHANUNAVAIL"]?end)',
            f"Dial(PJSIP/${{EXTEN}}@{trunk},{_DIAL_S},T)",
        ]
    recorded = ["Gosub(perezvon-record,s,1(out,${EXTEN}))"] if case.records_calls else []
    yield from _steps("_[+0-9].", [*recorded, *dials])
    if others:
        yield _remark(case, "trunks")
    yield " same => n(end),Hangup()"


def _steps(pattern: str, applications: Iterable[str]) -> Iterator[str]:
    for place, application in enumerate(applications):
        yield f" same => n,{application}" if place else f"exten => {pattern},1,{application}"


def _features(case: Case) -> Iterator[str]:
    yield _remark(case, "transfers")
    yield "[featuremap]"
    yield "blindxfer = #1"
    yield "atxfer = *2"


def _logger(case: Case) -> Iterator[str]:
    yield _remark(case, "queue_log")
    yield "[general]"
    yield "queue_log = yes"


def _cdr(case: Case) -> Iterator[str]:
    if case.cdr != "none":
        yield "[general]"
        yield "enable = yes"
        yield "unanswered = yes"


def _cdr_custom(case: Case) -> Iterator[str]:
    if case.cdr == "csv":
        yield _remark(case, "cdr")
        yield "[mappings]"
        yield f"perezvon.csv => {','.join(f'${{CSV_QUOTE(${{CDR({name})}})}}' for name in _CDR_COLUMNS)}"


def _cdr_odbc(case: Case) -> Iterator[str]:
    if case.cdr == "database":
        yield _remark(case, "cdr_database")
        yield "[perezvon]"
        yield "connection = asteriskcdrdb"
        yield "table = cdr"


def _cel(case: Case) -> Iterator[str]:
    if case.cel != "none":
        yield _remark(case, "cel")
        yield "[general]"
        yield "enable = yes"
        yield "apps = dial,queue"
        yield "events = ALL"


def _cel_custom(case: Case) -> Iterator[str]:
    if case.cel == "csv":
        yield "[mappings]"
        yield f"perezvon.csv => {','.join(f'${{CSV_QUOTE({column})}}' for column in _CEL_COLUMNS)}"


def _cel_odbc(case: Case) -> Iterator[str]:
    if case.cel == "database":
        yield _remark(case, "cel_database")
        yield "[perezvon]"
        yield "connection = asteriskcdrdb"
        yield "table = cel"


def _modules(case: Case) -> Iterator[str]:
    writers = {
        "cdr_custom.so": case.cdr == "csv",
        "cdr_adaptive_odbc.so": case.cdr == "database",
        "cel_custom.so": case.cel == "csv",
        "cel_odbc.so": case.cel == "database",
    }
    yield _remark(case, "modules")
    yield "[modules]"
    yield from (f"load = {module}" for module in (*_MODULES, *(name for name, wanted in writers.items() if wanted)))


def _toml(case: Case) -> Iterator[str]:
    is_freepbx = case.flavour == "freepbx"
    yield _remark(case, "toml", mark="#")
    yield "[[pbx]]"
    yield f'name = "{case.name}"'
    yield f'host = "{case.host}"'
    yield f"port = {case.port}"
    yield f'username = "{case.user}"'
    yield f'secret = "{case.secret}"'
    if case.trunks:
        yield _remark(case, "trunk_prefixes", mark="#")
        prefixes = ", ".join(f'"PJSIP/{trunk}"' for trunk in case.trunks)
        yield f"trunk_prefixes = [{prefixes}]"
    if case.trunks or is_freepbx:
        yield f'outbound_context = "{"from-internal" if is_freepbx else case.outbound_context}"'
    if case.records_calls:
        yield _remark(case, "recordings_place", mark="#")
        yield 'recordings = "/var/spool/asterisk/monitor"'
    yield _remark(case, "history", mark="#")
    yield 'queue_log = "/var/log/asterisk/queue_log"'
    for kind, records in (("cdr", case.cdr), ("cel", case.cel)):
        if records == "database":
            yield f'{kind}_url = "mysql://perezvon:PASSWORD@{case.host}/asteriskcdrdb"'
        elif records == "csv":
            yield f'{kind}_url = "file:///var/log/asterisk/{kind}-custom/perezvon.csv"'


_Lines = Callable[[Case], Iterator[str]]

_PLAIN: Final[dict[str, _Lines]] = {
    "manager.conf": _manager,
    "queues.conf": _queues,
    "extensions.conf": _extensions,
    "features.conf": _features,
    "logger.conf": _logger,
    "cdr.conf": _cdr,
    "cdr_custom.conf": _cdr_custom,
    "cdr_adaptive_odbc.conf": _cdr_odbc,
    "cel.conf": _cel,
    "cel_custom.conf": _cel_custom,
    "cel_odbc.conf": _cel_odbc,
    "modules.conf": _modules,
}
_FREEPBX: Final[dict[str, _Lines]] = {"manager_custom.conf": _manager_of_freepbx}
