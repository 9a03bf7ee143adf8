"""The scenes that can be played at the same time: each has phones, queues and numbers of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.lab.expected import ExpectedCall
from tests.lab.laboratory import Lab
from tests.lab.scenes.crowds import twenty_calls_elsewhere
from tests.lab.scenes.direct import direct_abandoned, direct_answered, direct_busy, direct_no_answer
from tests.lab.scenes.forwarding import (
    dialplan_forwards_inside,
    dialplan_forwards_outside,
    phone_forwards_inside,
    phone_forwards_outside,
    queue_member_forwards,
)
from tests.lab.scenes.many_phones import (
    agent_with_two_devices,
    directed_pickup,
    group_ring,
    international_numbers,
    local_member_optimised,
    local_members,
    star_pickup,
)
from tests.lab.scenes.menu import asks_to_be_called_back
from tests.lab.scenes.outbound import (
    click_to_call_agent_no_answer,
    click_to_call_answered,
    click_to_call_client_busy,
    click_to_call_client_no_answer,
    click_to_call_invalid_number,
    click_to_call_trunk_failed,
    outbound_dialled_agent_hangs_up,
    outbound_dialled_answered,
    outbound_dialled_busy,
    outbound_dialled_given_up,
    outbound_dialled_no_answer,
)
from tests.lab.scenes.parking import parked_and_given_up, parked_and_retrieved, parking_timed_out
from tests.lab.scenes.queue import (
    anonymous_queue_answered,
    hold_unhold,
    number_formats,
    queue_abandoned,
    queue_all_busy,
    queue_answered_agent_hangs_up,
    queue_answered_client_hangs_up,
    queue_busy_then_declined_then_answered,
    queue_first_no_answer_second_answers,
    queue_short_abandoned,
    queue_timeout_nobody,
    ringall_one_answers,
    utf8_names,
)
from tests.lab.scenes.rounds import (
    auto_paused_agent,
    direct_switched_off,
    direct_unregistered,
    overflow_abandoned,
    overflow_answered,
    ring_no_answer_chain,
    round_robin_takes_turns,
    unreachable_in_queue,
)
from tests.lab.scenes.voicemail import queue_to_voicemail, voicemail_message, voicemail_without_message

Scene = Callable[[Lab], Awaitable[list[ExpectedCall]]]

SIDE_BY_SIDE: tuple[Scene, ...] = (
    round_robin_takes_turns,
    ring_no_answer_chain,
    overflow_answered,
    overflow_abandoned,
    auto_paused_agent,
    unreachable_in_queue,
    direct_unregistered,
    direct_switched_off,
    voicemail_message,
    voicemail_without_message,
    queue_to_voicemail,
    phone_forwards_inside,
    phone_forwards_outside,
    queue_member_forwards,
    dialplan_forwards_inside,
    dialplan_forwards_outside,
    group_ring,
    star_pickup,
    directed_pickup,
    local_members,
    local_member_optimised,
    agent_with_two_devices,
    international_numbers,
    parked_and_retrieved,
    parking_timed_out,
    parked_and_given_up,
    twenty_calls_elsewhere,
    direct_answered,
    direct_no_answer,
    direct_abandoned,
    direct_busy,
    outbound_dialled_answered,
    outbound_dialled_agent_hangs_up,
    outbound_dialled_busy,
    outbound_dialled_no_answer,
    outbound_dialled_given_up,
    click_to_call_answered,
    click_to_call_agent_no_answer,
    click_to_call_client_busy,
    click_to_call_client_no_answer,
    click_to_call_invalid_number,
    click_to_call_trunk_failed,
    queue_answered_client_hangs_up,
    queue_answered_agent_hangs_up,
    queue_abandoned,
    queue_short_abandoned,
    queue_first_no_answer_second_answers,
    queue_busy_then_declined_then_answered,
    queue_all_busy,
    queue_timeout_nobody,
    ringall_one_answers,
    anonymous_queue_answered,
    number_formats,
    utf8_names,
    hold_unhold,
    asks_to_be_called_back,
)
