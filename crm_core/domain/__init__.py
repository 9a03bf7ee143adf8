"""Frozen facts and pure rules: no clock, socket or database."""
