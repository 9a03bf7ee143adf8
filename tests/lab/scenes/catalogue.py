"""All the scenes, in the order in which they are recorded.

A scene is a function that plays itself on the bench and returns what its
parties saw, as ``ExpectedCall``; its docstring is the story the recording tells.
The moments people take to answer and to talk are real ones.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from tests.lab.expected import ExpectedCall
from tests.lab.laboratory import Lab
from tests.lab.scenes.crowds import heavy, same_caller_twice, twenty_calls
from tests.lab.scenes.demo import (
    called_by_a_click,
    clicked_and_not_answered,
    given_up_while_ringing,
    second_manager_answers,
    talk_the_client_ends,
    talk_the_manager_ends,
)
from tests.lab.scenes.direct import internal_answered
from tests.lab.scenes.passed_on import PASSED_ON
from tests.lab.scenes.side_by_side import SIDE_BY_SIDE
from tests.lab.scenes.transfers import attended_transfer_answered, blind_transfer_answered, blind_transfer_to_queue

Scene = Callable[[Lab], Awaitable[list[ExpectedCall]]]

SCENES: tuple[Scene, ...] = (
    same_caller_twice,
    twenty_calls,
    internal_answered,
    blind_transfer_answered,
    blind_transfer_to_queue,
    attended_transfer_answered,
    *PASSED_ON,
    *SIDE_BY_SIDE,
)
LOADS: tuple[Scene, ...] = (heavy,)
DEMO: tuple[Scene, ...] = (
    talk_the_client_ends,
    talk_the_manager_ends,
    given_up_while_ringing,
    second_manager_answers,
    called_by_a_click,
    clicked_and_not_answered,
)
