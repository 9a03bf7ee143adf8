"""What a report says of a mail of ours: how far it came, and under which names we may know it.

Only what is certain counts: passed on to another server is not yet delivered, and
a delay is no end. Anybody can write a report, so it says something only of a mail
that we did send, by an id that only its receivers know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from channels.email.message import DeliveryReport, Fate, ReadReceipt, RecipientFate
from channels.email.outgoing import message_id_for
from crm_core.domain.bounces import Bounce
from crm_core.domain.written import MessageState


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """``state`` is None where the report tells of nothing that we count; ``bounces``: whom the mail did not reach."""

    names: tuple[str, ...]  # what the mail may be called: its Message-ID, by either way we told it
    state: MessageState | None
    bounces: tuple[Bounce, ...] = ()


def receipt(report: DeliveryReport | ReadReceipt, address: str) -> Receipt:
    """What ``report`` says of a mail that was sent from ``address``."""
    match report:
        case ReadReceipt(original_id=original_id, displayed=displayed):
            names = (original_id,) if original_id else ()
            return Receipt(names=names, state=MessageState.READ if displayed else None)
        case DeliveryReport(recipients=recipients):
            delivered = any(one.fate is Fate.DELIVERED for one in recipients)
            return Receipt(
                names=tuple(_names(report, address)),
                state=MessageState.DELIVERED if delivered else None,
                bounces=tuple(_bounce(one) for one in recipients if one.fate is Fate.FAILED),
            )


def _bounce(failed: RecipientFate) -> Bounce:
    return Bounce(address=failed.address, words=" ".join(filter(None, (failed.status, failed.diagnostic))))


def _names(report: DeliveryReport, address: str) -> Iterator[str]:
    if report.original_id is not None:
        yield report.original_id
    try:
        yield message_id_for(UUID(report.envelope_id or ""), address)
    except ValueError:
        return
