"""The Telegram room against the stand-in of the Bot API."""
