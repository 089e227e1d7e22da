"""The few endpoints of Stripe that payments use, on this machine, and events signed as Stripe's.

What it answers has the fields that Stripe's library documents for these objects, as far as they are
read here; `test_stripe.py` compares the names.
"""

import itertools
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from stripe import WebhookSignature, api_version

from maquette.payments.stripe_client import StripeApi
from maquette.payments.stripe_payments import Webhook

KEY, SECRET = "sk_test_local", "whsec_test"
MONTH_S = 30 * 86400
Json = dict[str, Any]


@dataclass
class StripeServer:
    """What was asked for, in order, and what there is."""

    address: str = ""
    asked: list[tuple[str, str, Json]] = field(default_factory=list)
    refuses: str | None = None  # a message with which everything is declined
    breaks: bool = False  # after it has done what it was asked for
    meanwhile: Callable[[], object] | None = None  # before a change of a subscription is answered
    # By key of idempotency: what was asked for, and what is answered whenever it is again.
    answered: dict[str, tuple[Json, int, Json]] = field(default_factory=dict)
    objects: dict[str, Json] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def api(self) -> StripeApi:
        return StripeApi(KEY, self.address)

    def answer(self, method: str, path: str, given: Json, key: str | None) -> tuple[int, Json]:
        """Status and body, as Stripe has them."""
        with self.lock:
            status, made = self._answer(method, path, given, key)
        if method == "POST" and path.startswith("/v1/subscriptions/") and self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        return status, made

    def _answer(self, method: str, path: str, given: Json, key: str | None) -> tuple[int, Json]:
        self.asked.append((method, path, given))
        if key in self.answered:
            before, status, made = self.answered[key]
            if before != given:
                return _error(400, "idempotency_error", "other parameters than before")
            return status, made
        if self.refuses:
            status, made = _error(402, "card_error", self.refuses)
        else:
            try:
                status, made = 200, self._made(method, path, given)
            except _Refused as refused:
                status, made = _error(400, "invalid_request_error", *refused.args)
        if key:
            self.answered[key] = (given, status, made)
        return _error(500, "api_error", "something broke") if self.breaks else (status, made)

    def _made(self, method: str, path: str, given: Json) -> Json:
        match method, path.split("/")[2:]:
            case "POST", ["checkout", "sessions"]:
                made = self._keep("cs_test", "checkout.session", given | {"status": "open"})
                return made | {"url": f"https://checkout.stripe.com/c/pay/{made['id']}"}
            case "POST", ["checkout", "sessions", session, "expire"]:
                one = self.objects[session]
                if one["status"] != "open":
                    raise _Refused(f"This Session is {one['status']}.", "")
                one["status"] = "expired"
                return one
            case "POST", ["billing_portal", "sessions"]:
                made = self._keep("bps", "billing_portal.session", given)
                return made | {"url": f"https://billing.stripe.com/p/session/{made['id']}"}
            case "GET", ["prices"]:
                name = given["lookup_keys"]["0"]
                found = [o for o in self.objects.values() if o.get("lookup_key") == name]
                return {"object": "list", "data": found, "has_more": False, "url": path}
            case "GET", ["prices", price]:
                return self.objects[price]
            case "POST", ["prices"]:
                return self._keep("price", "price", given)
            case "GET", ["subscriptions", reference]:
                return self.objects[reference]
            case "POST", ["subscriptions", reference]:
                return self._changed(self.objects[reference], given)
            case "DELETE", ["subscriptions", reference]:
                self.objects[reference]["status"] = "canceled"
                return self.objects[reference]
            case "POST", ["invoices", "create_preview"]:
                return self._preview(self.objects[given["subscription"]], given)
            case "POST", ["refunds"]:
                if self._is_refunded(given["payment_intent"]):
                    raise _Refused("Charge has already been refunded.", "charge_already_refunded")
                return self._keep("re", "refund", given | {"status": "succeeded"})
            case _:
                raise AssertionError(f"no {method} {path} here")

    def forget_keys(self) -> None:
        """As Stripe forgets keys of idempotency, a day later."""
        with self.lock:
            self.answered.clear()

    def _is_refunded(self, payment_intent: str) -> bool:
        refunds = [one for one in self.objects.values() if one["object"] == "refund"]
        sent = [one for one in refunds if one["status"] != "failed"]
        return payment_intent in [one["payment_intent"] for one in sent]

    def _changed(self, one: Json, given: Json) -> Json:
        if "cancel_at_period_end" in given:
            one["cancel_at_period_end"] = given["cancel_at_period_end"] == "true"
        one["metadata"] = given.get("metadata", one["metadata"])
        for item in given.get("items", {}).values():
            [own] = one["items"]["data"]
            assert own["id"] == item["id"]
            own["price"] = {"id": item["price"]}
        return one

    def _preview(self, one: Json, given: Json) -> Json:
        """The invoice of a change: its difference for what is left of the month."""
        [item] = one["items"]["data"]
        asked = given["subscription_details"]["items"]["0"]
        assert asked["id"] == item["id"]
        new, old = (
            int(self.objects[p]["unit_amount"]) for p in (asked["price"], item["price"]["id"])
        )
        left_s = item["current_period_end"] - time.time()
        return {"object": "invoice", "amount_due": round((new - old) * left_s / MONTH_S)}

    def subscribed(self, url: str, start_s: int, months: int = 1) -> Json:
        """What there is when a Checkout session for a plan was paid: a subscription."""
        session = self.objects[url.rpartition("/")[2]]
        item = {
            "id": f"si_{session['id']}",
            "current_period_end": start_s + months * MONTH_S,
            "price": {"id": session["line_items"]["0"]["price"]},
        }
        return self._keep(
            "sub",
            "subscription",
            {
                "customer": f"cus_{session['id']}",
                "metadata": session["subscription_data"]["metadata"],
                "status": "active",
                "billing_cycle_anchor": start_s,
                "cancel_at_period_end": False,
                "cancel_at": None,
                "items": {"object": "list", "data": [item]},
            },
        )

    def invoice(
        self, one: Json, reason: str, cents: int, created_s: int, subtotal: int | None = None
    ) -> Json:
        """An invoice of a subscription as it is now, to the end of its period."""
        [item] = one["items"]["data"]
        line = {
            "period": {"start": created_s, "end": item["current_period_end"]},
            "pricing": {"price_details": {"price": item["price"]["id"]}},
            "parent": {
                "type": "subscription_item_details",
                "subscription_item_details": {"proration": reason == "subscription_update"},
            },
        }
        details = {"subscription": one["id"], "metadata": dict(one["metadata"])}
        return self._keep(
            "in",
            "invoice",
            {
                "billing_reason": reason,
                "amount_paid": cents,
                "amount_due": cents,
                "subtotal": cents if subtotal is None else subtotal,
                "currency": "usd",
                "created": created_s,
                "customer_name": "Ada",
                "customer_email": "ada@example.org",
                "customer_address": None,
                "parent": {"type": "subscription_details", "subscription_details": details},
                "lines": {"object": "list", "data": [line]},
            },
        )

    def _keep(self, prefix: str, kind: str, fields: Json) -> Json:
        made = {"id": f"{prefix}_{next(self.numbers)}", "object": kind, "livemode": False} | fields
        self.objects[made["id"]] = made
        return made


