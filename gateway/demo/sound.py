"""Something to hear in the demo's player: two voices that hum by turns, made here, nobody's words."""

from __future__ import annotations

import math
import wave
from functools import cache
from pathlib import Path

RATE = 8000
_TURN_S = 3.2
_VOICES_HZ = (118.0, 203.0)


def write_talk(path: Path, seconds: float) -> None:
    """A WAV file of that length; overwrites."""
    pattern = _two_turns()
    wanted = int(seconds * RATE)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(RATE)
        sound.writeframes((pattern * (wanted // len(pattern) + 1))[:wanted])


@cache
def _two_turns() -> bytes:
    """One turn of each voice, as unsigned 8-bit samples."""
    return b"".join(_turn(pitch, salt) for salt, pitch in enumerate(_VOICES_HZ))


def _turn(pitch: float, salt: int) -> bytes:
    samples = bytearray()
    for number in range(int(_TURN_S * RATE)):
        at = number / RATE
        # Syllables swell and fade about four times a second; a breath before the other voice answers.
        syllable = max(0.0, math.sin(math.pi * (3.7 + 0.6 * salt) * at + salt)) ** 2
        breath = 1.0 if at < _TURN_S - 0.5 else 0.0
        glide = pitch * (1 + 0.08 * math.sin(2.1 * at + salt))
        tone = sum(math.sin(2 * math.pi * glide * overtone * at) / overtone for overtone in (1, 2, 3, 5))
        samples.append(int(128 + 42 * tone * syllable * breath) & 0xFF)
    return bytes(samples)
