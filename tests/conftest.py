pytest_plugins = (
    "tests.fixtures.databases",
    "tests.fixtures.application",
    "tests.fixtures.community",
)
