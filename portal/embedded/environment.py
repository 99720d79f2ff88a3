"""The environment variables every process is handed: the contract with the settings of the product, of the house
partner and of the sandboxes.

Each process receives what it needs: the web process never sees the migrator's or the operators' password, the
house partner sees only its own.
"""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path

from portal.embedded.broker import FILES_URL
from portal.embedded.data import REPOSITORY, DataFolder, Secrets, State
from portal.embedded.databases import HOUSE_DATABASE, PRODUCT_DATABASE, roles, url
from portal.embedded.postgres import PORT

# From the person's own environment: paths, languages, proxies and certificates; and where compiled files lie.
PASSED_ON = (
    *(
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LC_ALL",
        "TERM",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "COLUMNS",
        "NO_COLOR",
    ),
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "all_proxy",
    ),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    "PYTHONPYCACHEPREFIX",
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("READMIT_LOG_LEVEL", "READMIT_OUTBOUND_CA_FILE"),
    *("READMIT_HOUSE_NAME", "READMIT_TRUSTED_PROXIES"),
)
# The product's own way to money and to mail, and who runs it: neither the house partner nor vision nor a sandbox learns it.
PASSED_ON_TO_THE_PRODUCT = (
    *("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET"),
    "READMIT_STRIPE_AUTOMATIC_TAX",
    "READMIT_OPERATORS",
    *("READMIT_EMAIL_BACKEND", "READMIT_FROM_EMAIL"),
    *("READMIT_EMAIL_HOST", "READMIT_EMAIL_PORT", "READMIT_EMAIL_USER", "READMIT_EMAIL_PASSWORD"),
    *("READMIT_EMAIL_STARTTLS", "READMIT_EMAIL_TLS"),
    *("READMIT_KEY_SERVICE", "READMIT_TRANSIT_URL", "READMIT_TRANSIT_TOKEN", "READMIT_TRANSIT_MOUNT"),
)
STRONG = frozenset({"READMIT_DB_MIGRATOR_URL", "READMIT_DB_OPS_URL"})
OF_HOUSE = frozenset(
    {
        *(
            "READMIT_MODE",
            "READMIT_MODELS",
            "READMIT_SITE_ORIGIN",
            "READMIT_TENANT_BASE",
            "READMIT_HOUSE_ORIGIN",
        ),
        *("READMIT_HOUSE_DB_URL", "READMIT_HOUSE_REGISTRATION_TOKEN", "READMIT_HOUSE_SECRET_KEY"),
        *("READMIT_HOUSE_ROOT_KEY", "READMIT_VISION_URL", "READMIT_VISION_TOKEN", "READMIT_STATIC_ROOT"),
    }
)
OF_STRIPE_SANDBOX = frozenset(
    {
        *("READMIT_MODE", "READMIT_STRIPE_SANDBOX_ORIGIN", "READMIT_STRIPE_SANDBOX_DATABASE"),
        *("READMIT_STRIPE_SANDBOX_KEY", "READMIT_STRIPE_SANDBOX_WEBHOOK_SECRET"),
        "READMIT_STRIPE_SANDBOX_WEBHOOK_URL",
    }
)
OF_ENTRA_SIMULATOR = frozenset(
    {
        *("READMIT_MODE", "READMIT_ENTRA_SIMULATOR_ORIGIN", "READMIT_ENTRA_SIMULATOR_DATABASE"),
        "READMIT_ENTRA_SIMULATOR_SECRET_KEY",
    }
)
OF_GRAPH_SIMULATOR = frozenset(
    {"READMIT_MODE", "READMIT_GRAPH_SIMULATOR_ORIGIN", "READMIT_GRAPH_SIMULATOR_SECRET_KEY"}
)
OF_OKTA_SIMULATOR = frozenset(
    {"READMIT_MODE", "READMIT_OKTA_SIMULATOR_ORIGIN", "READMIT_OKTA_SIMULATOR_SECRET_KEY"}
)
OF_SIMULATORS = frozenset({"READMIT_MODE", "READMIT_SIMULATORS_TOKEN"})
OF_VISION = frozenset({"READMIT_MODE", "READMIT_MODELS", "READMIT_VISION_TOKEN", "READMIT_VISION_URL"})


