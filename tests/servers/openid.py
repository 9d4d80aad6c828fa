"""A small OpenID provider on loopback: it signs everybody on as `email`, and can be made to lie."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "suivi"
SECRET = "client secret with : and é"


class OpenId:
    """`claims` are put over those of an honest ID token; `key` signs it; `document` is put over
    what discovery tells."""

    def __init__(self, email: str, redirect: str) -> None:
        self.email, self.redirect = email, redirect
        self.key = self.published = RSAKey.generate_key(2048, {"kid": "one"})
        self.claims: dict[str, Any] = {}
        self.document: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.codes: dict[str, dict[str, str]] = {}
        self.seen: list[str] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.get(self)

            def do_POST(self) -> None:
                provider.post(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def get(self, request: BaseHTTPRequestHandler) -> None:
        path = urlsplit(request.path)
        self.seen.append(path.path)
        if path.path == "/.well-known/openid-configuration":
            self._answer(request, self._discovery())
        elif path.path == "/keys":
            self._answer(request, {"keys": [self.published.as_dict(private=False)]})
        elif path.path == "/authorize":
            self._authorize(request, {k: v[0] for k, v in parse_qs(path.query).items()})
        else:
            self._answer(request, {}, 404)

    def post(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        form = {k: v[0] for k, v in parse_qs(body).items()}
        basic = request.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64decode(basic).decode() != f"{quote_plus(CLIENT)}:{quote_plus(SECRET)}":
            return self._answer(request, {"error": "invalid_client"}, 401)
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge:
            return self._answer(request, {"error": "invalid_grant"}, 400)
        if form.get("redirect_uri") != self.redirect:
            return self._answer(request, {"error": "invalid_grant"}, 400)
        token = {"access_token": secrets.token_hex(), "token_type": "Bearer", "expires_in": 60}
        return self._answer(request, token | {"id_token": self._id_token(asked["nonce"])})

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        } | self.document

    def _authorize(self, request: BaseHTTPRequestHandler, asked: dict[str, str]) -> None:
        good = (
            asked.get("client_id") == CLIENT
            and asked.get("response_type") == "code"
            and asked.get("redirect_uri") == self.redirect
            and "openid" in asked.get("scope", "").split()
            and asked.get("code_challenge_method") == "S256"
            and len(asked.get("state", "")) >= 20
            and len(asked.get("nonce", "")) >= 20
        )
        if not good:
            return self._answer(request, {"error": "invalid_request"}, 400)
        code = secrets.token_hex()
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        request.send_response(302)
        request.send_header("Location", f"{self.redirect}?{back}")
        request.end_headers()
        return None

    def _id_token(self, nonce: str) -> str:
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "sub": "somebody",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            "email": self.email,
            "email_verified": True,
        }
        said = {name: value for name, value in (honest | self.claims).items() if value is not None}
        header = {"alg": self.algorithm, "kid": self.key.kid}
        if self.algorithm == "none":
            parts = (json.dumps(part).encode() for part in ({"alg": "none"}, said))
            coded = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)
            return ".".join((*coded, ""))
        return jwt.encode(header, said, self.key, algorithms=[self.algorithm])

    @staticmethod
    def _answer(
        request: BaseHTTPRequestHandler, content: dict[str, Any], status: int = 200
    ) -> None:
        body = json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
