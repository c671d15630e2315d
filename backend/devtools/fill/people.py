"""SQL that makes users. Everything follows from a person's number, so a second fill goes on."""

# Away from the people whom the stand-in plays, and from everybody whom Discord made lately.
FIRST_ID = 200_000_000_000_000_000
STEP = 104_729_003


def present(table: str) -> str:
    """Return the statement that counts the made-up ones among users or members."""
    return f"""
SELECT count(*) FROM {table}
WHERE length(discord_id) = 18 AND discord_id::bigint >= {FIRST_ID}
    AND (discord_id::bigint - {FIRST_ID}) % {STEP} = 0
"""


# $1 and $2: the first and the last number. $3 and $4: first and last names.
USERS = f"""
INSERT INTO users (discord_id, username, avatar, email, role, created_at, last_login, is_active)
WITH made AS (
SELECT ({FIRST_ID} + n::bigint * {STEP})::text AS discord_id,
    lower(given || '.' || replace(family, '-', ''))
        || CASE WHEN n >= 3600 THEN (n / 3600)::text ELSE '' END AS username,
    md5(n::text),
    CASE WHEN n % 3 > 0 THEN 'person' || n || '@example.com' END AS email,
    CASE WHEN n % 97 = 1 THEN 'officer' ELSE 'member' END,
    joined,
    joined + (now() - joined) * ((hashint8(n + 5) & 1023) / 1024.0),
    n % 53 <> 7
FROM (
    SELECT n, ($3::text[])[1 + n % 60] AS given, ($4::text[])[1 + (n * 7 + n / 60) % 60] AS family,
        now() - interval '1 day' * (2 + (hashint8(n + 3) & 1023)) AS joined
    FROM generate_series($1::int, $2::int) AS n
) AS people
)
SELECT made.* FROM made WHERE NOT EXISTS (SELECT FROM users WHERE users.username = made.username)
    AND NOT EXISTS (SELECT FROM users WHERE users.discord_id = made.discord_id)
    AND NOT EXISTS (SELECT FROM users WHERE lower(users.email) = lower(made.email))
"""
SECURITY = """
INSERT INTO account_security (user_id, uid, version)
SELECT id, uuidv7(), nextval('user_versions') FROM users
WHERE NOT EXISTS (SELECT FROM account_security WHERE user_id = users.id) ORDER BY id
"""
# In the order in which they joined, as a community grows.
PEOPLE = f"""
SELECT u.id, s.uid, u.discord_id, u.username, u.email, u.role, u.is_active, s.version,
    u.created_at, n
FROM users u JOIN account_security s ON s.user_id = u.id
JOIN generate_series($1::int, $2::int) AS n
    ON u.discord_id = ({FIRST_ID} + n::bigint * {STEP})::text
ORDER BY u.created_at
"""
