"""Sockets, the relay that feeds them, presence and the watchdog's loop."""
