"""Passwords are kept as Argon2id, computed where nobody waits for it but the person who signs in.

A hash takes tens of milliseconds and tens of megabytes on purpose. It runs in
two threads of its own, so that a flood of sign-ins slows sign-ins and nothing
else. An unknown login costs the same hash as a known one: the time of an
answer tells nobody who works here.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crm_core.domain.errors import InputRejected

MIN_LENGTH = 8
MAX_LENGTH = 256

#: OWASP's first recommendation: 46 MiB, one pass, one lane.
_HASHER = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")


class PasswordTooWeak(InputRejected):
    """A password has at least 8 and at most 256 characters."""

    code = "password_too_weak"


async def hash_password(password: str) -> str:
    """What may be stored of it.

    Raises:
        PasswordTooWeak: too short to protect anything, or too long to be typed.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordTooWeak(min_length=MIN_LENGTH, max_length=MAX_LENGTH)
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHER.hash, password)


async def is_password(password: str, stored: str | None) -> bool:
    """Whether ``password`` is the one behind ``stored``; for None (no such person) it takes as long to say no."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _verify, password, stored)


def _verify(password: str, stored: str | None) -> bool:
    try:
        _HASHER.verify(stored or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody has this password")
