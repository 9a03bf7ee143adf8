"""Strangers at the door: the installed program, its commands, its HTTP and its sockets, and nothing from inside."""
