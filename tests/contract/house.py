"""One call centre for all strangers: the program serves, PBXs play recordings, people are hired from outside."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from tests.contract.people import Caller, Desk, Json, caller, desk
from tests.contract.program import Program, free_port, pbx, played, recordings, truth
from tests.embedded_users import any_user_may_enter
from tests.waiting import eventually

PASSWORD = "correct horse battery"
#: PBXs that come up when a story wants them: each plays what the story names.
STAGES = ("queue", "talk", "direct", "early")
#: The PBX whose calls were all over before the first story began.
ARCHIVE = "archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody hired, signed in at a browser of their own."""

    id: str
    login: str
    http: Caller


@dataclass(slots=True, kw_only=True)
class House:
    """The running program, and who uses it."""

    program: Program
    owner: Caller
    owner_token: str
    ports: dict[str, int]
    stack: AsyncExitStack
    people: dict[str, Person] = field(default_factory=dict)

    async def stranger(self) -> Caller:
        """A browser nobody has signed in with."""
        return await self.stack.enter_async_context(caller(self.program.url))

    async def browser(self, login: str) -> Caller:
        """A browser in which this person has signed in."""
        browser = await self.stranger()
        assert (await browser.sign_in(login, PASSWORD)).status == 200
        return browser

    def desk(self, person: Person) -> AbstractAsyncContextManager[Desk]:
        """Their desk, open."""
        return desk(self.program.url, person.http)

    async def hire(self, login: str, role: str = "agent", **more: object) -> str:
        """A person, added by the owner; gives their id. Without a ``password`` they use tokens only."""
        body = {"login": login, "name": login.title(), "role": role, **more}
        answer = await self.owner.post("/users", body)
        assert answer.status == 201, answer.body
        return str(answer.body["id"])

    async def person(self, login: str, role: str = "agent", **more: object) -> Person:
        """Who has this login, hired when there is nobody."""
        if login not in self.people:
            known = {agent["login"]: str(agent["id"]) for agent in await self.owner.items("/agents")}
            person_id = known.get(login) or await self.hire(login, role, **more)
            await self.owner("PATCH", f"/users/{person_id}", {"password": PASSWORD})
            self.people[login] = Person(id=person_id, login=login, http=await self.browser(login))
        return self.people[login]

    async def client(self, name: str, *phones: str, by: Caller | None = None, **more: object) -> Json:
        """Somebody to be served, written down by the owner or ``by`` another."""
        points = [{"kind": "phone", "value": phone} for phone in phones]
        answer = await (by or self.owner).post("/clients", {"name": name, "contact_points": points, **more})
        assert answer.status == 201, answer.body
        return dict(answer.body)

    async def call(self, external_id: object, pbx_name: str = ARCHIVE) -> Json:
        """The interaction of this Linkedid, found as any program finds it."""
        found = await self.owner.items("/interactions", external_id=str(external_id), pbx=pbx_name)
        assert len(found) == 1
        return found[0]

    async def recorded(self, recording: str) -> Json:
        """The interaction of a recording's only call."""
        [call] = truth(recording)
        return await self.call(call["external_id"])

    @asynccontextmanager
    async def playing(self, pbx_name: str, *names: str) -> AsyncIterator[None]:
        """The PBX comes up and plays, once."""
        async with played(*names, port=self.ports[pbx_name]):
            yield


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    """Hired before and while it serves; everything the recordings tell is in the log."""
    async with AsyncExitStack() as stack:
        place = stack.enter_context(any_user_may_enter())
        ports = {name: free_port() for name in (*STAGES, ARCHIVE)}
        main = await stack.enter_async_context(played("click_to_call_answered"))
        program = Program(data_dir=place.data_dir, port=free_port())
        switchboards = [pbx("main", main, outbound_context="from-crm")]
        switchboards += [pbx(name, port) for name, port in ports.items()]
        program.settings |= {
            "PEREZVON_PBX": json.dumps(switchboards),
            "PEREZVON_LIMITS__AMI_RECONNECT_MAX_S": "1",
            "PEREZVON_LIMITS__PRESENCE_GRACE_S": "1",
        }
        arguments = ("user", "add", "owner", "--name", "Owner", "--role", "owner", "--password-stdin")
        hired = await program.run(*arguments, typed=f"{PASSWORD}\n")
        assert hired.code == 0, hired.err
        token = await program.token("owner")
        await stack.enter_async_context(program.serving())
        owner = await stack.enter_async_context(caller(program.url, token))
        house = House(program=program, owner=owner, owner_token=token, ports=ports, stack=stack)
        await _fill_the_log(house)
        yield house


async def _fill_the_log(house: House) -> None:
    names = [name for name in recordings() if not name.startswith("click_to_call")]
    calls = [call for name in names for call in truth(name)]
    phones = {str(leg["interface"]) for call in calls for leg in call.get("legs", ())}
    for extension in sorted(phone.partition("/")[2] for phone in phones):
        await house.hire(f"agent{extension}", extension=extension, team="Sales", queues=["sales"])
    async with played(*names, port=house.ports[ARCHIVE], speed=0):

        async def heard() -> bool:
            items = await house.owner.items("/interactions", pbx=ARCHIVE, limit="200")
            return len(items) >= len(calls) and all(item["state"] == "closed" for item in items)

        await eventually(heard, patience_s=60)
