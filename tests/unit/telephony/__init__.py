"""Tests: telephony."""
