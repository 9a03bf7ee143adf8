"""A strict stand-in for Telegram's Bot API on loopback: it refuses what Telegram refuses.

No emulator of others serves: the only one that runs offline knows neither files,
buttons, errors nor long polling. Rules and words of refusals are those of the Bot
API's documentation and of its server's published source. Here people write, press and
block by calls of a test; what is told to whom, and what is refused, is Telegram's part.
"""
