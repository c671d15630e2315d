"""Users who are there before anybody signs in, each with a session and a profile."""

from bench.servers import Lab

# Away from the ids and names of the people who sign in.
_FIRST_ID = 300_000_000_000_000_000
_USERS = """
INSERT INTO users (discord_id, username, avatar, email, last_login)
SELECT ($1::bigint + i)::text, 'seed' || i, md5(i::text), 'seed' || i || '@example.com', now()
FROM generate_series($2::int, $3::int) AS i
"""
_SESSIONS = """
INSERT INTO sessions (user_id, token_hash, expires_at, ip, user_agent, method)
SELECT id, sha256(convert_to(username, 'UTF8')), now() + interval '7 days',
    '203.0.113.7', 'Mozilla/5.0 (Seed)', 'discord'
FROM users WHERE discord_id::numeric BETWEEN $1::bigint + $2::int AND $1::bigint + $3::int
"""
_MEMBERS = """
INSERT INTO members (discord_id, display_name)
SELECT ($1::bigint + i)::text, 'Seed ' || i FROM generate_series($2::int, $3::int) AS i
"""


async def fill_up(lab: Lab, users: int) -> None:
    """Add users until there are ``users`` of them, and let PostgreSQL take stock of its tables."""
    present: int = await lab.auth.fetchval("SELECT count(*) FROM users WHERE username ^@ 'seed'")
    total: int = await lab.auth.fetchval("SELECT count(*) FROM users")
    wanted = users - total
    if wanted > 0:
        new = (_FIRST_ID, present + 1, present + wanted)
        await lab.auth.execute(_USERS, *new)
        await lab.auth.execute(_SESSIONS, *new)
        await lab.community.execute(_MEMBERS, *new)
    await lab.auth.execute("VACUUM ANALYZE")
    await lab.community.execute("VACUUM ANALYZE")
