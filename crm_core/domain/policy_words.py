"""What a policy does, said in one sentence: the editor shows it, so it must say everything the rule does."""

from __future__ import annotations

from crm_core.domain.policies import Action, Policy
from crm_core.domain.words import Words, plural_ru, span_in_words


def policy_in_words(policy: Policy) -> Words:
    """«Обещание клиентам класса A: за 10 минут до срока напомнить; …» and the same in English."""
    clauses = [clause for clause in (_warning(policy), _action(policy), _attempts(policy)) if clause]
    whom, counted = _whom(policy), _counted(policy)
    off = Words(ru="", en="") if policy.enabled else Words(ru="Выключено. ", en="Off. ")
    return Words(
        ru=f"{off.ru}Обещание{whom.ru}: {'; '.join(clause.ru for clause in clauses)}. {counted.ru}",
        en=f"{off.en}Promises{whom.en}: {'; '.join(clause.en for clause in clauses)}. {counted.en}",
    )


def _whom(policy: Policy) -> Words:
    parts = []
    if policy.service_class is not None:
        parts.append(Words(ru=f"клиентам класса {policy.service_class}", en=f"to class {policy.service_class} clients"))
    if policy.lead_state is not None:
        parts.append(Words(ru=f"по лидам «{policy.lead_state}»", en=f"on leads “{policy.lead_state}”"))
    if policy.team is not None:
        parts.append(Words(ru=f"в команде «{policy.team}»", en=f"in team “{policy.team}”"))
    return Words(ru="".join(f" {part.ru}" for part in parts), en="".join(f" {part.en}" for part in parts))


def _warning(policy: Policy) -> Words | None:
    if not policy.warn_before:
        return None
    before = span_in_words(policy.warn_before)
    return Words(ru=f"за {before.ru} до срока напомнить", en=f"remind {before.en} before")


def _action(policy: Policy) -> Words:
    clauses = []
    if policy.action is Action.MOVE:
        clauses.append(_move(policy))
    if policy.action is Action.NOTIFY:
        clauses.append(_notify(policy))
    if policy.unlocks_after is not None:
        clauses.append(_unlock(policy))
    return Words(ru="; ".join(clause.ru for clause in clauses), en="; ".join(clause.en for clause in clauses))


def _move(policy: Policy) -> Words:
    late, most = span_in_words(policy.grace), policy.max_moves or 0
    ru = f"при опоздании на {late.ru} само перейдёт к тому, кто может позвонить"
    en = f"move when {late.en} late to whoever can call"
    if most:
        ru += f"; не больше {most} {plural_ru(most, 'раза', 'раз', 'раз')}"
        en += f"; at most {'once' if most == 1 else f'{most} times'}"
    if policy.cooldown:
        rest = span_in_words(policy.cooldown)
        ru += f"; назад не вернётся {rest.ru}"
        en += f"; not back to the same person for {rest.en}"
    return Words(ru=ru, en=en)


def _notify(policy: Policy) -> Words:
    if not policy.grace:
        return Words(ru="при опоздании сразу узнает руководитель", en="tell the supervisor as soon as it is late")
    late = span_in_words(policy.grace)
    return Words(ru=f"при опоздании на {late.ru} узнает руководитель", en=f"tell the supervisor when {late.en} late")


def _unlock(policy: Policy) -> Words:
    if not policy.unlocks_after:
        return Words(
            ru="сразу после срока руководитель может забрать без согласия",
            en="once it is late the supervisor may take it without consent",
        )
    after = span_in_words(policy.unlocks_after)
    return Words(
        ru=f"через {after.ru} после срока руководитель может забрать без согласия",
        en=f"the supervisor may take it without consent when {after.en} late",
    )


def _attempts(policy: Policy) -> Words | None:
    if policy.attempts is None:
        return None
    calls = plural_ru(policy.attempts, "звонка", "звонков", "звонков")
    ru = f"после {policy.attempts} {calls} без ответа считается выполненным"
    en = f"{policy.attempts} unanswered {'call keeps' if policy.attempts == 1 else 'calls keep'} it"
    if policy.retry_after and policy.attempts > 1:
        between = span_in_words(policy.retry_after)
        ru += f", следующий звонок через {between.ru}"
        en += f", the next call {between.en} later"
    return Words(ru=ru, en=en)


def _counted(policy: Policy) -> Words:
    if policy.working_time:
        return Words(ru="Считаем рабочие часы.", en="Count working hours.")
    return Words(ru="Считаем все часы, и ночью, и в выходные.", en="Count all hours, nights and weekends too.")
