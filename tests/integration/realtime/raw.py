"""A client that speaks the protocol by hand, and need not behave."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSMsgType

from tests.integration.realtime.nodes import Node
from tests.waiting import PATIENCE_S


class RawClient:
    """One websocket, frame by frame."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.pings = 0  # none of them is answered

    async def enter(self, token: str) -> None:
        """Shake hands and sign in."""
        await self.until("0{")
        await self.say("40/desk," + json.dumps({"token": token}))
        await self.until("40/desk,")
        await self.until('42/desk,["hello"')

    async def say(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            await self.socket.send_bytes(frame)
        else:
            await self.socket.send_str(frame)

    async def until(self, beginning: str) -> str:
        """Read on until a frame begins like this."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = await self.socket.receive_str()
                self.pings += frame == "2"
                if frame.startswith(beginning):
                    return frame

    async def until_closed(self) -> int | None:
        """Read on until the server hangs up; the code it closed with."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.socket.receive()).type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                pass
        return self.socket.close_code

    def stop_reading(self) -> None:
        """From now on the bytes pile up on the way to us."""
        response = self.socket._response
        assert response.connection is not None
        assert response.connection.transport is not None
        response.connection.transport.pause_reading()  # type: ignore[attr-defined]


@asynccontextmanager
async def raw_client(node: Node) -> AsyncIterator[RawClient]:
    """Connected, and not yet signed in."""
    async with ClientSession() as http:
        url = f"{node.url}/socket.io/?EIO=4&transport=websocket"
        patience = ClientWSTimeout(ws_close=0.2)
        async with http.ws_connect(url, max_msg_size=0, timeout=patience) as socket:
            yield RawClient(socket)
