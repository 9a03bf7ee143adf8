"""Why the embedded PostgreSQL cannot be used; each sentence says what a person can do about it."""

from __future__ import annotations

from crm_core.domain.errors import CrmError


class EmbeddedPostgresError(CrmError):
    """The embedded PostgreSQL cannot be used."""

    code = "embedded_postgres"


class BinariesMissing(EmbeddedPostgresError):
    """The PostgreSQL binaries are not installed, or do not run on this machine."""

    code = "embedded_postgres_binaries_missing"


class DataDirectoryUnusable(EmbeddedPostgresError):
    """The data directory cannot be read, written or filled."""

    code = "embedded_postgres_data_directory"


class OtherMajorVersion(EmbeddedPostgresError):
    """The data were written by another major version of PostgreSQL."""

    code = "embedded_postgres_other_version"


class ServerDidNotStart(EmbeddedPostgresError):
    """The server was started and ended, or did not become ready in time."""

    code = "embedded_postgres_did_not_start"
