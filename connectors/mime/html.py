"""HTML mail → plain text by selectolax; nothing is run, nothing is fetched."""

import re

from selectolax.lexbor import LexborHTMLParser

_BLOCK_END = re.compile(
    r"(<br\b[^<>]{0,200}>|</(?:p|div|tr|li|h[1-6]|table|ul|ol|blockquote|pre)\s*>)", re.IGNORECASE
)
_QUOTE = re.compile(r"<(/?)blockquote\b([^<>]{0,1000})>", re.IGNORECASE)
# Gmail, Apple Mail and Thunderbird say that a quote is one; others only indent by it.
_CITE = re.compile(r"type\s*=\s*[\"']?cite|gmail_quote", re.IGNORECASE)
_CELL_END = re.compile(r"(</t[dh]\s*>)", re.IGNORECASE)
_HIDDEN = ["script", "style", "head", "title", "template", "noscript"]
_BLANKS = re.compile(r"[ \t\xa0\u200b]+")
_LINE_ENDS = re.compile(r" ?\r?\n ?")
_GAPS = re.compile(r"\n{3,}")
_BREAK, _OPEN, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKS = str.maketrans("", "", "\x00" + _BREAK + _OPEN + _CLOSE)
DEPTH_MOST = 20
"""Quotes within quotes that are told apart."""


def text(html: str) -> str:
    """The text as a reader sees it: a line for each block, quotes by ">". Never raises."""
    # Line ends of the source mean nothing; those of blocks do, so they are marked first.
    marked = _with_quotes(_BLOCK_END.sub(_BREAK + r"\1", html.translate(_MARKS)))
    marked = _CELL_END.sub(r" \1", marked)
    tree = LexborHTMLParser(marked)
    tree.strip_tags(_HIDDEN)
    body = tree.body
    if body is None:
        return ""
    seen = body.text(deep=True, separator="", strip=False)
    seen = _BLANKS.sub(" ", seen.replace("\r", " ").replace("\n", " "))
    seen = _LINE_ENDS.sub("\n", seen.replace(_BREAK, "\n"))
    return _signed(_GAPS.sub("\n\n", seen).strip())


def _with_quotes(html: str) -> str:
    """Marks where a quote begins and ends, for tags are gone when the text is there."""
    if "blockquote" not in html.lower():
        return html
    cited: list[bool] = []

    def mark(tag: re.Match[str]) -> str:
        if not tag[1]:
            cited.append(_CITE.search(tag[2]) is not None)
            return tag[0] + (_BREAK + _OPEN if cited[-1] else "")
        return (_CLOSE + _BREAK if cited and cited.pop() else "") + tag[0]

    return _QUOTE.sub(mark, html)


def _signed(text: str) -> str:
    """Each line of a quote with its signs, as mail in plain text has them."""
    if _OPEN not in text:
        return text
    depth = 0
    lines: list[str] = []
    for line in text.split("\n"):
        content = line.replace(_OPEN, "").replace(_CLOSE, "").strip()
        depth += line.count(_OPEN)
        signs = ">" * min(depth, DEPTH_MOST)
        if content:
            lines.append(f"{signs} {content}" if signs else content)
        elif lines and lines[-1].strip(">"):
            lines.append(signs)
        depth = max(depth - line.count(_CLOSE), 0)
    return "\n".join(lines).rstrip("\n>")