def whole_environment(
    data: DataFolder, secrets: Secrets, state: State, models: Path | None
) -> dict[str, str]:
    """Every variable of ours: for commands run by hand, and the set the others are cut from."""
    site, house = state.port, state.port + 1
    made = {
        "READMIT_MODE": "development",
        "READMIT_DATA": str(data.path),
        "READMIT_SECRET_KEY": secrets.secret_key,
        "READMIT_ROOT_KEY": secrets.root_key,
        "READMIT_PASS_KEY": secrets.pass_key,
        "READMIT_DIGEST_KEY": secrets.digest_key,
        "READMIT_AUDIT_KEY": secrets.audit_key,
        "READMIT_BROKER_URL": state.broker_url,
        "READMIT_BROKER_OPTIONS": json.dumps(broker_options(data, state.broker_url)),
        "READMIT_SITE_ORIGIN": f"http://localhost:{site}",
        "READMIT_TENANT_BASE": f"localhost:{site}",
        "READMIT_WALLET_ORIGIN": f"http://wallet.localhost:{site}",
        "READMIT_HOUSE_ORIGIN": f"http://house.localhost:{house}",
        "READMIT_VISION_URL": f"http://127.0.0.1:{state.vision_port}",
        "READMIT_VISION_TOKEN": secrets.vision_token,
        "READMIT_HOUSE_REGISTRATION_TOKEN": secrets.house_registration_token,
        "READMIT_HOUSE_SECRET_KEY": secrets.house_secret_key,
        "READMIT_HOUSE_ROOT_KEY": secrets.house_root_key,
        "READMIT_STATIC_ROOT": str(data.static),
        **_database_urls(secrets, state.socket_folder),
    }
    made |= _simulators(secrets, state) | _stripe(data, secrets, state)
    return made if models is None else made | {"READMIT_MODELS": str(models)}


def _simulators(secrets: Secrets, state: State) -> dict[str, str]:
    """Whom the console asks for the simulator of a partner; nothing where nobody keeps them."""
    if not state.simulators_port:
        return {}
    word = hmac.digest(secrets.secret_key.encode(), b"partner simulators", hashlib.sha256).hex()
    return {
        "READMIT_SIMULATORS_URL": f"http://127.0.0.1:{state.simulators_port}",
        "READMIT_SIMULATORS_TOKEN": word,
    }


def _stripe(data: DataFolder, secrets: Secrets, state: State) -> dict[str, str]:
    """The sandbox, and the key of an account in it; nothing where the person brings a key of their own."""
    if os.environ.get("STRIPE_SECRET_KEY"):
        return {}
    word = hmac.digest(secrets.secret_key.encode(), b"stripe sandbox", hashlib.sha256).hex()
    return {
        "READMIT_STRIPE_SANDBOX_KEY": f"sk_test_{word[:32]}",
        "READMIT_STRIPE_SANDBOX_WEBHOOK_SECRET": f"whsec_{word[32:]}",
        "READMIT_STRIPE_SANDBOX_WEBHOOK_URL": f"http://localhost:{state.port}/hooks/stripe",
        # It knows the rates of the EU, and nobody has to register anywhere.
        "READMIT_STRIPE_AUTOMATIC_TAX": "1",
        # By number: the `stripe` package asks the system's resolver, which does not know names under .localhost.
        "READMIT_STRIPE_API_BASE": f"http://127.0.0.1:{state.port + 2}",
        "READMIT_STRIPE_SANDBOX_ORIGIN": f"http://stripe.localhost:{state.port + 2}",
        "READMIT_STRIPE_SANDBOX_DATABASE": str(data.path / "stripe.sqlite3"),
    }


def entra_simulator(data: DataFolder, secrets: Secrets, state: State) -> dict[str, str]:
    """For a start that asked for the simulator of Microsoft Entra Verified ID."""
    word = hmac.digest(secrets.secret_key.encode(), b"entra simulator", hashlib.sha256).hex()
    return {
        "READMIT_ENTRA_SIMULATOR_ORIGIN": f"http://entra.localhost:{state.port + 3}",
        "READMIT_ENTRA_SIMULATOR_DATABASE": str(data.path / "entra.sqlite3"),
        "READMIT_ENTRA_SIMULATOR_SECRET_KEY": word,
    }


def graph_simulator(secrets: Secrets, state: State) -> dict[str, str]:
    """For a start that asked for the simulator of Microsoft Graph."""
    word = hmac.digest(secrets.secret_key.encode(), b"graph simulator", hashlib.sha256).hex()
    return {
        "READMIT_GRAPH_SIMULATOR_ORIGIN": f"http://graph.localhost:{state.port + 4}",
        "READMIT_GRAPH_SIMULATOR_SECRET_KEY": word,
    }


