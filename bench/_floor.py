"""A bare sweep of the same header fields with imaplib, nothing parsed and nothing kept.

Prints JSON as `_span.py` does.

    python bench/_floor.py PORT USER PASSWORD
"""

import imaplib
import json
import resource
import sys
import time

from connectors.imap.fetch import FIELDS

BATCH = 500


def main() -> None:
    """Log in, read, log out."""
    port, user, password = sys.argv[1:]
    start, cpu = time.perf_counter(), time.process_time()
    imap = imaplib.IMAP4("127.0.0.1", int(port))
    imap.login(user, password)
    _, (count, *_) = imap.select("INBOX", readonly=True)
    assert count is not None
    items = f"(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({FIELDS})])"
    for lo in range(1, int(count) + 1, BATCH):
        imap.uid("FETCH", f"{lo}:{lo + BATCH - 1}", items)
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    imap.logout()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": used, "peak": peak}))


if __name__ == "__main__":
    main()
