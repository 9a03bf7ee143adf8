"""Calls of a real Asterisk, told again from their recordings."""