class _Refused(Exception):
    """Message and code of what cannot be done as things are."""


def _error(status: int, kind: str, message: str, code: str = "declined") -> tuple[int, Json]:
    return status, {"error": {"type": kind, "message": message, "code": code}}


@contextmanager
def stripe_server() -> Iterator[StripeServer]:
    """One that listens while this is open."""
    state = StripeServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            assert self.headers["Authorization"] == f"Bearer {KEY}"
            key = self.headers.get("Idempotency-Key") if self.command == "POST" else None
            given = nested(parse_qsl(url.query) + parse_qsl(body))
            status, made = state.answer(self.command, url.path, given, key)
            content = json.dumps(made).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Stripe-Should-Retry", "false")
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield state
        server.shutdown()
        thread.join()


def nested(pairs: list[tuple[str, str]]) -> Json:
    """Forms as Stripe writes them: a[b][0]=c is {"a": {"b": {"0": "c"}}}."""
    found: Json = {}
    for name, value in pairs:
        *path, last = re.findall(r"[^\[\]]+", name)
        place = found
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return found


def event(kind: str, thing: Json, event_id: str, created: int | None = None) -> Json:
    """An event as it stands in a webhook's body."""
    return {
        "id": event_id,
        "object": "event",
        "api_version": api_version,
        "created": int(time.time()) if created is None else created,
        "data": {"object": thing},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }


def signed(told: Json, secret: str = SECRET, signed_s: int | None = None) -> Webhook:
    """A webhook, signed by Stripe's own library."""
    body = json.dumps(told)
    return Webhook(
        body.encode(), WebhookSignature.generate_signature_header(body, secret, signed_s)
    )
