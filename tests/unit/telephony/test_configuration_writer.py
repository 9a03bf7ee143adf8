"""The files that connect a PBX: word for word as they were agreed, and never a word that could be more than a word."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from channels.telephony.checkup.rights import judge
from channels.telephony.configuration.case import Case, CaseRejected, QueueCase
from channels.telephony.configuration.writer import write
from channels.telephony.frames import WANTED_EVENTS
from channels.telephony.versions import AsteriskVersion, read_version, version_of_banner
from config.sections import PbxSettings
from crm_core.domain.findings import Severity

AGREED = Path(__file__).parents[2] / "fixtures" / "configuration"

SALES = QueueCase(name="sales", number="77272000001", members=("1001", "1002"))
CASES = {
    "plain": {"queues": (SALES,), "trunks": ("megafon", "reserve"), "cel": "csv", "locale": "en"},
    "old": {"version": AsteriskVersion(18, 24), "queues": (SALES,), "trunks": ("megafon",), "cdr": "database"},
    "freepbx": {"flavour": "freepbx", "trunks": ("megafon",), "cdr": "database", "cel": "database"},
}


def case(**given: Any) -> Case:
    usual = {"secret": "a-long-enough-secret", "our_address": "10.0.0.5", "version": AsteriskVersion(22, 10)}
    return Case(**{**usual, **given})


def texts(one: Case) -> dict[str, str]:
    return {file.name: file.text for file in write(one)}


@pytest.mark.parametrize("name", CASES)
def test_the_files_are_word_for_word_what_was_agreed(name: str) -> None:
    written = "\n".join(f"##### {file.place}\n{file.text}" for file in write(case(**CASES[name])))

    assert written == (AGREED / f"{name}.txt").read_text()


@pytest.mark.parametrize("name", CASES)
def test_no_case_ever_gives_a_right_that_hands_over_the_pbx(name: str) -> None:
    files = texts(case(**CASES[name]))
    manager = files.get("manager.conf") or files["manager_custom.conf"]

    (rights,) = re.findall(r"^write = (.*)$", manager, re.MULTILINE)

    assert set(rights.split(",")) == {"call", "agent", "originate", "reporting"}
    assert "timestampevents = yes" in manager


def test_the_filters_let_through_what_the_link_wants_and_nothing_else() -> None:
    manager = texts(case())["manager.conf"]

    assert set(re.findall(r"name\((\w+)\)", manager)) == WANTED_EVENTS
    floods = [line for line in manager.splitlines() if re.search("VarSet|Newexten|UserEvent", line)]
    assert all("header(" in line and "method(exact)" in line for line in floods)
    assert {"MIXMONITOR_FILENAME", "PerezvonCallback"} <= {line.split(" = ")[1] for line in floods}


def test_an_asterisk_without_header_filters_does_not_read_the_dialplan() -> None:
    files = texts(case(version=AsteriskVersion(18, 24)))

    assert "read = system,call,agent,cdr,user\n" in files["manager.conf"]
    assert "eventfilter" not in files["manager.conf"]
    assert "Set(CDR(userfield)=${FILE})" not in files["manager.conf"]


def test_our_part_of_the_settings_is_accepted_as_it_is_written() -> None:
    for given in CASES.values():
        (table,) = tomllib.loads(texts(case(**given))["perezvon.toml"])["pbx"]

        pbx = PbxSettings.model_validate(table)

        assert pbx.trunk_prefixes[0] == "PJSIP/megafon"


def test_a_second_trunk_is_tried_when_the_first_is_out_of_order() -> None:
    dialplan = texts(case(trunks=("first", "second")))["extensions.conf"]

    assert dialplan.index("@first") < dialplan.index("CHANUNAVAIL") < dialplan.index("@second")


def test_an_address_of_either_family_is_permitted_alone() -> None:
    assert "permit = 10.0.0.5/255.255.255.255" in texts(case())["manager.conf"]
    assert "permit = fd00::5/128" in texts(case(our_address="fd00::5"))["manager.conf"]


HOSTILE = ("a\nwrite = all", "x]\n[root", "a;b", "${SHELL(id)}", "a,b", "a b", "", '"', "../x", "имя", "a" * 300, "a\\")


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("field", ["name", "host", "user", "secret", "our_address", "outbound_context"])
def test_a_word_that_could_be_more_than_a_word_is_refused(field: str, word: str) -> None:
    with pytest.raises(CaseRejected) as refused:
        case(**{field: word})

    assert refused.value.fields["field"] == field


@pytest.mark.parametrize("word", HOSTILE)
def test_names_inside_lists_are_looked_at_as_well(word: str) -> None:
    for given in (
        {"trunks": (word,)},
        {"queues": (QueueCase(name=word),)},
        {"queues": (QueueCase(name="sales", number=word),)},
        {"queues": (QueueCase(name="sales", members=(word,)),)},
    ):
        with pytest.raises(CaseRejected):
            case(**given)


def test_a_section_of_asterisks_own_is_not_a_name() -> None:
    for given in ({"user": "general"}, {"queues": (QueueCase(name="General"),)}, {"queues": (SALES, SALES)}):
        with pytest.raises(CaseRejected):
            case(**given)


@pytest.mark.parametrize(
    ("text", "version", "filters"),
    [
        ("22.10.1+dfsg+~cs6.17", AsteriskVersion(22, 10), True),
        ("Asterisk certified/22.8-cert1", AsteriskVersion(22, 8), True),
        ("22.0.0", AsteriskVersion(22, 0), False),
        ("20.11.1", AsteriskVersion(20, 11), True),
        ("20.10.0", AsteriskVersion(20, 10), False),
        ("18.26.4", AsteriskVersion(18, 26), True),
        ("18.9-cert3", AsteriskVersion(18, 9), False),
        ("16.30.0", AsteriskVersion(16, 30), False),
        ("24.0.0", AsteriskVersion(24, 0), True),
    ],
)
def test_a_version_tells_whether_events_can_be_filtered_by_header(
    text: str, version: AsteriskVersion, filters: bool
) -> None:
    assert read_version(text) == version
    assert version.filters_by_header is filters


def test_a_banner_tells_the_branch_at_least() -> None:
    assert version_of_banner("11.0.0") == AsteriskVersion(22)
    assert version_of_banner("99") is None
    assert str(AsteriskVersion(22)) == "22"


def test_too_few_and_too_many_rights_are_both_told() -> None:
    pbx = PbxSettings(name="main", host="pbx", username="crm", secret="s")

    found = judge({"command", "originate"}, pbx)

    assert {one.code for one in found} == {"rights_missing", "rights_dangerous"}
    assert {one.severity for one in found} == {Severity.FAULT}
