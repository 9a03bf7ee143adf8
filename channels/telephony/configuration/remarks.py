"""Why each line stands there, for whoever reads the file in a year: key → Russian, English."""

from __future__ import annotations

from typing import Final

REMARKS: Final[dict[str, tuple[str, str]]] = {
    "general": (
        "Если раздел [general] уже есть, добавьте эти строки в него.",
        "If there is a section [general] already, add these lines to it.",
    ),
    "timestamps": (
        "время событий по часам АТС: опоздавшее событие не сдвигает звонок",
        "events bear the PBX's own time: a late event does not move a call",
    ),
    "acl": ("входить можно только с машины Перезвона", "only Perezvon's machine may log in"),
    "read": (
        "наименьшие права на чтение: звонки, очереди, перезапуски, CDR, просьбы перезвонить (user)",
        "the least that tells calls, queues, restarts, CDRs, and who asked to be called back (user)",
    ),
    "read_dialplan": (
        "dialplan — ради имён записей; фильтры ниже пропускают из него только их и голосовую почту",
        "dialplan for the names of recordings; of it the filters below let through only these and voicemail",
    ),
    "read_no_dialplan": (
        "без dialplan: этот Asterisk не умеет отбирать события по заголовкам; имя записи придёт из CDR(userfield)",
        "no dialplan: this Asterisk cannot filter by headers; a recording's name comes from CDR(userfield)",
    ),
    "write": (
        "звонок щелчком, отклонение, пауза, список каналов; никогда не давайте system, command, config",
        "click-to-call, declining, pauses, the list of channels; never give system, command or config",
    ),
    "filters": (
        "только события, нужные Перезвону: остальное Asterisk и не пошлёт",
        "only the events that Perezvon wants: Asterisk does not even send the rest",
    ),
    "queue": (
        "очередь звонит по одному, свободному телефону; занятый не трогает",
        "one free phone at a time; a busy one is left alone",
    ),
    "queue_waits": (
        "звонящие ждут и тогда, когда сейчас никто не свободен",
        "callers wait even while nobody is free",
    ),
    "record": (
        "запись разговора; имя файла — в событие и в CDR(userfield)",
        "records the talk; its file's name goes into the event and into CDR(userfield)",
    ),
    "incoming": (
        "входящие: подключите в контексте линии строкой  include => perezvon-in",
        "incoming: in the trunk's context write  include => perezvon-in",
    ),
    "callback": (
        "просьба перезвонить: вызовите в своём меню, очередь и через сколько секунд звонить",
        "asking to be called back: for a menu of yours, the queue and in how many seconds",
    ),
    "outgoing": (
        "сюда набирает звонок щелчком; тот же контекст годится и для набора с телефона",
        "where click-to-call dials; phones may dial through it as well",
    ),
    "trunks": ("следующая линия — если эта не работает", "the next trunk when this one is out of order"),
    "transfers": (
        "перевод с телефона: #1 слепой, *2 с консультацией; Queue и Dial разрешают его буквами t и T",
        "transfers from a phone: #1 blind, *2 attended; the letters t and T of Queue and Dial allow them",
    ),
    "queue_log": (
        "по queue_log чинятся пробелы: кто ждал, кому предлагали, кто ответил",
        "queue_log mends gaps: who waited, who was offered, who answered",
    ),
    "cdr": (
        "CDR со сквозным номером звонка (linkedid): по нему звонок собирается целиком",
        "CDRs with the id of the whole call (linkedid), by which its parts are put together",
    ),
    "cdr_database": (
        "таблица cdr с колонкой linkedid; подключение к базе — в res_odbc.conf",
        "the table cdr with a column linkedid; the connection to the database is in res_odbc.conf",
    ),
    "cel_database": (
        "таблица cel; подключение к базе — в res_odbc.conf",
        "the table cel; the connection to the database is in res_odbc.conf",
    ),
    "cel": (
        "CEL: каждый шаг звонка; нужен, чтобы чинить переводы",
        "CEL: each step of a call; needed to mend transfers",
    ),
    "modules": (
        "при autoload=yes всё уже загружено; иначе добавьте эти строки",
        "with autoload=yes all of it is loaded; else add these lines",
    ),
    "toml": ("часть настроек Перезвона об этой АТС", "Perezvon's settings of this PBX"),
    "trunk_prefixes": (
        "начала имён каналов, ведущих наружу: на них клиенты, не сотрудники",
        "beginnings of the names of channels that lead outside: clients are on them, not colleagues",
    ),
    "recordings_place": (
        "каталог записей, видимый с этой машины (или http-адрес)",
        "the directory of recordings as this machine sees it (or an http address)",
    ),
    "history": (
        "чем чинятся пробелы; пути — как их видно с этой машины",
        "what mends gaps; paths as this machine sees them",
    ),
    "freepbx_queues": (
        "очереди и номера FreePBX ведите в его же интерфейсе; записи включите у очередей и маршрутов",
        "keep queues and numbers in FreePBX itself; switch recording on in its queues and routes",
    ),
}
