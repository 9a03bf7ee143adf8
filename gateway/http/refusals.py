"""What can be wrong with a request before anybody's decision is asked for.

They belong to the one tree of errors, so that a client reads every "no" alike.
"""

from __future__ import annotations

from crm_core.domain.errors import DecisionRefused, Forbidden, InputRejected, PeerUnavailable


class MalformedJson(InputRejected):
    """The body is not JSON."""

    code = "malformed_json"


class UnsupportedContent(InputRejected):
    """The body must be application/json, not compressed."""

    code = "unsupported_media_type"


class BodyTooLarge(InputRejected):
    """The body is larger than anything this server accepts."""

    code = "body_too_large"


class BodyTooSlow(InputRejected):
    """The body did not arrive in time."""

    code = "request_timeout"


class SecretWrong(Forbidden):
    """Whoever knocks here must say the secret that was agreed on."""

    code = "secret_wrong"


class MethodNotAllowed(DecisionRefused):
    """This address does not know this method."""

    code = "method_not_allowed"


class ForeignOrigin(Forbidden):
    """Pages of other sites may not use this server."""

    code = "foreign_origin"


class CsrfTokenWrong(Forbidden):
    """A signed-in browser must send its X-CSRF-Token with this method."""

    code = "csrf_token_wrong"


class DatabaseUnavailable(PeerUnavailable):
    """The database does not answer now; nothing is lost, try again in a moment."""

    code = "database_unavailable"


class NotListening(PeerUnavailable):
    """This process does not know yet who it is at Telegram, or cannot store anything now; knock again."""

    code = "not_listening"


class TookTooLong(PeerUnavailable):
    """The server could not finish this in time; try again in a moment."""

    code = "took_too_long"
