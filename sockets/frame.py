"""A packet as a websocket carries it, encoded once for everybody who gets it."""

from __future__ import annotations


class Frame(bytes):
    """A whole socket.io packet; engineio's writer, which expects packets, may ask it to encode itself."""

    __slots__ = ()

    def encode(self, b64: bool = False) -> Frame:
        return self


def event_frame(namespace: str, name: str, body: str) -> Frame:
    """The event ``name`` with one argument, which is JSON already."""
    place = "" if namespace == "/" else f"{namespace},"
    return Frame(f'42{place}["{name}",{body}]'.encode())
