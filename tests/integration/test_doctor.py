"""The doctor at a PBX: reachable, known, allowed enough, files in their place."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from channels.telephony.doctor import NEEDED, examine
from config.sections import Limits, PbxSettings
from crm_core.domain.findings import Finding
from tests.integration.ami_peer import ami_peer, refusal, success
from tests.lab.asterisk import Asterisk

LIMITS = Limits(ami_connect_s=2, ami_answer_s=2)


def pbx(port: int, **more: object) -> PbxSettings:
    values = {"name": "main", "host": "127.0.0.1", "port": port, "username": "crm", "secret": SecretStr("s3cret")}
    return PbxSettings(**{**values, **more})


def ill(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if not finding.well]


async def test_rights_that_are_missing_are_named_with_the_class_that_gives_them() -> None:
    async with ami_peer() as peer:
        allowed = {name: "does it" for name in NEEDED if name not in {"Originate", "QueuePause"}}
        peer.answers["ListCommands"] = lambda heard: success(heard, **allowed)

        (finding,) = ill(await examine(pbx(peer.port), LIMITS))

    assert finding.subject == "pbx main rights"
    assert "QueuePause, Originate" in finding.says
    assert "agent, originate" in finding.advice


async def test_all_rights_are_enough() -> None:
    async with ami_peer() as peer:
        peer.answers["ListCommands"] = lambda heard: success(heard, **dict.fromkeys(NEEDED, "does it"))

        assert ill(await examine(pbx(peer.port), LIMITS)) == []


async def test_a_wrong_secret_is_told_from_a_closed_door() -> None:
    async with ami_peer() as peer:
        peer.answers["Login"] = lambda heard: refusal(heard, "Authentication failed")
        port = peer.port

        (refused,) = ill(await examine(pbx(port), LIMITS))
    (closed,) = ill(await examine(pbx(port), LIMITS))

    assert "refuses us" in refused.says
    assert "[crm] in manager.conf" in refused.advice
    assert "cannot be reached" in closed.says


async def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    async with ami_peer() as peer:
        settings = pbx(peer.port, recordings=str(tmp_path), queue_log=tmp_path / "queue_log")

        (finding,) = ill(await examine(settings, LIMITS))

    assert finding.subject == "pbx main queue_log"


@pytest.mark.lab
async def test_a_real_asterisk_tells_what_its_user_may_do(asterisk: Asterisk) -> None:
    login = asterisk.product_login
    settings = pbx(asterisk.ami_port, host=asterisk.host, username=login.username, secret=SecretStr(login.secret))

    findings = await examine(settings, LIMITS)

    assert [(finding.subject, finding.says) for finding in findings if finding.subject.endswith("rights")] == [
        ("pbx main rights", "enough")
    ]
