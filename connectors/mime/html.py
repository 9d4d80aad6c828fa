"""HTML mail → plain text by selectolax; nothing is run, nothing is fetched."""

import re

from selectolax.lexbor import LexborHTMLParser

_BLOCK_END = re.compile(
    r"(<br\b[^<>]{0,200}>|</(?:p|div|tr|li|h[1-6]|table|ul|ol|blockquote|pre)\s*>)", re.IGNORECASE
)
_CELL_END = re.compile(r"(</t[dh]\s*>)", re.IGNORECASE)
_HIDDEN = ["script", "style", "head", "title", "template", "noscript"]
_BLANKS = re.compile(r"[ \t\xa0\u200b]+")
_LINE_ENDS = re.compile(r" ?\r?\n ?")
_GAPS = re.compile(r"\n{3,}")
_BREAK = "\ue000"


def text(html: str) -> str:
    """The text as a reader sees it: a line for each block. Never raises."""
    # Line ends of the source mean nothing; those of blocks do, so they are marked first.
    marked = _BLOCK_END.sub(_BREAK + r"\1", html.replace("\x00", "").replace(_BREAK, ""))
    marked = _CELL_END.sub(r" \1", marked)
    tree = LexborHTMLParser(marked)
    tree.strip_tags(_HIDDEN)
    body = tree.body
    if body is None:
        return ""
    seen = body.text(deep=True, separator="", strip=False)
    seen = _BLANKS.sub(" ", seen.replace("\r", " ").replace("\n", " "))
    seen = _LINE_ENDS.sub("\n", seen.replace(_BREAK, "\n"))
    return _GAPS.sub("\n\n", seen).strip()