def okta_simulator(secrets: Secrets, state: State) -> dict[str, str]:
    """For a start that asked for the simulator of Okta."""
    word = hmac.digest(secrets.secret_key.encode(), b"okta simulator", hashlib.sha256).hex()
    return {
        "READMIT_OKTA_SIMULATOR_ORIGIN": f"http://okta.localhost:{state.port + 5}",
        "READMIT_OKTA_SIMULATOR_SECRET_KEY": word,
    }


def broker_options(data: DataFolder, url: str) -> dict[str, object]:
    """What the transport is told. Files need their folder, and the default pause would be a second long."""
    if url != FILES_URL:
        return {}
    queue = str(data.queue)
    return {
        "data_folder_in": queue,
        "data_folder_out": queue,
        "control_folder": queue,
        "polling_interval": 0.02,
    }


def _database_urls(secrets: Secrets, socket_folder: str) -> dict[str, str]:
    migrator, web, ops, house = (
        url(
            role,
            database=HOUSE_DATABASE if role.name == HOUSE_DATABASE else PRODUCT_DATABASE,
            socket_folder=socket_folder,
            port=PORT,
        )
        for role in roles(secrets)
    )
    return {
        "READMIT_DB_MIGRATOR_URL": migrator,
        "READMIT_DB_WEB_URL": web,
        "READMIT_DB_OPS_URL": ops,
        "READMIT_HOUSE_DB_URL": house,
    }


def for_web(whole: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in whole.items() if name not in STRONG | _private_elsewhere()}
    return _product(own | {"READMIT_PROCESS": "web"})


def for_worker(whole: Mapping[str, str]) -> dict[str, str]:
    dropped = {"READMIT_DB_MIGRATOR_URL"} | _private_elsewhere()
    own = {name: value for name, value in whole.items() if name not in dropped}
    return _product(own | {"READMIT_PROCESS": "worker"})


def for_migration(whole: Mapping[str, str]) -> dict[str, str]:
    """For migrations, static files and the demonstration tenant."""
    return _product(whole)


def for_house(whole: Mapping[str, str], data: DataFolder) -> dict[str, str]:
    own = {name: value for name, value in whole.items() if name in OF_HOUSE}
    own |= {"READMIT_STATIC_ROOT": str(data.house_static), "READMIT_PROCESS": "house"}
    return _child(own | {"DJANGO_SETTINGS_MODULE": "vendors.house.settings"})


def for_stripe_sandbox(whole: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in whole.items() if name in OF_STRIPE_SANDBOX}
    own |= {"READMIT_PROCESS": "stripe"}
    return _child(own | {"DJANGO_SETTINGS_MODULE": "portal.sandboxes.stripe.settings"})


def for_entra_simulator(whole: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in whole.items() if name in OF_ENTRA_SIMULATOR}
    return _child(own | {"DJANGO_SETTINGS_MODULE": "portal.sandboxes.entra.settings"})


def for_graph_simulator(whole: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in whole.items() if name in OF_GRAPH_SIMULATOR}
    return _child(own | {"DJANGO_SETTINGS_MODULE": "portal.sandboxes.graph.settings"})


def for_okta_simulator(whole: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in whole.items() if name in OF_OKTA_SIMULATOR}
    return _child(own | {"DJANGO_SETTINGS_MODULE": "portal.sandboxes.okta.settings"})


def for_simulators(whole: Mapping[str, str]) -> dict[str, str]:
    return _child({name: value for name, value in whole.items() if name in OF_SIMULATORS})


def for_vision(whole: Mapping[str, str]) -> dict[str, str]:
    return _child({name: value for name, value in whole.items() if name in OF_VISION})


def _private_elsewhere() -> set[str]:
    """Of the house partner and of the sandboxes."""
    house = {"READMIT_HOUSE_DB_URL", "READMIT_HOUSE_SECRET_KEY", "READMIT_HOUSE_ROOT_KEY"}
    simulator = {
        "READMIT_ENTRA_SIMULATOR_DATABASE",
        "READMIT_ENTRA_SIMULATOR_SECRET_KEY",
        "READMIT_GRAPH_SIMULATOR_SECRET_KEY",
        "READMIT_OKTA_SIMULATOR_SECRET_KEY",
    }
    return house | simulator | {"READMIT_STRIPE_SANDBOX_DATABASE", "READMIT_STRIPE_SANDBOX_WEBHOOK_URL"}


def _product(own: Mapping[str, str]) -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON_TO_THE_PRODUCT if name in os.environ}
    return _child(passed | dict(own))


def _child(own: Mapping[str, str]) -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    base = {
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
    }
    return passed | base | dict(own)
