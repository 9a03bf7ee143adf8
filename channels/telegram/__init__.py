"""Telegram: hearing what is written to our bots, and answering."""
