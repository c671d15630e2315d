#!/usr/bin/env bash
# Makes Farout's two databases and the roles that may connect to them.
#
# The PostgreSQL image runs this once, on an empty volume; `farout dev` and the tests run the very
# same file. Running it again is harmless: it sets the passwords anew and changes nothing else.
#
# The owner of both databases is POSTGRES_USER (farout). Three more roles, one CONNECT each:
#   farout_auth_service  farout_auth   FAROUT_AUTH_SERVICE_PASSWORD
#   farout_app           farout        FAROUT_APP_PASSWORD
#   farout_sync          farout        FAROUT_SYNC_PASSWORD
# Which rows and columns each may touch is granted by the migrations.
set -euo pipefail

missing=0
for name in FAROUT_AUTH_SERVICE_PASSWORD FAROUT_APP_PASSWORD FAROUT_SYNC_PASSWORD; do
    if [ -z "${!name:-}" ]; then
        echo "create-databases.sh: $name is not set; no database was made." >&2
        missing=1
    fi
done
[ "$missing" = 0 ] || exit 1

# The passwords reach psql through its environment: not through its arguments, which `ps` shows.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --username "${POSTGRES_USER:-farout}" --dbname "${POSTGRES_DB:-farout}" <<'SQL'
\getenv auth_password FAROUT_AUTH_SERVICE_PASSWORD
\getenv app_password FAROUT_APP_PASSWORD
\getenv sync_password FAROUT_SYNC_PASSWORD

-- Passwords are hashed here, so that a server that logs statements logs no password in clear.
SET password_encryption = 'scram-sha-256';

SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT', role)
FROM unnest(ARRAY['farout_auth_service', 'farout_app', 'farout_sync']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role)
\gexec

ALTER ROLE farout_auth_service PASSWORD :'auth_password';
ALTER ROLE farout_app PASSWORD :'app_password';
ALTER ROLE farout_sync PASSWORD :'sync_password';

-- One collation that is the same on every operating system: an index never has to be rebuilt
-- because a C library was updated.
SELECT format(
    'CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8'' LOCALE_PROVIDER builtin'
    ' BUILTIN_LOCALE ''C.UTF-8'' LOCALE ''C''', name)
FROM unnest(ARRAY['farout_auth', 'farout']) AS name
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name)
\gexec

REVOKE ALL ON DATABASE farout_auth, farout FROM PUBLIC;
GRANT CONNECT ON DATABASE farout_auth TO farout_auth_service;
GRANT CONNECT ON DATABASE farout TO farout_app, farout_sync;
SQL
