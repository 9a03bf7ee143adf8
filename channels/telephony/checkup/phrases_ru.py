"""Слова доктора по-русски: код → что видно и как правильно, и что сделать (None: ничего)."""

from __future__ import annotations

from typing import Final

#: О чём речь: вторая часть предмета находки.
MATTERS: Final[dict[str, str]] = {
    "rights": "права",
    "version": "версия",
    "clock": "часы",
    "events": "события",
    "timestampevents": "время событий",
    "queue members": "участники очередей",
    "people": "люди",
    "phones": "телефоны",
    "queues": "очереди",
    "trunks": "линии",
    "click-to-call": "звонок щелчком",
    "recordings": "записи",
    "recordings of calls": "записи звонков",
    "cdr": "CDR",
    "cel": "CEL",
    "queue_log": "queue_log",
    "records": "учёт звонков",
    "spool": "очередь на диске",
    "listener": "слушатель",
    "test call": "пробный звонок",
}

PHRASES: Final[dict[str, tuple[str, str | None]]] = {
    # Соединение и вход
    "logged_in": ("{address} знает нашего пользователя {user}", None),
    "door_closed": (
        "{address} недоступен: там никто не слушает",
        "Запущен ли Asterisk, включён ли manager и тот ли это порт, что в manager.conf?",
    ),
    "door_silent": (
        "{address} недоступен: нет ответа за {seconds} с",
        "Между нами межсетевой экран, или адрес неверен. Откройте порт для этой машины.",
    ),
    "door_unreachable": ("{address} недоступен: {reason}", "Проверьте `host` и `port` этой АТС."),
    "tls_failed": (
        "{address} не говорит с нами по TLS: {reason}",
        "Уберите `tls = true` или укажите порт из `tlsbindaddr` в manager.conf.",
    ),
    "tls_certificate": (
        "сертификату {address} нет доверия: {reason}",
        "Нужен сертификат на это имя от центра, которому доверяет эта машина.",
    ),
    "says_nothing": (
        "{address} принимает соединение и молчит",
        "AMI здоровается первым. Если это его порт TLS, поставьте `tls = {tls}`; иначе найдите порт в manager.conf.",
    ),
    "no_manager": (
        "{address} — не менеджер Asterisk: он говорит {said}",
        "Там слушает другая программа. Порт менеджера — `port` в manager.conf, обычно 5038.",
    ),
    "login_refused": (
        "{address} не пускает пользователя {user}: {said}",
        "Asterisk отвечает одинаково на неверное имя, неверный пароль и чужой адрес. Различает их его журнал: "
        "«failed to pass IP ACL» — наш адрес {ours} не разрешён, «failed to authenticate» — имя или пароль "
        "не совпали. После правки: `manager reload`.",
    ),
    "login_in_use": (
        "{user} может войти только один раз и уже вошёл",
        "Доктору нужно второе соединение рядом с рабочим. После правки: `manager reload`.",
    ),
    "no_answer": ("нет ответа на {question}: {reason}", "Повторите; если не пройдёт, смотрите журнал Asterisk."),
    # Права
    "rights_enough": ("достаточны, лишних нет", None),
    "rights_untold": ("АТС не говорит, что нам можно", None),
    "rights_missing": (
        "нам нельзя: {actions}",
        "Без Originate нет звонка щелчком, без QueuePause — пауз, без Hangup — отклонения, без остального после "
        "обрыва связи звонки теряются. Добавьте в `write =` раздела {section}: {classes}; затем `manager reload`.",
    ),
    "rights_dangerous": (
        "нашему пользователю можно писать {classes}: кто узнает пароль, владеет АТС",
        "Перезвону это никогда не нужно. Оставьте в {section} только то, что здесь, затем `manager reload`.",
    ),
    # Версия, часы, события
    "version": ("Asterisk {version}; умеет отбирать события по заголовкам", None),
    "version_filters_old": (
        "Asterisk {version} не умеет отбирать события по заголовкам (умеют 18.26, 20.11, 21.6, 22.1 и новее)",
        "Не читайте `dialplan`; пусть план набора пишет имя записи в CDR(userfield).",
    ),
    "version_unknown": ("АТС не говорит своей версии", None),
    "clock_agrees": ("совпадают с нашими", None),
    "clock_apart": (
        "часы АТС расходятся с нашими на {seconds} с: там {theirs}",
        "Включите NTP (chrony) на обеих машинах, иначе время звонков неверно и пробелы чинятся не там.",
    ),
    "clock_untold": ("АТС не говорит, который час", None),
    "events_heard": ("{now}, пока мы слушали, {lately} от последних звонков", None),
    "events_quiet": (
        "за {seconds} с не сказано ничего, и журнал ещё не слышал ни одного звонка",
        "Тихая АТС или фильтры, которые ничего не пропускают: покажет пробный звонок.",
    ),
    "events_missing": (
        "последние звонки пришли без {names}",
        "Их глотает eventfilter, или их класса нет в `read`. Добавьте эти строки (а на Asterisk без отбора "
        "по заголовкам уберите фильтры), затем `manager reload`.",
    ),
    "no_system_events": (
        "класс `system` не читается: перезапуски Asterisk при живой связи незаметны",
        "Дайте пользователю эти классы, затем `manager reload`.",
    ),
    "timestamps_on": ("включено: время звонков — по часам АТС", None),
    "timestamps_off": (
        "выключено: в событиях нет времени, и опоздавшее событие сдвигает звонок",
        "Включите, затем `manager reload`.",
    ),
    # Люди, телефоны, очереди
    "members_known": ("все {count} принадлежат людям", None),
    "members_unknown": (
        "{members} — ничьи: звонки на них ничьи",
        "Дайте внутренний номер человеку в «Настройки → Люди» или уберите участника из очереди.",
    ),
    "members_none": (
        "ни в одной очереди сейчас нет участников",
        "Если менеджеры входят в очереди сами, им пора войти.",
    ),
    "people_without_phone": (
        "нет внутреннего номера: {people}",
        "Они не видят звонков. Дайте номер в «Настройки → Люди», если он нужен.",
    ),
    "phones_known": ("{count}, каждый известен АТС", None),
    "phones_untold": ("этому пользователю нельзя спросить, какие есть телефоны", "Добавьте `reporting` в `write =`."),
    "phones_unknown": (
        "на АТС нет телефона для {extensions}",
        "Поправьте номер в «Настройки → Люди» или `extension_channel` в perezvon.toml: сейчас {template}.",
    ),
    "phones_unreachable": ("сейчас не на связи: {extensions}", "Телефон включён и вошёл на АТС?"),
    "extensions_unmapped": (
        "ни у кого нет {extensions}",
        "Звонки на эти телефоны ничьи. Для факса или переговорной так и надо.",
    ),
    "queues_agree": ("{count}, одни и те же здесь и там", None),
    "queues_unknown": ("ещё нет в нашем списке: {queues}", "Появятся сами при следующем входе на АТС."),
    "queues_gone": (
        "на АТС нет очереди {queues}",
        "Переименована или убрана из queues.conf? Очереди почты и чатов пусть остаются.",
    ),
    # Линии
    "trunks_seen": ("замечены недавно: {devices}", None),
    "trunks_unseen": ("звонков ещё не было", "После нескольких звонков будет видно, какие каналы ведут наружу."),
    "trunks_silent": (
        "последние звонки не прошли ни через {prefixes}",
        "Верны ли начала имён? Их показывает `core show channels` во время разговора с клиентом.",
    ),
    "trunks_strange": (
        "{devices} не похоже ни на телефон ({template}), ни на линию из настроек",
        "Это линия наружу? Тогда клиент на ней принят за сотрудника. Назовите её в настройках.",
    ),
    "outbound_exists": ("контекст {context} есть", None),
    "outbound_missing": ("в плане набора нет контекста {context}", "Заведите его, затем `dialplan reload`."),
    "outbound_unset": ("выключен: не назван контекст, где набирают клиента", "Назовите, чтобы звонить щелчком."),
    "outbound_untold": ("этому пользователю нельзя спросить, есть ли контекст {context}", "Покажет пробный звонок."),
    # Места
    "recordings_unset": ("место не названо, прослушать ничего нельзя", "Назовите каталог или адрес."),
    "recordings_server": ("{url} отвечает", None),
    "recordings_no_server": ("{url} недоступен: {reason}", "Работает ли его веб-сервер и верен ли адрес?"),
    "recordings_server_refuses": ("{url} отвечает {status}", "Разрешите этой машине читать его без пароля."),
    "recordings_found": ("у всех последних {answered} отвеченных звонков есть звук", None),
    "recordings_missing": (
        "из последних {answered} отвеченных звонков запись названа у {named}, слышна у {found}",
        "Совпадает ли путь в плане набора с настройкой и может ли пользователь Перезвона читать файлы?",
    ),
    "recordings_unnamed": (
        "ни один из последних {answered} отвеченных звонков не называет записи",
        "Вызывает ли план набора MixMonitor и пропускает ли eventfilter VarSet с MIXMONITOR_FILENAME? "
        "На старом Asterisk: Set(CDR(userfield)=…) с именем файла.",
    ),
    "path_readable": ("{path}", None),
    "path_unreadable": (
        "{path} не читается: {reason}",
        "Подключите его сюда, дайте пользователю Перезвона право читать или уберите настройку.",
    ),
    "records_fresh": ("{path}, записан {written}", None),
    "records_stale": (
        "{path} записан {written}, раньше конца последнего звонка",
        "Asterisk пишет теперь в другое место: проверьте его модуль этих записей и подключение каталога.",
    ),
    "records_read": ("пробелы можно чинить по {sources}", None),
    "records_unreadable": (
        "для починки не читаются: {reason}",
        "Проверьте адрес, право пользователя читать таблицу и колонки (`?columns=` называет их).",
    ),
    "records_unset": (
        "нет ни CDR, ни CEL, ни queue_log: неуслышанное потом не восстановить",
        "Назовите хотя бы `cdr_url` и `queue_log`; строки для Asterisk пишет страница «Подключить АТС».",
    ),
    "spool_empty": ("пуст", None),
    "spool_low": ("{megabytes} МБ ждут базу данных, {percent} предела", None),
    "spool_high": ("{megabytes} МБ ждут базу данных, {percent} предела", "База данных медлит или недоступна?"),
    "spool_full": (
        "{megabytes} МБ ждут базу данных, {percent} предела: скоро события начнут пропадать",
        "Верните базу данных или поднимите `limits.ami_spool_bytes`, если на диске есть место.",
    ),
    "listened_to": ("наш процесс на {where} слышит её с {since}", None),
    "listener_deaf": ("наш процесс на {where} занял её, но не слышит: {reason}", "Смотрите находки выше."),
    "nobody_listens": (
        "ни один наш процесс её сейчас не слушает",
        "Запустите `perezvon serve` с ролью telephony.",
    ),
    # Пробный звонок по шагам
    "call_busy": ("другой пробный звонок ещё идёт", "Дождитесь его конца."),
    "call_asked": ("просим АТС позвонить на {interface}", None),
    "call_accepted": ("АТС приняла поручение через {seconds} с", None),
    "call_refused": (
        "АТС отказала: {said}",
        "«Permission denied» — в `write =` нет `originate`; «Extension does not exist» — неверен "
        "`outbound_context` или номер не подходит под его шаблоны.",
    ),
    "call_rings": ("телефон звонит через {seconds} с", None),
    "call_rings_unheard": (
        "телефон звонит, но мы не слышали Newstate: его глотает eventfilter",
        "Пропустите его, затем `manager reload`.",
    ),
    "call_never_rang": (
        "телефон не зазвонил",
        "Он на связи (`pjsip show endpoint`)? Подходит ли этой АТС `extension_channel`?",
    ),
    "call_answered": ("трубку сняли через {seconds} с; теперь слышно самого себя", None),
    "call_answered_number": ("трубку сняли через {seconds} с; теперь набирается номер", None),
    "call_unanswered": ("за {seconds} с никто не снял трубку", "Повторите и ответьте на звонок."),
    "call_ended": ("звонок окончен через {seconds} с", None),
    "call_events": ("о нём услышано: {names}", None),
    "call_events_missing": (
        "не услышано, хотя случилось: {names}",
        "Его глотает eventfilter, или его класса нет в `read`.",
    ),
    "call_clock": ("время АТС и наше расходятся на {seconds} с", None),
    "call_clock_apart": ("время АТС и наше расходятся на {seconds} с", "Включите NTP (chrony) на обеих машинах."),
    "call_untimed": ("в его событиях нет времени", "Включите `timestampevents`, затем `manager reload`."),
    "call_logged": ("он есть в журнале", None),
    "call_not_logged": (
        "через {seconds} с его нет в журнале",
        "Работает ли `perezvon serve` с ролью telephony и слышит ли он эту АТС? Скажут его фильтры и журнал.",
    ),
    "call_recorded": ("его запись найдена", None),
    "call_not_recorded": ("его запись не найдена", "Вызывает ли MixMonitor план набора исходящего контекста?"),
    "call_echo_unrecorded": ("эхо не записывается; укажите номер, чтобы проверить и это", None),
}
