from collections.abc import AsyncIterator

import pytest

from tests.fixtures.application import Farout
from tests.fixtures.two_services import NEW_KEY, bridge_settings
from tests.security.replicas import another_replica


@pytest.fixture
async def keyed(farout: Farout) -> AsyncIterator[Farout]:
    """Yield a Farout that another service has the key of."""
    bridge = bridge_settings(auth_service_api_key=NEW_KEY)
    async with another_replica(farout, bridge=bridge) as replica:
        yield replica
