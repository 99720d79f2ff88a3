"""What a process that a test starts keeps of this one's environment: as on a fresh machine, nothing of ours."""

from __future__ import annotations

import os

# The last: where Python keeps what it compiled (portal.embedded.bytecode).
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPYCACHEPREFIX")


def kept_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ}
