"""Which rules a promise lives under, when they act, what they say, and which rules cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm_core.domain.callbacks import PolicyUnknown
from crm_core.domain.policies import (
    Action,
    Moments,
    Policy,
    PolicyMovesAtOnce,
    PolicyNeverEnds,
    PolicyRejected,
    Rules,
    Surroundings,
    check_policy,
    moments,
    rules_for,
)
from crm_core.domain.policy_words import policy_in_words
from crm_core.domain.working_time import CLOSED, Calendar, Span
from tests.builders import NOON, after

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

STRICT = Policy(
    name="strict-10m",
    version=1,
    action=Action.MOVE,
    warn_before=10 * MINUTE,
    grace=10 * MINUTE,
    max_moves=2,
    cooldown=24 * HOUR,
)
SOFT = Policy(
    name="soft-72h",
    version=1,
    action=Action.UNLOCK,
    warn_before=10 * MINUTE,
    grace=72 * HOUR,
    takeover_after=72 * HOUR,
    max_moves=0,
)
VIP = replace(STRICT, name="vip-3m", grace=3 * MINUTE, service_class="A")
TELL = Policy(name="tell", version=1, action=Action.NOTIFY, grace=5 * MINUTE)

MORNING = NOON - 4 * HOUR


def test_the_rule_that_moves_and_the_supervisors_right_stand_together() -> None:
    rules = rules_for([SOFT, STRICT], Surroundings())

    assert rules == Rules(moving=STRICT, unlocking=SOFT)
    assert moments(rules, NOON, since=MORNING) == Moments(
        grace_from=NOON,
        warn_at=NOON - 10 * MINUTE,
        notify_at=None,
        escalate_at=NOON + 10 * MINUTE,
        takeover_at=NOON + 72 * HOUR,
    )


def test_of_those_that_move_the_most_specific_one_does() -> None:
    slower_for_sales = replace(STRICT, name="sales-1h", grace=HOUR, team="sales")
    policies = [STRICT, SOFT, VIP, slower_for_sales]

    assert rules_for(policies, Surroundings(team="sales", service_class="B")).moving == slower_for_sales
    assert rules_for(policies, Surroundings(team="hotline", service_class="A")).moving == VIP
    assert rules_for(policies, Surroundings()).moving == STRICT


def test_of_two_equally_specific_ones_the_stricter_moves() -> None:
    policies = [replace(STRICT, name="sales-1h", grace=HOUR, team="sales"), VIP]

    assert rules_for(policies, Surroundings(team="sales", service_class="A")).moving == VIP


@pytest.mark.parametrize(
    ("around", "concerned"),
    [
        (Surroundings(team="sales", service_class="A", lead_state="hot"), True),
        (Surroundings(team="sales", service_class="A", lead_state="cold"), False),
        (Surroundings(team="sales", service_class="A"), False),
        (Surroundings(team="hotline", service_class="A", lead_state="hot"), False),
    ],
)
def test_a_rule_for_some_concerns_nobody_else(around: Surroundings, concerned: bool) -> None:
    narrow = replace(VIP, team="sales", lead_state="hot")

    assert narrow.concerns(around) is concerned
    assert STRICT.concerns(around)


def test_a_rule_that_is_off_concerns_nobody() -> None:
    assert rules_for([replace(STRICT, enabled=False), SOFT], Surroundings()) == Rules(unlocking=SOFT)


def test_the_rule_asked_for_takes_the_place_of_the_one_that_moves() -> None:
    everything = [STRICT, SOFT, VIP, TELL]
    of_class_a = Surroundings(service_class="A")

    assert rules_for(everything, of_class_a, asked="strict-10m") == Rules(moving=STRICT, notifying=TELL, unlocking=SOFT)
    assert rules_for(everything, of_class_a, asked="soft-72h") == Rules(notifying=TELL, unlocking=SOFT)
    with pytest.raises(PolicyUnknown):
        rules_for(everything, Surroundings(service_class="B"), asked="vip-3m")


def test_who_receives_it_late_has_the_whole_grace_but_the_client_has_waited_all_the_same() -> None:
    rules = rules_for([STRICT, SOFT, TELL], Surroundings())

    handed = moments(rules, NOON, since=after(3600))

    assert handed == Moments(
        grace_from=after(3600),
        warn_at=None,
        notify_at=after(3600) + 5 * MINUTE,
        escalate_at=after(3600) + 10 * MINUTE,
        takeover_at=NOON + 72 * HOUR,
    )


def test_who_promises_for_in_ten_minutes_is_reminded_half_way_not_at_once() -> None:
    rules = rules_for([STRICT], Surroundings())

    assert moments(rules, NOON, since=NOON - 10 * MINUTE).warn_at == NOON - 5 * MINUTE
    assert moments(rules, NOON, since=NOON - HOUR).warn_at == NOON - 10 * MINUTE


def test_one_policy_may_both_move_and_give_the_right() -> None:
    both = replace(STRICT, takeover_after=HOUR)

    rules = rules_for([both], Surroundings())

    assert rules.all == (both,)
    assert moments(rules, NOON, since=MORNING).takeover_at == NOON + HOUR


def test_without_rules_nothing_ever_happens_by_itself() -> None:
    assert moments(Rules(), NOON, since=MORNING) == Moments(
        grace_from=NOON, warn_at=None, notify_at=None, escalate_at=None, takeover_at=None
    )


def test_each_policy_counts_by_its_own_clock() -> None:
    nine_to_six = (Span(opens=time(9), closes=time(18)),)
    workdays = Calendar(zone=ZoneInfo("Asia/Almaty"), week=(*[nine_to_six] * 5, CLOSED, CLOSED))  # type: ignore[arg-type]
    friday_1755 = datetime(2026, 11, 20, 12, 55, tzinfo=UTC)
    rules = rules_for([replace(STRICT, working_time=True), SOFT], Surroundings())

    made = moments(rules, friday_1755, since=friday_1755 - HOUR, calendar=workdays)

    assert made.escalate_at == datetime(2026, 11, 23, 4, 5, tzinfo=UTC)  # five minutes after opening on Monday
    assert made.takeover_at == friday_1755 + 72 * HOUR


@pytest.mark.parametrize(
    ("wrong", "error", "field"),
    [
        ({"grace": timedelta()}, PolicyMovesAtOnce, "grace_s"),
        ({"grace": -MINUTE}, PolicyMovesAtOnce, "grace_s"),
        ({"max_moves": None}, PolicyNeverEnds, "max_moves"),
        ({"max_moves": 0}, PolicyRejected, "max_moves"),
        ({"max_moves": 1000}, PolicyRejected, "max_moves"),
        ({"grace": timedelta(days=4000)}, PolicyRejected, "grace_s"),
        ({"warn_before": -MINUTE}, PolicyRejected, "warn_before_s"),
        ({"warn_before": timedelta(days=30)}, PolicyRejected, "warn_before_s"),
        ({"takeover_after": -MINUTE}, PolicyRejected, "takeover_after_s"),
        ({"cooldown": -MINUTE}, PolicyRejected, "cooldown_s"),
        ({"attempts": 0}, PolicyRejected, "attempts"),
        ({"attempts": 3}, PolicyRejected, "retry_after_s"),
        ({"attempts": 3, "retry_after": timedelta(seconds=1)}, PolicyRejected, "retry_after_s"),
        ({"name": "Сразу"}, PolicyRejected, "name"),
        ({"name": ""}, PolicyRejected, "name"),
    ],
)
def test_a_rule_that_would_do_harm_is_refused_with_the_field_that_is_wrong(
    wrong: dict[str, object], error: type[PolicyRejected], field: str
) -> None:
    with pytest.raises(error) as refused:
        check_policy(replace(STRICT, **wrong))  # type: ignore[arg-type]

    assert type(refused.value) is error
    assert refused.value.fields["field"] == field


@pytest.mark.parametrize("policy", [STRICT, SOFT, VIP, TELL, replace(TELL, grace=timedelta())])
def test_the_shipped_rules_and_their_like_are_allowed(policy: Policy) -> None:
    check_policy(policy)


@pytest.mark.parametrize(
    ("policy", "ru", "en"),
    [
        (
            STRICT,
            "Обещание: за 10 минут до срока напомнить; при опоздании на 10 минут само перейдёт к тому, кто может "
            "позвонить; не больше 2 раз; назад не вернётся 24 часа. Считаем все часы, и ночью, и в выходные.",
            "Promises: remind 10 minutes before; move when 10 minutes late to whoever can call; at most 2 times; "
            "not back to the same person for 24 hours. Count all hours, nights and weekends too.",
        ),
        (
            replace(SOFT, warn_before=None),
            "Обещание: через 72 часа после срока руководитель может забрать без согласия. "
            "Считаем все часы, и ночью, и в выходные.",
            "Promises: the supervisor may take it without consent when 72 hours late. "
            "Count all hours, nights and weekends too.",
        ),
        (
            replace(
                VIP,
                warn_before=None,
                grace=MINUTE,
                max_moves=1,
                cooldown=timedelta(),
                working_time=True,
                team="sales",
                lead_state="hot",
                attempts=3,
                retry_after=30 * MINUTE,
            ),
            "Обещание клиентам класса A по лидам «hot» в команде «sales»: при опоздании на 1 минуту само перейдёт к "
            "тому, кто может позвонить; не больше 1 раза; после 3 звонков без ответа считается выполненным, "
            "следующий звонок через 30 минут. Считаем рабочие часы.",
            "Promises to class A clients on leads “hot” in team “sales”: move when 1 minute late to whoever can call; "
            "at most once; 3 unanswered calls keep it, the next call 30 minutes later. Count working hours.",
        ),
        (
            replace(TELL, grace=timedelta(), takeover_after=timedelta(), attempts=1, enabled=False),
            "Выключено. Обещание: при опоздании сразу узнает руководитель; сразу после срока руководитель может "
            "забрать без согласия; после 1 звонка без ответа считается выполненным. "
            "Считаем все часы, и ночью, и в выходные.",
            "Off. Promises: tell the supervisor as soon as it is late; once it is late the supervisor may take it "
            "without consent; 1 unanswered call keeps it. Count all hours, nights and weekends too.",
        ),
    ],
)
def test_a_policy_says_in_words_what_it_does(policy: Policy, ru: str, en: str) -> None:
    said = policy_in_words(policy)

    assert (said.ru, said.en) == (ru, en)
