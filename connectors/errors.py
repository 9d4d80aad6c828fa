"""What goes wrong at a boundary, named after what happens next."""


class ConnectorError(Exception):
    """Any of the four below. The text is one line, names the place, and holds no secret."""


class Unreachable(ConnectorError):
    """The server did not answer, or not as agreed: try again later."""


class Refused(ConnectorError):
    """The server said no (password, certificate, rights): an admin must act."""


class Unreadable(ConnectorError):
    """This one item can't be read: quarantine it, its neighbours go on."""


class Changed(ConnectorError):
    """Somebody else changed it first: read again, merge, and try once more."""
