"""The provider's objects and what may be done to them. Amounts in integer cents."""

import itertools
import secrets
import time


class ApiError(Exception):
    """An answer with an ``error`` object (docs.stripe.com/api/errors)."""

    def __init__(self, status, code=None, *, type="invalid_request_error", message="", **extra):
        super().__init__(code)
        self.status = status
        self.body = {"error": {"type": type, "code": code, "message": message or code, **extra}}


class Store:
    """What the provider remembers. The caller holds its lock."""

    def __init__(self):
        self._number = itertools.count(1)
        self.customers, self.sessions, self.intents, self.setups, self.refunds = {}, {}, {}, {}, {}
        # Payment method id → what the bank says when its holder is not there.
        self.cards = {}
        self.methods = {}
        self.events = []

    def new_id(self, prefix):
        return f"{prefix}_{next(self._number):06d}{secrets.token_hex(6)}"

    # --- customers ---------------------------------------------------------------------------------
    def create_customer(self, params):
        customer = {"id": self.new_id("cus"), "object": "customer", "metadata": params.get("metadata", {})}
        self.customers[customer["id"]] = customer
        return customer

    def delete_customer(self, customer_id):
        if customer_id not in self.customers:
            raise ApiError(404, "resource_missing", param="id")
        del self.customers[customer_id]
        return {"id": customer_id, "object": "customer", "deleted": True}

    # --- checkout sessions -------------------------------------------------------------------------
    def create_session(self, params):
        now = int(time.time())
        if not 30 * 60 <= int(params["expires_at"]) - now <= 24 * 3600:
            raise ApiError(400, "parameter_invalid_integer", param="expires_at")
        if params["mode"] == "setup" and params.get("customer") not in self.customers:
            raise ApiError(400, "resource_missing", param="customer")
        session_id = self.new_id("cs_test")
        line = params.get("line_items", [{}])[0]
        session = {
            "id": session_id, "object": "checkout.session", "mode": params["mode"], "status": "open",
            "payment_status": "unpaid" if params["mode"] == "payment" else "no_payment_required",
            "url": f"https://checkout.stripe.example/c/pay/{session_id}",
            "client_reference_id": params.get("client_reference_id"),
            "metadata": params.get("metadata", {}), "customer": params.get("customer"),
            "currency": "eur", "created": now, "expires_at": int(params["expires_at"]),
            "payment_intent": None, "setup_intent": None, "locale": params.get("locale"),
            "amount_total": int(line["price_data"]["unit_amount"]) if line else None,
            "success_url": params["success_url"], "cancel_url": params["cancel_url"],
            # The hosted page's own memory, not part of the answer.
            "_intent_data": params.get("payment_intent_data", {}),
            "_setup_data": params.get("setup_intent_data", {}),
        }  # fmt: skip
        self.sessions[session_id] = session
        return session

    def session(self, session_id):
        if session_id not in self.sessions:
            raise ApiError(404, "resource_missing", param="session")
        return self.sessions[session_id]

    def expire_session(self, session_id):
        session = self.session(session_id)
        if session["status"] != "open":
            raise ApiError(400, None, message="Only Checkout Sessions with a status of open can be expired.")
        session["status"], session["url"] = "expired", None
        self.emit("checkout.session.expired", session)
        return session

    # --- the customer, on the hosted page ----------------------------------------------------------
    def attempt(self, session_id, refusal=None, later=None, fingerprint="Xt5EWLLDS7FJjR1c"):
        """The customer submits a card; ``refusal`` is the bank's decline code."""
        session = self.session(session_id)
        if session["status"] != "open":
            raise AssertionError("a closed page cannot be paid")
        return (self._attempt_setup if session["mode"] == "setup" else self._attempt_payment)(
            session, refusal, later, fingerprint
        )

    def _new_method(self, fingerprint):
        method = self.new_id("pm")
        self.methods[method] = {
            "id": method, "object": "payment_method", "type": "card",
            "card": {"brand": "visa", "last4": "4242", "fingerprint": fingerprint},
        }  # fmt: skip
        return method

    def _attempt_payment(self, session, refusal, later, fingerprint):
        intent = self.intents.get(session["payment_intent"]) or self._new_intent(
            session["amount_total"], session["_intent_data"].get("metadata", {}), None
        )
        session["payment_intent"] = intent["id"]
        if refusal:
            intent["last_payment_error"] = _declined(refusal)
            self.emit("payment_intent.payment_failed", intent)
            return intent
        intent["payment_method"] = self._new_method(fingerprint)
        self._hold(intent)
        session.update(status="complete", url=None)
        self.emit("payment_intent.amount_capturable_updated", intent)
        self.emit("checkout.session.completed", session)
        return intent

    def _attempt_setup(self, session, refusal, later, fingerprint):
        setup = self.setups.get(session["setup_intent"]) or {
            "id": self.new_id("seti"), "object": "setup_intent", "status": "requires_payment_method",
            "payment_method": None, "last_setup_error": None, "customer": session["customer"],
            "metadata": session["_setup_data"].get("metadata", {}),
        }  # fmt: skip
        self.setups[setup["id"]] = setup
        session["setup_intent"] = setup["id"]
        if refusal:
            setup["last_setup_error"] = _declined(refusal)
            self.emit("setup_intent.setup_failed", setup)
            return setup
        method = self._new_method(fingerprint)
        self.cards[method] = later
        setup.update(status="succeeded", payment_method=method, last_setup_error=None)
        session.update(status="complete", url=None)
        self.emit("setup_intent.succeeded", setup)
        self.emit("checkout.session.completed", session)
        return setup

    # --- payment intents ---------------------------------------------------------------------------
    def create_intent(self, params):
        method = params.get("payment_method")
        if params.get("customer") not in self.customers:
            raise ApiError(400, "resource_missing", param="customer")
        if method not in self.cards:
            raise ApiError(400, "resource_missing", param="payment_method")
        intent = self._new_intent(int(params["amount"]), params.get("metadata", {}), params["customer"])
        intent["payment_method"] = method
        if later := self.cards[method]:
            error = _declined(later)
            intent["last_payment_error"] = error
            self.emit("payment_intent.payment_failed", intent)
            raise ApiError(402, error["code"], **{k: v for k, v in error.items() if k != "code"},
                           payment_intent=dict(intent))  # fmt: skip
        self._hold(intent)
        self.emit("payment_intent.amount_capturable_updated", intent)
        return intent

    def _new_intent(self, amount, metadata, customer):
        intent = {
            "id": self.new_id("pi"), "object": "payment_intent", "amount": amount, "currency": "eur",
            "status": "requires_payment_method", "amount_capturable": 0, "amount_received": 0,
            "capture_method": "manual", "customer": customer, "payment_method": None,
            "metadata": metadata, "last_payment_error": None, "created": int(time.time()),
        }  # fmt: skip
        self.intents[intent["id"]] = intent
        return intent

    @staticmethod
    def _hold(intent):
        intent.update(status="requires_capture", amount_capturable=intent["amount"], last_payment_error=None)

    def intent(self, intent_id):
        if intent_id not in self.intents:
            raise ApiError(404, "resource_missing", param="intent")
        return self.intents[intent_id]

    def capture(self, intent_id, params):
        intent = self.intent(intent_id)
        if intent["status"] != "requires_capture":
            raise ApiError(400, "payment_intent_unexpected_state")
        amount = int(params.get("amount_to_capture", intent["amount_capturable"]))
        if amount > intent["amount_capturable"]:
            raise ApiError(400, "amount_too_large", param="amount_to_capture")
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        self.emit("payment_intent.succeeded", intent)
        return intent

    def cancel(self, intent_id):
        intent = self.intent(intent_id)
        if intent["status"] in {"succeeded", "canceled"}:
            raise ApiError(400, "payment_intent_unexpected_state")
        intent.update(status="canceled", amount_capturable=0)
        self.emit("payment_intent.canceled", intent)
        return intent

    # --- refunds -----------------------------------------------------------------------------------
    def create_refund(self, params):
        intent = self.intent(params["payment_intent"])
        given = sum(one["amount"] for one in self.refunds.values() if one["payment_intent"] == intent["id"])
        amount = int(params["amount"])
        if given + amount > intent["amount_received"]:
            raise ApiError(400, "charge_already_refunded" if given else "amount_too_large", param="amount")
        refund = {
            "id": self.new_id("re"), "object": "refund", "amount": amount, "currency": "eur",
            "payment_intent": intent["id"], "status": "succeeded", "metadata": params.get("metadata", {}),
        }  # fmt: skip
        self.refunds[refund["id"]] = refund
        self.emit("refund.created", refund)
        return refund

    # --- events ------------------------------------------------------------------------------------
    def emit(self, type, thing):
        shown = {name: value for name, value in thing.items() if not name.startswith("_")}
        self.events.append({
            "id": self.new_id("evt"), "object": "event", "type": type, "created": int(time.time()),
            "livemode": False, "pending_webhooks": 1, "data": {"object": shown},
        })  # fmt: skip


def _declined(word):
    """``authentication_required`` is an error code of its own; other words are banks' decline codes."""
    if word == "authentication_required":
        return {"type": "card_error", "code": word, "decline_code": word, "message": word}
    return {"type": "card_error", "code": "card_declined", "decline_code": word, "message": word}
