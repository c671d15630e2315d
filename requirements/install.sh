#!/bin/sh
# Makes .venv with exactly the packages of development.txt, checked by hash, and the `farout` command.
# Called by the Makefile with PYTHON set.
set -eu

printf 'Setting up .venv (once; about a minute) ...\n'
if ! "$PYTHON" -m venv --clear .venv >/dev/null 2>&1; then
    # Debian keeps ensurepip in a package of its own; a pip outside the environment can stand in for it.
    if ! "$PYTHON" -m venv --clear --without-pip .venv 2>/dev/null; then
        printf '%s\n' "Farout could not make a virtual environment: on Debian and Ubuntu run" \
            "    apt-get install python3-venv" "and try again." >&2
        exit 1
    fi
fi
if [ -x .venv/bin/pip ]; then
    pip=".venv/bin/python -m pip"
elif "$PYTHON" -m pip --version >/dev/null 2>&1; then
    pip="$PYTHON -m pip --python .venv/bin/python"
else
    printf '%s\n' "Farout needs pip: on Debian and Ubuntu run" \
        "    apt-get install python3-venv" "and try again." >&2
    exit 1
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1
$pip install --quiet --require-hashes --no-deps -r requirements/development.txt
$pip install --quiet --no-deps --no-build-isolation --editable .
