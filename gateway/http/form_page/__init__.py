"""The form we serve for a frame on somebody's site: plain HTML in two languages, without a line of script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import Final, Literal

Language = Literal["ru", "en"]

STYLE: Final = (files(__name__) / "page.css").read_text()

_TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    "ru": {
        "title": "Заявка",
        "name": "Как вас зовут",
        "phone": "Телефон",
        "email": "Почта",
        "message": "Что вы ищете",
        "call": "Позвоните мне сейчас",
        "send": "Отправить",
        "thanks": "Спасибо! Мы свяжемся с вами.",
        "lead_nobody": "Оставьте телефон или почту.",
        "phone_required": "Чтобы мы позвонили, оставьте телефон.",
        "contact_point_rejected": "Проверьте телефон и почту: так до вас не дозвониться.",
        "too_many_attempts": "Слишком много заявок подряд. Попробуйте через несколько минут.",
        "other": "Не получилось. Проверьте, что написано, и попробуйте ещё раз.",
    },
    "en": {
        "title": "Your request",
        "name": "Your name",
        "phone": "Telephone",
        "email": "E-mail",
        "message": "What are you looking for",
        "call": "Call me now",
        "send": "Send",
        "thanks": "Thank you! We will get in touch.",
        "lead_nobody": "Leave a telephone number or an e-mail address.",
        "phone_required": "Leave a telephone number to be called.",
        "contact_point_rejected": "Look at the number and the address again: we could not reach you like this.",
        "too_many_attempts": "Too many requests in a row. Try again in a few minutes.",
        "other": "That did not work. Look at what you wrote and try again.",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """The form with what was typed so far; ``problem``: the code of what was wrong with it."""

    language: Language
    token: str
    typed: Mapping[str, str] = field(default_factory=dict)
    problem: str | None = None

    def html(self) -> str:
        texts = _TEXTS[self.language]
        problem = ""
        if self.problem is not None:
            problem = f'<p class="problem" role="alert">{texts.get(self.problem, texts["other"])}</p>'
        body = f"""<form method="post">
{problem}
{self._field("name", 'autocomplete="name" maxlength="300"')}
{self._field("phone", 'type="tel" autocomplete="tel" maxlength="40"')}
{self._field("email", 'type="email" autocomplete="email" maxlength="300"')}
<label>{texts["message"]}<textarea name="message" maxlength="5000">{escape(self._typed("message"))}</textarea></label>
<label class="check"><input type="checkbox" name="call_me_now" value="true"{self._checked()}>{texts["call"]}</label>
<input class="aside" name="homepage" tabindex="-1" autocomplete="off" aria-hidden="true">
<input type="hidden" name="token" value="{escape(self.token)}">
<button>{texts["send"]}</button>
</form>"""
        return _document(self.language, body)

    def _field(self, name: str, attributes: str) -> str:
        value = escape(self._typed(name))
        return f'<label>{_TEXTS[self.language][name]}<input name="{name}" value="{value}" {attributes}></label>'

    def _typed(self, name: str) -> str:
        return self.typed.get(name, "")

    def _checked(self) -> str:
        return " checked" if self._typed("call_me_now") else ""


def thanks(language: Language) -> str:
    return _document(language, f'<div class="thanks" role="status"><p>{_TEXTS[language]["thanks"]}</p></div>')


def _document(language: Language, body: str) -> str:
    return f"""<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{_TEXTS[language]["title"]}</title>
<link rel="stylesheet" href="page.css">
<body>
{body}
</body>
</html>
"""
