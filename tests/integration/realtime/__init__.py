"""Sockets against a real database, a real server and real clients."""
