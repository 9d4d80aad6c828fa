"""Formatted comments: what of a person's HTML may stand, and its plain text."""

import nh3

from connectors.mime.html import text as plain_text

TAGS = frozenset(
    {
        *("p", "br", "div", "span", "blockquote", "pre", "code", "hr"),
        *("b", "strong", "i", "em", "u", "s", "sub", "sup"),
        *("ul", "ol", "li", "h1", "h2", "h3", "h4", "a"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    }
)
"""The subset: what an editor writes, and nothing that loads or runs."""

_ATTRIBUTES = {"a": {"href", "title"}, "th": {"colspan", "rowspan"}, "td": {"colspan", "rowspan"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_WITH_CONTENT = {"script", "style", "title", "textarea", "iframe", "noscript", "svg", "math"}


def clean(html: str) -> str:
    """The harmless part of it: an allow-list of elements, attributes and schemes of links; scripts
    and styles go with their content."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def plain(html: str) -> str:
    """Its text, as lists, searches and calendars show it."""
    return plain_text(html).strip()
