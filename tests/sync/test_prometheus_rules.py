"""The ready-made rules speak of metrics that exist, and of pages that say what to do."""

import re
from datetime import UTC, datetime
from pathlib import Path

from backend.auth.outbox.queries import OutboxState
from backend.community.models import SyncCheck
from backend.sync.figures import Figures
from backend.sync.incidents import NAMES, TITLES
from backend.sync.metrics import render

DOCS = Path(__file__).parents[2] / "docs"
RULES = (DOCS / "prometheus-rules.yml").read_text(encoding="utf-8")
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")


def _page() -> str:
    check = SyncCheck(
        users=1,
        missing=0,
        differing=0,
        surplus=0,
        repaired=0,
        milliseconds=1,
        finished_at=datetime.now(UTC),
    )
    figures = Figures(
        auth_users=1,
        outbox=OutboxState(0, 0.0, 0, 0),
        mirrored_users=1,
        rejected=0,
        last_check=check,
        password_writes=0,
    )
    return render(figures).decode()


def test_every_metric_in_the_rules_and_in_the_docs_exists() -> None:
    page = _page()
    named = set(re.findall(r"farout_[a-z_]+", RULES))
    documented = set(re.findall(r"farout_[a-z_]+(?=[`{])", OPERATIONS)) - {"farout_auth"}
    documented -= {"farout_sync", "farout_app"}

    assert named
    assert {
        name for name in named | documented if not re.search(rf"^{name}\b", page, re.M)
    } == set()


def test_every_label_in_the_rules_exists() -> None:
    page = _page()
    for label, values in re.findall(r'(\w+)=~?"([\w|]+)"', RULES):
        for value in values.split("|"):
            assert f'{label}="{value}"' in page


def test_each_alert_has_a_rule_and_a_page_that_says_what_to_do() -> None:
    pages = re.findall(r"runbook: docs/operations\.md#([\w-]+)", RULES)

    assert len(pages) == len(re.findall(r"- alert:", RULES))
    assert set(NAMES) <= set(pages)
    assert [page for page in pages if f'<a id="{page}"></a>' not in OPERATIONS] == []
    assert set(TITLES) == set(re.findall(r"^### `(\w+)`", OPERATIONS, re.M))
