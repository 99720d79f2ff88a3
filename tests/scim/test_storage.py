"""The rules that the library's own suite sets for a storage, held against the directory; its filters are evaluated by the
library in memory and by us in the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from scim2_models import ScimProvider
from scim2_server import testing
from scim2_server.testing import ScimStorageContract

from portal.kit.actors import Actor, ActorKind
from tenants.directory.scim.description import PROVIDER
from tenants.directory.scim.storage import DirectoryStorage
from tenants.models import Tenant

# What the service does not announce.
NOT_ANNOUNCED = ("cursor",)
FILTERS = [asked for asked in testing.SEARCH_FILTERS if "title" not in asked]


class TestTheDirectoryKeepsTheContract(ScimStorageContract):
    @pytest.fixture
    def provider(self) -> ScimProvider:
        return PROVIDER

    @pytest.fixture
    def storage(self, in_tenant: Tenant) -> Iterator[Any]:
        with PROVIDER:
            yield DirectoryStorage(Actor(ActorKind.PROVISIONER, "scim"))

    @pytest.mark.parametrize("scim_filter", FILTERS)
    def test_search_filters_as_the_filter_evaluator(
        self, storage: Any, provider: Any, user_type: Any, user_model: Any, scim_filter: str
    ) -> None:
        super().test_search_filters_as_the_filter_evaluator(
            storage, provider, user_type, user_model, scim_filter
        )


for name in dir(ScimStorageContract):
    if name.startswith("test_") and any(word in name for word in NOT_ANNOUNCED):
        setattr(TestTheDirectoryKeepsTheContract, name, None)
