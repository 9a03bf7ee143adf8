"""Who may use a route at all; what they then see of it is the core's business."""

from __future__ import annotations

from enum import IntEnum

from crm_core.domain.people import Role


class Permission(IntEnum):
    """From the widest to the narrowest; each includes those below it."""

    PUBLIC = 0
    SIGNED_IN = 1
    SUPERVISOR = 2
    ADMIN = 3

    def allows(self, role: Role) -> bool:
        """Whether a signed-in person of this role may."""
        return _RANK[role] >= self


_RANK = {
    Role.AGENT: Permission.SIGNED_IN,
    Role.SUPERVISOR: Permission.SUPERVISOR,
    Role.ADMIN: Permission.ADMIN,
    Role.OWNER: Permission.ADMIN,
}
