"""Typed readers of the environment. A value that is missing or unusable names itself."""

from __future__ import annotations

import base64
import os
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name}; `manage.py up` does it for a local start.")
    return value


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """One of `allowed`, the first when nothing is said. A word that is none of them never means the weaker one."""
    value = os.environ.get(name, allowed[0])
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of: {', '.join(allowed)}.")
    return value


def flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0") in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    try:
        return int(os.environ.get(name, str(default)))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from error


def addresses(name: str) -> frozenset[str]:
    """Mail addresses with commas between them, in small letters. A word that is none of them never means nobody."""
    found = [each.strip().casefold() for each in os.environ.get(name, "").split(",") if each.strip()]
    if not all(
        each.count("@") == 1 and not each.startswith("@") and not each.endswith("@") for each in found
    ):
        raise ImproperlyConfigured(f"{name} must be mail addresses with commas between them.")
    return frozenset(found)


def key(name: str, default: str | None = None) -> bytes:
    """32 bytes in base64."""
    try:
        value = base64.b64decode(text(name, default), validate=True)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be base64.") from error
    if len(value) != 32:
        raise ImproperlyConfigured(f"{name} must hold 32 bytes.")
    return value


def database(name: str, **options: Any) -> dict[str, Any]:
    """A PostgreSQL address (postgresql://…) as Django's settings."""
    parts = conninfo_to_dict(text(name))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", ""),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": f"readmit-{os.environ.get('READMIT_PROCESS', 'command')}"},
        **options,
    }
