"""Whether a bot can be heard and answered, asked as the program would, and what to do where it cannot."""

from __future__ import annotations

from typing import Final

from channels.telegram.api import TelegramApi, WebhookInfo
from channels.telegram.refusals import Reason, TelegramBusy, TelegramRefused, TelegramUnavailable
from config.sections import TelegramSettings
from crm_core.domain.findings import Finding, ill, well

_NO_ANSWER: Final = "Can this machine reach api_base, directly or through the proxy that your network asks for?"
_NO_ENTRY: Final = "Copy the token anew from BotFather (/mybots, API Token) into token."
#: More than this, and nobody fetches what people write.
_MANY_PENDING: Final = 100


async def examine(bot: TelegramSettings, *, door: str) -> list[Finding]:
    """Who it is, and by what way it is heard; ``door`` is where its webhook would be. Nothing is fetched or said."""
    subject = f"bot {bot.name}"
    try:
        async with TelegramApi(bot) as api:
            me = await api.me()
            webhook = await api.webhook()
    except (TelegramBusy, TelegramUnavailable) as failure:
        return [ill(subject, f"Telegram does not answer: {failure}", _NO_ANSWER)]
    except TelegramRefused as refusal:
        advice = _NO_ENTRY if refusal.reason is Reason.NOT_US else _NO_ANSWER
        return [ill(subject, f"Telegram refuses it: {refusal}", advice)]
    privacy = "hears all that is said in groups" if me.hears_groups else "hears in groups only what is said to it"
    return [well(subject, f"@{me.username}, {privacy}"), _heard(f"{subject}, hearing", bot, webhook, door)]


def _heard(subject: str, bot: TelegramSettings, webhook: WebhookInfo, door: str) -> Finding:
    waiting = f"{webhook.pending} updates wait"
    if bot.mode == "polling" and webhook.url:
        advice = "Start `perezvon serve`: it takes the webhook away. If it comes back, another program uses this token."
        return ill(subject, f"a webhook is set, so polling is refused; {waiting}", advice)
    if bot.mode == "webhook" and webhook.url != door:
        told = "no webhook is set" if not webhook.url else "the webhook leads elsewhere"
        advice = f"Start `perezvon serve` with the role channels: it tells Telegram {door}."
        return ill(subject, f"{told}; {waiting}", advice)
    if webhook.pending and webhook.error is not None:
        advice = f"Is {door} passed on to us by the proxy, with a certificate that Telegram accepts?"
        return ill(subject, f"Telegram could not knock: {webhook.error}; {waiting}", advice)
    if webhook.pending > _MANY_PENDING:
        return ill(subject, waiting, "Is `perezvon serve` running with the role channels? They are kept for a day.")
    return well(subject, f"by {bot.mode}; {waiting}")
