"""Markdown that people wrote, as HTML that can do nothing.

Two nets, each enough by itself: the parser lets no HTML through, and what it makes is cleaned
by an allow-list. The content security policy is the third: no script runs on any page.
"""

from collections import Counter
from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

# The default of 100 nests deeper than any text that a person writes.
_parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(
    ["table", "strikethrough"]
)
# An image would tell a stranger who reads what; without the rule it is a link.
_parser.disable("image")
# The parser's work grows with the square of these; no text needs so many.
_COSTLY, _MOST = "[*_~<`|&", 1000
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
    "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


def is_too_costly(text: str) -> bool:
    """Whether a text was made to keep the parser busy rather than to be read."""
    counted = Counter(text)
    return any(counted[char] > _MOST for char in _COSTLY)


@lru_cache(maxsize=256)
def to_html(text: str) -> Markup:
    """Return safe HTML; a text that is too costly is shown as it was written."""
    if is_too_costly(text):
        return Markup("<pre>{}</pre>").format(text)
    cleaned = nh3.clean(
        _parser.render(text),
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(cleaned)  # noqa: S704 - made safe by the two lines above
