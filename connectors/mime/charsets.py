"""Octets → text, whatever they claim to be: declared charset, else UTF-8, else Windows-1252."""

import encodings.aliases
import re

# What a label means on the web (WHATWG Encoding) where that is more than it says.
_WIDER = {
    "ascii": "cp1252",
    "us_ascii": "cp1252",
    "latin_1": "cp1252",
    "iso8859_1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859_9": "cp1254",
    "tis_620": "cp874",
}
# Python codecs that are no charsets, or that take quadratic time.
_NO_CHARSETS = {
    "idna", "punycode", "undefined", "mbcs", "oem", "palmos", "unicode_escape",
    "raw_unicode_escape", "rot_13", "base64_codec", "bz2_codec", "hex_codec", "quopri_codec",
    "uu_codec", "zlib_codec",
}  # fmt: skip
_KNOWN: dict[str, str] = {
    **{name: name for name in encodings.aliases.aliases.values()},
    **encodings.aliases.aliases,
    "utf_8_sig": "utf_8_sig",
    # Codecs without an alias are in no table of Python's.
    **{name: name for name in ("cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t")},
    "koi8_u": "koi8_u",
    "x_sjis": "cp932",
    "x_euc_jp": "euc_jp",
    "x_gbk": "gb18030",
    "ks_c_5601_1987": "cp949",
    "cp65001": "utf_8",
    "unicode_1_1_utf_7": "utf_7",
    "ansi_x3_110_1983": "cp1252",
}
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def codec(label: str | None) -> str | None:
    """The Python codec for a charset label; None where there is none to trust.

    A label is looked up in a table, never by Python's codec search, which imports modules by
    that name and remembers every name it did not find.
    """
    if not label or len(label) > 60:
        return None
    # RFC 2231 §5 lets a language follow: utf-8*fr.
    name = _SEPARATORS.sub("_", label.partition("*")[0].lower()).strip("_")
    found = _KNOWN.get(name) or _KNOWN.get(name.replace("windows_", "cp").replace("iso_", "iso"))
    if found is None or found in _NO_CHARSETS:
        return None
    return _WIDER.get(found, found)


def decode(octets: bytes, label: str | None = None) -> str:
    """The text of `octets`. Never raises."""
    declared = codec(label)
    # UTF-8 that is valid is no accident, and ASCII labels are often lies.
    if declared in {None, "cp1252"}:
        try:
            return octets.decode("utf-8")
        except UnicodeDecodeError:
            declared = "cp1252"
    try:
        return octets.decode(declared or "cp1252")
    except (UnicodeError, LookupError):
        pass
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def cut(octets: bytes, most: int, label: str | None = None) -> str:
    """As `decode`, of octets that were cut at `most`: half a character at the end is dropped."""
    if len(octets) >= most and codec(label) in {None, "utf_8", "cp1252"}:
        end = len(octets)
        for back in range(1, min(4, end) + 1):
            lead = octets[end - back]
            if lead >= 0xC0:
                needed = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
                octets = octets[: end - back] if needed > back else octets
                break
            if lead < 0x80:
                break
    return decode(octets, label)
