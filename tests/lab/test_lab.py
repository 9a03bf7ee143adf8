"""The laboratory tells the truth: its witnesses agree about calls whose course is known."""

from __future__ import annotations

import wave

import pytest

from channels.telephony.frames import WANTED_EVENTS
from tests.lab.ami import ActionRefused, AmiClient
from tests.lab.asterisk import Asterisk
from tests.lab.laboratory import Lab
from tests.lab.plugin import require_lab
from tests.lab.sipp_scenarios import Answers, Refuses
from tests.lab.truth import EndedBy

pytestmark = pytest.mark.lab


async def test_a_queue_call_is_the_same_call_for_sipp_the_phone_queue_log_and_cdr(lab: Lab) -> None:
    queue = lab.office.queue("q01")
    first = queue.members[0]

    async with lab.soft_phone(first.extension) as phone:
        call = await lab.call(queue.did, caller="+77010000101")
        ringing = await phone.ringing()
        await ringing.answer()
        await ringing.hold()
        await ringing.unhold()
        await ringing.hang_up()
        client = await call.ended()
    await lab.everything_is_over()

    agent = ringing.side
    assert (agent.number, agent.ended_by) == ("+77010000101", EndedBy.PHONE)
    assert client.ended_by is EndedBy.PBX
    [record] = lab.cdr(number="+77010000101")
    assert (record["disposition"], record["destination_channel"][:10]) == ("ANSWERED", first.interface)
    log = lab.queue_log(record["uniqueid"])
    assert [line.event for line in log] == ["ENTERQUEUE", "CONNECT", "COMPLETEAGENT"]
    assert {line.agent for line in log[1:]} == {first.name}
    assert call.sipp.exit_code == 0
    assert call.sipp.statistics()["SuccessfulCall(C)"] == "1"


async def test_a_talk_is_recorded_and_both_voices_are_heard(lab: Lab) -> None:
    async with lab.soft_phone("1008") as phone:
        call = await lab.call(lab.office.direct_did("1008"), caller="+77010000105")
        ringing = await phone.ringing()
        await ringing.answer()
        await ringing.packets(50)
        await call.hang_up()
        await ringing.ended()
    await lab.everything_is_over()

    [file] = {row["file"] for row in lab.cdr(number="+77010000105")}
    with wave.open(str(lab.asterisk.recordings / file)) as recording:
        assert 0.9 <= recording.getnframes() / recording.getframerate() < 3.0


async def test_sipp_phones_and_the_trunk_do_as_they_are_told(lab: Lab) -> None:
    queue = lab.office.queue("q02")
    busy, answering = queue.members[0].extension, queue.members[1].extension

    async with (
        lab.phone(busy, Refuses(status=486)) as busy_phone,
        lab.phone(answering, Answers(after_s=0.3, talk_s=0.5)) as answering_phone,
    ):
        client = await (await lab.call(queue.did, caller="+77010000102")).ended()
    await lab.everything_is_over()

    assert [side.refused_with for side in busy_phone.sides] == [486]
    [talk] = answering_phone.sides
    assert talk.ended_by is EndedBy.PHONE
    assert client.ended_by is EndedBy.PBX
    assert talk.answered_at is not None
    assert talk.ended_at is not None
    assert 0.5 <= (talk.ended_at - talk.answered_at).total_seconds() < 1.0


async def test_the_trunk_answers_an_outbound_call_by_the_number_dialled(lab: Lab) -> None:
    async with lab.soft_phone("1007") as phone:
        busy = await phone.dial("+77010000486")
        await busy.ended()
        answered = await phone.dial("+77010000702")
        await answered.answered()
        await answered.ended()
    await lab.everything_is_over()

    assert busy.refused_with == 486
    assert answered.side.ended_by is EndedBy.PBX
    assert {row["disposition"] for row in lab.cdr(number="+77010000486")} == {"BUSY"}
    assert {row["disposition"] for row in lab.cdr(number="+77010000702")} == {"ANSWERED"}


async def test_a_client_gives_up_while_the_phone_rings(lab: Lab) -> None:
    queue = lab.office.queue("q03")

    async with lab.soft_phone(queue.members[0].extension) as phone:
        call = await lab.call(queue.did, caller="+77010000103")
        ringing = await phone.ringing()
        client = await call.hang_up()
        await ringing.ended()
    await lab.everything_is_over()

    assert client.ended_by is EndedBy.PHONE
    assert ringing.side.answered_at is None
    assert [line.event for line in lab.queue_log()][-1] == "ABANDON"
    assert [row["disposition"] for row in lab.cdr(number="+77010000103")] == ["NO ANSWER"]


async def test_perezvon_hears_only_what_it_asked_for_and_may_not_touch_the_system(lab: Lab) -> None:
    asterisk = lab.asterisk
    async with AmiClient(asterisk.host, asterisk.ami_port, asterisk.product_login) as perezvon:
        with pytest.raises(ActionRefused):
            await perezvon.action("Command", Command="core show channels")
        async with lab.phone("1009", Answers(after_s=0.2)):
            await (await lab.call(lab.office.direct_did("1009"), caller="+77010000104", talk_s=0.5)).ended()
        await perezvon.wait_for(lambda frame: frame.event == "Cdr")
        heard = {frame.event for frame in perezvon.frames}
        variables = {frame["Variable"] for frame in perezvon.frames if frame.event == "VarSet"}
        applications = {frame["Application"] for frame in perezvon.frames if frame.event == "Newexten"}

    assert heard <= {*WANTED_EVENTS, "VarSet", "Newexten"}
    assert variables == {"MIXMONITOR_FILENAME"}
    assert applications == set()  # of the dialplan only a voicemail would be told


def test_a_missing_lab_skips_and_where_labs_are_required_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PEREZVON_REQUIRE_LABS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no mirror"):
        require_lab("no mirror")

    monkeypatch.setenv("PEREZVON_REQUIRE_LABS", "1")
    with pytest.raises(pytest.fail.Exception, match="no mirror"):
        require_lab("no mirror")


async def test_asterisk_killed_and_started_again_answers_calls(lab: Lab) -> None:
    own = Asterisk(lab.asterisk.toolbox)
    try:
        own.start()
        own.kill()
        own.start()
        async with Lab(own) as bench, bench.phone("1007", Answers(after_s=0.1, talk_s=0.2)):
            client = await (await bench.call(bench.office.direct_did("1007"), caller="+77010000106")).ended()
    finally:
        own.close()

    assert client.answered_at is not None
