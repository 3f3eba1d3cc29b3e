"""The provider's door: HTTP, credentials, idempotency keys, and faults on demand."""

import hashlib
import hmac
import json
import re
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.stripe.objects import ApiError, Store

KEY = "sk_test_cabas"
WEBHOOK_SECRET = "whsec_cabas"

SESSION = {
    "mode", "client_reference_id", "metadata", "locale", "success_url", "cancel_url", "expires_at",
    "allowed_payment_method_types", "expand", "customer", "setup_intent_data", "payment_method_options",
    "adaptive_pricing", "payment_intent_data", "line_items",
}  # fmt: skip
INTENT = {
    "amount", "currency", "customer", "payment_method", "allowed_payment_method_types", "capture_method",
    "confirm", "off_session", "metadata",
}  # fmt: skip


@dataclass
class Fault:
    """What goes wrong with the next request to a path.

    ``reset``: the connection drops before anything is done. ``lost``: it drops after all is done.
    ``silent``: all is done, no answer until ``gate`` opens. ``slow``: nothing is done until ``gate`` opens.
    ``failed``: 500, nothing done. ``failed_after``: 500, all done. ``limited``: 429, nothing done.
    """

    path: str
    kind: str
    method: str = "POST"
    reached: threading.Event = field(default_factory=threading.Event)
    gate: threading.Event = field(default_factory=threading.Event)


