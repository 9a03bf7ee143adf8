"""The doctor's words in English: code → what was seen and is right, and what to do (None: nothing)."""

from __future__ import annotations

from typing import Final

PHRASES: Final[dict[str, tuple[str, str | None]]] = {
    # Connecting and logging in
    "logged_in": ("{address} knows our user {user}", None),
    "door_closed": (
        "{address} cannot be reached: nothing listens there",
        "Is Asterisk running, is its manager switched on, and is this the port of manager.conf?",
    ),
    "door_silent": (
        "{address} cannot be reached: no answer within {seconds} s",
        "A firewall between us drops the connection, or the address is wrong. Open the port for this machine.",
    ),
    "door_unreachable": ("{address} cannot be reached: {reason}", "Look at `host` and `port` of this PBX."),
    "tls_failed": (
        "{address} does not speak TLS as we do: {reason}",
        "Take `tls = true` away, or give the port of `tlsbindaddr` in manager.conf.",
    ),
    "tls_certificate": (
        "the certificate of {address} is not trusted: {reason}",
        "Give Asterisk a certificate for this host name from an authority this machine trusts.",
    ),
    "says_nothing": (
        "{address} accepts the connection and says nothing",
        "An AMI greets first. If this is its TLS port, set `tls = {tls}`; else look for the port in manager.conf.",
    ),
    "no_manager": (
        "{address} is no Asterisk manager: it says {said}",
        "Another program listens there. The manager's port is `port` in manager.conf, usually 5038.",
    ),
    "login_refused": (
        "{address} refuses our user {user}: {said}",
        "Asterisk gives one answer to a wrong name, a wrong secret and an address that is not permitted. "
        "Its own log tells them apart: “failed to pass IP ACL” means that our address {ours} is not permitted, "
        "“failed to authenticate” that name or secret differ. Then `manager reload`.",
    ),
    "login_in_use": (
        "{user} may be logged in only once, and is",
        "The doctor needs a second connection beside the one that works. Then `manager reload`.",
    ),
    "no_answer": ("no answer to {question}: {reason}", "Try again; if it stays so, look at Asterisk's own log."),
    # Rights
    "rights_enough": ("enough, and not too many", None),
    "rights_untold": ("this PBX does not tell what we may do", None),
    "rights_missing": (
        "we may not say {actions}",
        "Without Originate no click-to-call, without QueuePause no pauses, without Hangup no declining, without the "
        "rest calls are lost when the link was. Add to `write =` of {section}: {classes}; then `manager reload`.",
    ),
    "rights_dangerous": (
        "our user may write {classes}: whoever learns its secret owns the PBX",
        "Perezvon never needs these. Leave only what stands here in {section}, then `manager reload`.",
    ),
    # Version, clock, events
    "version": ("Asterisk {version}; it can filter events by their headers", None),
    "version_filters_old": (
        "Asterisk {version} cannot filter events by their headers (18.26, 20.11, 21.6, 22.1 and newer can)",
        "Do not read `dialplan`; let the dialplan write the recording's name into CDR(userfield).",
    ),
    "version_unknown": ("this PBX does not tell its version", None),
    "clock_agrees": ("agrees with ours", None),
    "clock_apart": (
        "the PBX's clock is {seconds} s from ours: it says {theirs}",
        "Run NTP (chrony) on both machines; else calls are timed wrongly and a gap is mended at the wrong place.",
    ),
    "clock_untold": ("this PBX does not tell its time", None),
    "events_heard": ("{now} while we listened, {lately} of the last calls", None),
    "events_quiet": (
        "nothing was said within {seconds} s, and the log has heard no call yet",
        "A quiet PBX, or filters that let nothing through: a test call tells.",
    ),
    "events_missing": (
        "the last calls came without {names}",
        "An eventfilter swallows them, or their class is not in `read`. Add these lines (or, on an Asterisk "
        "that cannot filter by headers, take the filters away), then `manager reload`.",
    ),
    "no_system_events": (
        "the class `system` is not read: restarts of Asterisk go unnoticed while the link lives",
        "Give the user these classes, then `manager reload`.",
    ),
    "timestamps_on": ("on: calls are timed by the PBX's own clock", None),
    "timestamps_off": (
        "off: events bear no time, so a late event is a late call",
        "Switch it on, then `manager reload`.",
    ),
    # People, phones, queues
    "members_known": ("all {count} belong to people", None),
    "members_unknown": (
        "{members} belong to nobody: their calls are nobody's",
        "Give the extension to a person in Settings → People, or take the member out of the queue.",
    ),
    "members_none": ("no queue has a member now", "Managers who log in to queues must have done so to be rung."),
    "people_without_phone": (
        "no extension: {people}",
        "They see no calls. Give them one in Settings → People, if they should.",
    ),
    "phones_known": ("{count}, each known to the PBX", None),
    "phones_untold": ("this user may not ask which phones there are", "Add `reporting` to `write =`."),
    "phones_unknown": (
        "the PBX has no phone for {extensions}",
        "Mend the extension in Settings → People, or `extension_channel` in perezvon.toml: now it is {template}.",
    ),
    "phones_unreachable": ("not registered now: {extensions}", "Is the phone switched on and logged in?"),
    "extensions_unmapped": (
        "nobody here has {extensions}",
        "Calls at these phones are nobody's. Fine for a fax or a meeting room.",
    ),
    "queues_agree": ("{count}, the same here and there", None),
    "queues_unknown": ("not in our list yet: {queues}", "They come by themselves at the next login to the PBX."),
    "queues_gone": (
        "the PBX has no queue {queues}",
        "Renamed or removed in queues.conf? Queues of mail and chats may stay.",
    ),
    # Lines
    "trunks_seen": ("seen lately: {devices}", None),
    "trunks_unseen": ("no call was seen yet", "After a few calls this tells which channels lead outside."),
    "trunks_silent": (
        "the last calls used none of {prefixes}",
        "Are the beginnings of the names right? `core show channels` shows them during a call with a client.",
    ),
    "trunks_strange": (
        "{devices} looks neither like a phone ({template}) nor like a trunk of the settings",
        "Is it a line to the outside? Then a client on it is taken for a colleague. Name it in the settings.",
    ),
    "outbound_exists": ("the context {context} exists", None),
    "outbound_missing": ("there is no context {context} in the dialplan", "Make it, then `dialplan reload`."),
    "outbound_unset": ("off: no context is named in which clients are dialled", "Name one, to call with a click."),
    "outbound_untold": ("this user may not ask whether the context {context} exists", "A test call tells."),
    # Places
    "recordings_unset": ("no place is named, so nothing can be heard again", "Name the directory or the address."),
    "recordings_server": ("{url} answers", None),
    "recordings_no_server": ("{url} cannot be reached: {reason}", "Does its web server run, and is the address right?"),
    "recordings_server_refuses": ("{url} answers {status}", "Let this machine read it without a password."),
    "recordings_found": ("all of the last {answered} answered calls have their sound", None),
    "recordings_missing": (
        "of the last {answered} answered calls {named} name a recording, {found} can be heard",
        "Is the path in the dialplan the one of the settings, and may the user that runs Perezvon read the files?",
    ),
    "recordings_unnamed": (
        "none of the last {answered} answered calls names a recording",
        "Does the dialplan call MixMonitor, and does the eventfilter let VarSet of MIXMONITOR_FILENAME through? "
        "On an older Asterisk: Set(CDR(userfield)=…) with the file's name.",
    ),
    "path_readable": ("{path}", None),
    "path_unreadable": (
        "{path} cannot be read: {reason}",
        "Mount it here, or let the user that runs Perezvon read it, or take the setting away.",
    ),
    "records_fresh": ("{path}, written at {written}", None),
    "records_stale": (
        "{path} was last written at {written}, before the last call ended",
        "Asterisk writes elsewhere now: look at its module for these records, and at the mount.",
    ),
    "records_read": ("gaps can be mended from {sources}", None),
    "records_unreadable": (
        "they cannot be read for mending: {reason}",
        "Look at the address, the user's right to read the table, and the columns (`?columns=` names them).",
    ),
    "records_unset": (
        "no CDR, CEL or queue_log: calls that nobody heard cannot be told afterwards",
        "Name at least `cdr_url` and `queue_log`; the page “Connect a PBX” writes the lines for Asterisk.",
    ),
    "spool_empty": ("empty", None),
    "spool_low": ("{megabytes} MB wait for the database, {percent} of the limit", None),
    "spool_high": ("{megabytes} MB wait for the database, {percent} of the limit", "Is the database slow or away?"),
    "spool_full": (
        "{megabytes} MB wait for the database, {percent} of the limit: soon events are lost",
        "Bring the database back, or raise `limits.ami_spool_bytes` if the disk has room.",
    ),
    "listened_to": ("a process of ours at {where} hears it since {since}", None),
    "listener_deaf": ("a process of ours at {where} has it, but does not hear it: {reason}", "See the findings above."),
    "nobody_listens": (
        "no process of ours hears it now",
        "Start `perezvon serve` with the role telephony.",
    ),
    # A test call, step by step
    "call_busy": ("another test call is under way", "Wait for its end."),
    "call_asked": ("we ask the PBX to ring {interface}", None),
    "call_accepted": ("the PBX took the order after {seconds} s", None),
    "call_not_dialled": (
        "this cannot be dialled",
        "An extension: Latin letters and digits, 40 at most; a client's number: as it is dialled, or with a plus.",
    ),
    "call_refused": (
        "the PBX refuses: {said}",
        "“Permission denied” is a missing `originate` in `write =`; “Extension does not exist” is a wrong "
        "`outbound_context`, or a number its patterns do not take.",
    ),
    "call_rings": ("the phone rings after {seconds} s", None),
    "call_rings_unheard": (
        "the phone rings, but we heard no Newstate: an eventfilter swallows it",
        "Let it through, then `manager reload`.",
    ),
    "call_never_rang": (
        "the phone did not ring",
        "Is it registered (`pjsip show endpoint`), and is `extension_channel` right for this PBX?",
    ),
    "call_answered": ("it was answered after {seconds} s; now it hears itself", None),
    "call_answered_number": ("it was answered after {seconds} s; now the number is dialled", None),
    "call_unanswered": ("nobody answered within {seconds} s", "Try again and take the call."),
    "call_ended": ("the call is over after {seconds} s", None),
    "call_events": ("heard of it: {names}", None),
    "call_events_missing": (
        "not heard, although it happened: {names}",
        "An eventfilter swallows it, or its class is not in `read`.",
    ),
    "call_clock": ("the PBX's times and ours differ by {seconds} s", None),
    "call_clock_apart": ("the PBX's times and ours differ by {seconds} s", "Run NTP (chrony) on both machines."),
    "call_untimed": ("its events bear no time", "Switch `timestampevents` on, then `manager reload`."),
    "call_logged": ("it stands in the log", None),
    "call_not_logged": (
        "it does not stand in the log after {seconds} s",
        "Does a `perezvon serve` with the role telephony run and hear this PBX? Its own filters and log tell.",
    ),
    "call_recorded": ("its recording is found", None),
    "call_not_recorded": ("no recording of it is found", "Does the dialplan of the outbound context call MixMonitor?"),
    "call_echo_unrecorded": ("an echo is not recorded; give a number to test that too", None),
}
