"""What PostgreSQL itself says is in a schema, as lines that can be compared."""

from typing import NamedTuple

from sqlalchemy import Connection, text


class Item(NamedTuple):
    """One fact: ``("column", "users.email", "character varying(320)")``."""

    kind: str
    name: str
    definition: str


_CATALOG = text(r"""
WITH space AS (SELECT oid FROM pg_namespace WHERE nspname = :schema),
tables AS (
    SELECT c.oid, c.relname, c.relacl, c.relowner FROM pg_class c, space
    WHERE c.relnamespace = space.oid AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'
)
SELECT 'table', relname::text, '' FROM tables
UNION ALL
SELECT 'column', t.relname || '.' || a.attname,
    concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
        CASE a.attidentity WHEN 'a' THEN 'identity always' WHEN 'd' THEN 'identity by default' END,
        'default ' || pg_get_expr(d.adbin, d.adrelid))
FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
UNION ALL
SELECT 'constraint', t.relname || '.' || n.conname, pg_get_constraintdef(n.oid)
FROM tables t JOIN pg_constraint n ON n.conrelid = t.oid WHERE n.contype <> 'n'
UNION ALL
SELECT 'index', t.relname || '.' || i.relname, pg_get_indexdef(i.oid)
FROM tables t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
UNION ALL
SELECT 'trigger', t.relname || '.' || g.tgname, pg_get_triggerdef(g.oid)
FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
UNION ALL
SELECT 'function', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
    format_type(p.prorettype, NULL) || ' ' || regexp_replace(trim(p.prosrc), '\s+', ' ', 'g')
FROM pg_proc p, space WHERE p.pronamespace = space.oid
UNION ALL
SELECT 'sequence', c.relname::text,
    format_type(q.seqtypid, NULL) || CASE WHEN q.seqcycle THEN ' cycle' ELSE '' END
FROM pg_class c JOIN space ON c.relnamespace = space.oid JOIN pg_sequence q ON q.seqrelid = c.oid
WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('a', 'i'))
UNION ALL
SELECT 'grant', c.relname || ' to ' || coalesce(r.rolname, 'PUBLIC'),
    string_agg(e.privilege_type, ', ' ORDER BY e.privilege_type)
FROM pg_class c JOIN space ON c.relnamespace = space.oid
    CROSS JOIN LATERAL aclexplode(c.relacl) e LEFT JOIN pg_roles r ON r.oid = e.grantee
WHERE c.relkind = 'S' AND e.grantee <> c.relowner GROUP BY c.relname, r.rolname
UNION ALL
SELECT 'grant', t.relname || ' to ' || g.role,
    string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type)
FROM tables t CROSS JOIN LATERAL (
    SELECT coalesce(r.rolname, 'PUBLIC') AS role, e.privilege_type, e.grantee
    FROM aclexplode(t.relacl) e LEFT JOIN pg_roles r ON r.oid = e.grantee
) g WHERE g.grantee <> t.relowner GROUP BY t.relname, g.role
UNION ALL
SELECT 'grant', t.relname || '.' || a.attname || ' to ' || coalesce(r.rolname, 'PUBLIC'),
    string_agg(e.privilege_type, ', ' ORDER BY e.privilege_type)
FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid
    CROSS JOIN LATERAL aclexplode(a.attacl) e LEFT JOIN pg_roles r ON r.oid = e.grantee
WHERE e.grantee <> t.relowner GROUP BY t.relname, a.attname, r.rolname
""")


def read_catalog(connection: Connection, schema: str) -> frozenset[Item]:
    """Read everything in ``schema``; definitions come out without its name."""
    # The name is one of two constants of ours; SET takes no parameter.
    connection.execute(text(f"SET LOCAL search_path = {schema}"))
    rows = connection.execute(_CATALOG, {"schema": schema})
    return frozenset(
        Item(kind, name, definition.replace(f"{schema}.", "")) for kind, name, definition in rows
    )
