"""Every way Perezvon says no, in one tree.

    CrmError                      a stable code, typed fields, one sentence; no HTTP inside
    ├─ DecisionRefused            a person asked and the answer is no
    │   ├─ Forbidden              … because of who they are
    │   └─ NotFound               … because there is no such thing, or none they may see
    ├─ InputRejected              the outside sent nonsense
    ├─ PeerUnavailable            Asterisk, database, mail server …: try again later
    └─ PeerRefused                wrong password, missing right: a person must act

Facts raise none of these: what was heard is recorded, or counted and kept whole.
The edges translate them in one table each; the ``code`` never changes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar


class CrmError(Exception):
    """The root: ``code`` is for programs, ``fields`` are facts about this case, ``str()`` is for people."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str | None = None, **fields: object) -> None:
        super().__init__(message or (self.__doc__ or self.code).strip().splitlines()[0])
        self.fields = fields


class DecisionRefused(CrmError):
    """This cannot be done now."""

    code = "refused"


class Forbidden(DecisionRefused):
    """Your role does not allow this."""

    code = "forbidden"


class NotFound(DecisionRefused):
    """There is no such thing."""

    code = "not_found"


class InputRejected(CrmError):
    """This input cannot be used."""

    code = "invalid_input"


class PeerUnavailable(CrmError):
    """The other side does not answer now."""

    code = "peer_unavailable"

    def __init__(self, message: str | None = None, *, retry_after: timedelta | None = None, **fields: object) -> None:
        super().__init__(message, **fields)
        self.retry_after = retry_after


class PeerRefused(CrmError):
    """The other side refused; a person must act."""

    code = "peer_refused"


class VersionConflict(DecisionRefused):
    """Somebody else changed this in the meantime."""

    code = "version_conflict"


class CallbackAlreadyClaimed(DecisionRefused):
    """Somebody is already calling this client."""

    code = "callback_already_claimed"


class CallbackClosed(DecisionRefused):
    """This promise is already closed."""

    code = "callback_closed"


class TakeOverTooEarly(DecisionRefused):
    """This promise is not late enough to be taken over."""

    code = "take_over_too_early"


class CallbackMoved(DecisionRefused):
    """This promise is somebody else's by now, or they are calling this client; call anyway only on purpose."""

    code = "callback_moved"


class ClientBlocked(DecisionRefused):
    """This client is blocked: nobody promises them anything or calls them."""

    code = "client_blocked"


class DispositionRequiresCallback(DecisionRefused):
    """This outcome needs the time of the next contact."""

    code = "disposition_requires_callback"


class DispositionUnknown(InputRejected):
    """There is no such outcome in the list."""

    code = "disposition_unknown"


class NotYourInteraction(DecisionRefused):
    """Only the person who had the client may close this contact."""

    code = "not_your_interaction"


class NoExtension(DecisionRefused):
    """You have no telephone extension, so the system cannot ring you first."""

    code = "no_extension"


class NoOutboundContext(DecisionRefused):
    """No telephone system of the settings names an outbound_context, so no number can be dialled."""

    code = "no_outbound_context"


class NumberNotDiallable(InputRejected):
    """This is not a telephone number that can be called."""

    code = "number_not_diallable"


class CallNotRinging(DecisionRefused):
    """The call no longer rings at your phone."""

    code = "call_not_ringing"


class CallNotLive(DecisionRefused):
    """The call is already over."""

    code = "call_not_live"


class PbxUnavailable(PeerUnavailable):
    """The telephone system cannot be reached now."""

    code = "pbx_unavailable"


class BadCredentials(DecisionRefused):
    """The login or the password is wrong."""

    code = "bad_credentials"


class TooManyAttempts(DecisionRefused):
    """Too many attempts; wait a little."""

    code = "too_many_attempts"

    def __init__(self, message: str | None = None, *, retry_after: timedelta, **fields: object) -> None:
        super().__init__(message, **fields)
        self.retry_after = retry_after


class LoginTaken(DecisionRefused):
    """Somebody already has this login."""

    code = "login_taken"


class ExtensionTaken(DecisionRefused):
    """Another person already has this extension."""

    code = "extension_taken"


class PauseReasonRequired(InputRejected):
    """A pause needs one of the reasons from the list."""

    code = "pause_reason_required"
