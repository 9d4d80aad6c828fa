"""format=flowed (RFC 3676): soft line ends taken out, quotes kept apart by their depth."""


def paragraphs(text: str, *, delsp: bool = False) -> str:
    """The text with its lines joined as they were written; `delsp` as the part's DelSp (§4.2)."""
    done: list[str] = []
    pieces: list[str] = []
    open_depth = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        if pieces and (depth != open_depth or content == "-- "):
            # A flowed line ends where the depth changes, whatever it says (§4.5).
            done.append(_quoted("".join(pieces), open_depth))
            pieces = []
        flows = content.endswith(" ") and content != "-- "
        open_depth = depth
        pieces.append(content[:-1] if flows and delsp else content)
        if not flows:
            done.append(_quoted("".join(pieces), depth))
            pieces = []
    if pieces:
        done.append(_quoted("".join(pieces), open_depth))
    return "\n".join(done)


def _quoted(content: str, depth: int) -> str:
    return f"{'>' * depth} {content}" if depth else content
