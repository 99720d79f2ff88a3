"""The one directory that the simulator knows, and its applications.

All of it is derived from the simulator's own key. The applications differ in what an administrator has granted them, so
that a missing permission can be met before it is met at Microsoft.
"""

from __future__ import annotations

from portal.sandboxes.microsoft import Application, Directory

RESOURCE = "https://graph.microsoft.com"
READ_PEOPLE = "User.Read.All"
READ_GROUPS = "GroupMember.Read.All"
METHODS = "UserAuthenticationMethod.ReadWrite.All"
POLICY = "Policy.Read.All"
SESSIONS = "User.RevokeSessions.All"


DIRECTORY = Directory("graph")


def directory() -> str:
    return DIRECTORY.id


def applications() -> tuple[Application, ...]:
    return (
        DIRECTORY.application("Everything is granted", READ_PEOPLE, READ_GROUPS, METHODS, POLICY, SESSIONS),
        DIRECTORY.application("May only read people and groups", READ_PEOPLE, READ_GROUPS),
        DIRECTORY.application("May not read the policy", READ_PEOPLE, READ_GROUPS, METHODS, SESSIONS),
        DIRECTORY.application("May not end sessions", READ_PEOPLE, READ_GROUPS, METHODS, POLICY),
        DIRECTORY.application("May only read people", READ_PEOPLE),
        DIRECTORY.application("May only read groups", READ_GROUPS),
        DIRECTORY.application("Nothing is granted"),
        DIRECTORY.application("Its secret has expired", READ_PEOPLE, READ_GROUPS, has_expired_secret=True),
    )
