"""All objects of a calendar by one of the bare plans, nothing parsed and nothing kept. Prints JSON
as `_turns.py` does.

    python bench/_bare.py PORT HREF PASSWORD query|multiget
"""

import http.client
import json
import re
import sys
import time
from base64 import b64encode

_HEAD = b'<?xml version="1.0"?>'
_SPACES = b'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"'
_WANTED = b"<d:prop><d:getetag/><c:calendar-data/></d:prop>"
_QUERY = (
    _HEAD + b"<c:calendar-query " + _SPACES + b">" + _WANTED + b"<c:filter>"
    b'<c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>'
)
_SYNC = (
    _HEAD + b"<d:sync-collection " + _SPACES + b"><d:sync-token/><d:sync-level>1</d:sync-level>"
    b"<d:prop><d:getetag/></d:prop></d:sync-collection>"
)


def main() -> None:
    """Read it once."""
    port, href, password, plan = sys.argv[1:]
    login = {"Authorization": "Basic " + b64encode(f"ann:{password}".encode()).decode()}
    start, cpu = time.perf_counter(), time.process_time()
    server = http.client.HTTPConnection("127.0.0.1", int(port))

    def report(body: bytes, depth: str) -> bytes:
        headers = {**login, "Depth": depth, "Content-Type": "application/xml"}
        server.request("REPORT", href, body, headers)
        return server.getresponse().read()

    if plan == "query":
        found = report(_QUERY, "1").count(b"BEGIN:VCALENDAR")
    else:
        found = 0
        hrefs = re.findall(rb"<(?:\w+:)?href>([^<]+\.ics)<", report(_SYNC, "0"))
        for at in range(0, len(hrefs), 100):
            listed = b"".join(b"<d:href>" + h + b"</d:href>" for h in hrefs[at : at + 100])
            body = _HEAD + b"<c:calendar-multiget " + _SPACES + b">" + _WANTED + listed
            found += report(body + b"</c:calendar-multiget>", "1").count(b"BEGIN:VCALENDAR")
    walls = [time.perf_counter() - start]
    print(json.dumps({"walls": walls, "cpu": time.process_time() - cpu, "found": found}))


if __name__ == "__main__":
    main()
