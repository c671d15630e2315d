pytest_plugins = (
    "tests.fixtures.canary",
    "tests.fixtures.databases",
    "tests.fixtures.mail",
    "tests.fixtures.application",
    "tests.fixtures.two_services",
    "tests.fixtures.mirror",
    "tests.fixtures.nats",
    "tests.fixtures.community",
    "tests.fixtures.record",
    "tests.fixtures.webhooks",
)
