"""An account that is set up over HTTP is read without a restart, and so is another password."""

from pathlib import Path

import httpx2

from tests.flows.house import DOMAIN, USERS, House, eventually, mail
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port


def _answers(house: House) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{house.http_port}/healthz", timeout=5).is_success
    except httpx2.TransportError:
        return False


def test_a_mailbox_over_http_is_read_at_once(tmp_path: Path, dovecot: Dovecot, sqlite: str) -> None:
    folder = tmp_path / "house"
    folder.mkdir()
    house = House(folder, dovecot, sqlite, http_port=free_port(), users=("ann",))
    letter = mail("jean@mistral.example", "bob@lumen.example", "Devis", message_id="d@x.example")
    dovecot.deliver("bob", "INBOX", letter)
    house.prepare()
    wrong, right = "wr0ng-and-unmistakable", USERS["bob"]
    box = {
        "name": "bob",
        "owner": f"bob@{DOMAIN}",
        "host": "127.0.0.1",
        "port": dovecot.port,
        "security": "none",
        "user": "bob",
        "password": wrong,
    }
    with house.daemon():
        kept = folder / "state" / "http-token"
        eventually(lambda: kept.exists() and _answers(house), what="the pages", house=house)
        token = kept.read_text().strip()
        with httpx2.Client(
            base_url=f"http://127.0.0.1:{house.http_port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20,
        ) as api:
            made = api.post("/mailboxes", json=box)
            assert made.status_code == 201, made.text

            def bob() -> dict[str, object]:
                found = api.get("/accounts").json()["items"]
                return next((one for one in found if one["name"] == "bob"), {})

            eventually(lambda: bob().get("last_error"), what="the refused login", house=house)
            assert bob()["setup"] == made.json()["id"]
            one = f"/mailboxes/{made.json()['id']}"
            tag = {"If-Match": made.headers["ETag"]}
            changed = api.patch(one, json={"password": right}, headers=tag)
            assert changed.status_code == 200, changed.text
            eventually(
                lambda: api.get("/exchanges").json()["items"], what="what bob got", house=house
            )
            assert bob()["last_error"] == ""
            assert bob()["watches"]
            told = made.text + changed.text + api.get("/accounts").text
            gone = api.delete(one, headers={"If-Match": changed.headers["ETag"]})
            assert gone.status_code == 204
            eventually(lambda: not bob(), what="that the account is gone", house=house)
    stored = b"".join(path.read_bytes() for path in (folder / "state").rglob("*.sqlite*"))
    for secret in (wrong, right):
        assert secret not in told
        assert secret not in house.log()
        assert secret.encode() not in stored