class FakeStripe:
    """Start it, point the SDK at ``base``, then play the customer (``pay``) and the network (``fail``)."""

    def __init__(self):
        self.store, self.lock = Store(), threading.RLock()
        self.requests, self.faults = [], deque()
        self._answers, self._running = {}, set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def base(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        for fault in self.faults:
            fault.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    # --- what tests play ---------------------------------------------------------------------------
    def fail(self, path, kind, method="POST"):
        """The next ``method`` request whose path matches ``path`` (a regular expression) goes wrong."""
        fault = Fault(path, kind, method)
        self.faults.append(fault)
        return fault

    def pay(self, session_id, refusal=None, later=None, **card):
        with self.lock:
            return self.store.attempt(session_id, refusal, later, **card)

    def calls(self, method, path):
        """Requests that matched, replays included."""
        return [one for one in self.requests if one[0] == method and re.fullmatch(path, one[1])]

    def message(self, event=None):
        """The raw body and signature of a webhook: of an event, the last one by default."""
        return self.signed(json.dumps(event or self.store.events[-1]).encode())

    @staticmethod
    def signed(body, *, secret=WEBHOOK_SECRET, at=None):
        at = int(time.time()) if at is None else at
        signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return body, f"t={at},v1={signed}"

    # --- one request -------------------------------------------------------------------------------
    def answer(self, method, target, body, headers):
        """(status, JSON, headers); None drops the connection."""
        path = urlsplit(target).path
        params = _nested(parse_qsl(body or urlsplit(target).query, keep_blank_values=True))
        self.requests.append((method, path, params, headers.get("Idempotency-Key"), headers))
        fault = self._fault(method, path)
        if fault and fault.kind == "reset":
            return None
        if fault and fault.kind == "limited":
            return _shown(ApiError(429, "rate_limit", type="invalid_request_error"))
        if headers.get("Authorization") != f"Bearer {KEY}":
            return _shown(ApiError(401, None, message="Invalid API Key provided"))
        found = self._idempotent(method, path, params, headers.get("Idempotency-Key"), fault)
        if fault and fault.kind == "silent":
            fault.gate.wait(20)
        return None if fault and fault.kind == "lost" else found

    def _fault(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault.method == method and re.fullmatch(fault.path, path):
                    self.faults.remove(fault)
                    fault.reached.set()
                    return fault
        return None

    def _idempotent(self, method, path, params, key, fault):
        if method != "POST" or not key:
            return self._execute(method, path, params, fault)
        words = (path, json.dumps(params, sort_keys=True))
        with self.lock:
            if key in self._running:
                return _shown(ApiError(409, "idempotency_key_in_use"))
            if key in self._answers:
                said, found = self._answers[key]
                if said != words:
                    return _shown(ApiError(400, None, type="idempotency_error"))
                return found[0], found[1], {"Idempotent-Replayed": "true"}
            self._running.add(key)
        try:
            found = self._execute(method, path, params, fault)
            # Only what began to execute is kept: a parameter that fails validation is not.
            if found[0] != 400 or found[1]["error"]["code"] != "parameter_unknown":
                self._answers[key] = (words, found)
            return found
        finally:
            with self.lock:
                self._running.discard(key)

    def _execute(self, method, path, params, fault):
        if fault and fault.kind == "slow":
            fault.gate.wait(20)
        if fault and fault.kind == "failed":
            return _shown(ApiError(500, None, type="api_error"))
        try:
            with self.lock:
                found = json.loads(json.dumps(self._route(method, path, params)))
        except ApiError as said:
            return _shown(said)
        if fault and fault.kind == "failed_after":
            return _shown(ApiError(500, None, type="api_error"))
        return 200, found, {}

    def _route(self, method, path, params):
        store = self.store
        for verb, pattern, known, act in (
            ("POST", "/v1/customers", {"metadata"}, lambda: store.create_customer(params)),
            ("DELETE", "/v1/customers/([^/]+)", set(), lambda i: store.delete_customer(i)),
            ("POST", "/v1/checkout/sessions", SESSION, lambda: self._page(store.create_session(params), params)),
            ("GET", "/v1/checkout/sessions", {"created", "limit", "starting_after"}, lambda: self._pages(params)),
            ("GET", "/v1/checkout/sessions/([^/]+)", {"expand"}, lambda i: self._page(store.session(i), params)),
            ("POST", "/v1/checkout/sessions/([^/]+)/expire", set(), lambda i: self._page(store.expire_session(i), {})),
            ("POST", "/v1/payment_intents", INTENT, lambda: store.create_intent(params)),
            ("GET", "/v1/payment_intents", {"customer", "limit"}, lambda: _listed(
                one for one in store.intents.values() if one["customer"] == params["customer"])),
            ("GET", "/v1/payment_intents/([^/]+)", set(), lambda i: store.intent(i)),
            ("POST", "/v1/payment_intents/([^/]+)/capture", {"amount_to_capture"}, lambda i: store.capture(i, params)),
            ("POST", "/v1/payment_intents/([^/]+)/cancel", set(), lambda i: store.cancel(i)),
            ("POST", "/v1/refunds", {"payment_intent", "amount", "metadata"}, lambda: store.create_refund(params)),
            ("GET", "/v1/refunds", {"payment_intent", "limit"}, lambda: _listed(
                one for one in store.refunds.values() if one["payment_intent"] == params["payment_intent"])),
        ):  # fmt: skip
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                if unknown := set(params) - known:
                    raise ApiError(400, "parameter_unknown", param=min(unknown))
                return act(*match.groups())
        raise ApiError(404, None, message=f"Unrecognized request URL ({method}: {path})")

    def _page(self, session, params):
        shown = {name: value for name, value in session.items() if not name.startswith("_")}
        expand = params.get("expand", [])
        for name, known in (("payment_intent", self.store.intents), ("setup_intent", self.store.setups)):
            if shown[name] and any(path.split(".")[0] == name for path in expand):
                intent = shown[name] = dict(known[shown[name]])
                if f"{name}.payment_method" in expand and intent["payment_method"]:
                    intent["payment_method"] = self.store.methods[intent["payment_method"]]
        return shown

    def _pages(self, params):
        newest = sorted(self.store.sessions.values(), key=lambda one: one["id"], reverse=True)
        found = [one for one in newest if one["created"] >= int(params["created"]["gte"])]
        if after := params.get("starting_after"):
            found = found[[one["id"] for one in found].index(after) + 1 :]
        limit = int(params["limit"])
        return {"object": "list", "data": [self._page(one, {}) for one in found[:limit]],
                "has_more": len(found) > limit}  # fmt: skip


def _listed(found):
    return {"object": "list", "data": list(found), "has_more": False}


def _shown(said):
    return said.status, said.body, {}


def _nested(pairs):
    """``a[b][0]=c`` → ``{"a": {"b": ["c"]}}``, as the SDK writes nested parameters."""
    tree = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+", name)
        node, keys = tree, [first, *rest]
        for key in keys[:-1]:
            node = node.setdefault(key, {})
        node[keys[-1]] = value
    return _with_lists(tree)


def _with_lists(node):
    if not isinstance(node, dict):
        return node
    node = {key: _with_lists(value) for key, value in node.items()}
    return list(node.values()) if node and all(key.isdigit() for key in node) else node


def _handler(fake):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            found = fake.answer(self.command, self.path, body, self.headers)
            if found is None:
                self._reset()
                return
            status, thing, headers = found
            payload = json.dumps(thing).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Request-Id": "req_fake",
                                "Content-Length": str(len(payload)), **headers}.items():  # fmt: skip
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def _reset(self):
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

        def handle(self):
            try:
                super().handle()
            except (ConnectionError, ValueError, OSError):
                self.close_connection = True

        def log_message(self, *_args):
            pass

    return Handler
