pytest_plugins = (
    "tests.fixtures.databases",
    "tests.fixtures.mail",
    "tests.fixtures.application",
)
