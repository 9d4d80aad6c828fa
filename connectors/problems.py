"""What an admin is told of a server: stable names, and the sentences in English.

A sentence ends in what to do. Who speaks another language looks it up by its English.
"""

from enum import StrEnum


class Problem(StrEnum):
    """What is wrong with a server, or with how it is configured; the places are for facts."""

    CA_FILE = "ca_file {file} can't be used ({why}): name a readable PEM file"
    CERTIFICATE = (
        "the certificate is not trusted ({why}): use the host name that it was made for, or name"
        " your authority's PEM file in ca_file"
    )
    NO_ANSWER = "no answer in time"
    NO_ANSWER_WITHIN = "no answer within {seconds} s"
    TLS_FAILED = 'TLS: {why} (is {port} the port for security = "{security}"?)'
    NO_TLS = 'no TLS on this port: set security = "starttls", or "none"'
    PERHAPS_TLS = '{why} (if this port speaks TLS: security = "tls")'
    LOGIN = "login of {user} refused ({why}): check user name and password"
    ACCOUNT = "user or password not accepted: check the account"

    NO_STARTTLS = (
        "the server offers no STARTTLS on port {port}:"
        ' set security = "tls" and its port, usually 993'
    )
    NOT_IN_CLEAR = (
        'the server takes no password on this connection: set security = "tls" or "starttls"'
    )
    ASCII_ONLY = (
        "the server can't take a user name or password with letters outside ASCII (no AUTH=PLAIN):"
        " choose another password"
    )
    FOLDER = "folder {folder}: {why}: make it readable, or leave it out"
    NO_UIDVALIDITY = (
        "folder {folder}: the server gives no UIDVALIDITY, so what was read can't be told from what"
        " is new: leave the folder out"
    )

    NOT_A_URL = "not an http(s) URL"
    REDIRECTS_IN_A_CIRCLE = "redirects in a circle"
    REDIRECTED = "redirects to {url}: if you trust it, make it the account's URL"
    LIVES_ELSEWHERE = "its calendars live on {url}: make that the account's URL"
    OTHER_LOGIN = "asks for a login of another kind than ours"
    NO_LOGIN = "offers neither Basic, Digest nor Bearer login"
    ANSWERS = "answers {status}"
    ANSWERS_LATER = "answers {status}, asks to wait {seconds}"
    NO_CALENDARS = "no calendars found from {path}: check the URL"
    MAY_NOT_READ = "this user may not read {path}"
    CANNOT_LIST = "can't list the calendars in {path} ({status})"
    NO_DAV = "{path} is not answered as by a CalDAV server: check the URL"
    MAY_NOT_WRITE = "may not write {path}: check the rights on this calendar"
    REFUSES = "refuses ({status}) {path}: check the rights on this calendar"
