"""Webhooks as their senders send them: bodies by the senders' documentation, and each sender's way to sign."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

NOW: Final = 1_780_000_000  # 2026-05-28T20:26:40Z
SECRET: Final = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, yes").decode()
URL: Final = "https://intake.example.com/hooks/crm?portal=7"
Headers = Mapping[str, str]

CHARGE: Final[dict[str, Any]] = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-01-28",
    "created": 1_779_990_000,
    "type": "charge.succeeded",
    "data": {
        "object": {
            "id": "ch_3",
            "object": "charge",
            "amount": 12_990,
            "amount_refunded": 0,
            "captured": True,
            "created": 1_779_989_998,
            "currency": "eur",
            "customer": "cus_9",
            "invoice": None,
            "billing_details": {"email": "ada@example.com"},
            "status": "succeeded",
        }
    },
}


def refunded(total: int, before: int) -> dict[str, Any]:
    """Return Stripe's word of a refund, after which so much (cents) is paid back, and so much was before."""
    found: dict[str, Any] = json.loads(json.dumps(CHARGE))
    found |= {"id": f"evt_r{total}", "type": "charge.refunded", "created": 1_779_995_000}
    found["data"]["object"] |= {"amount_refunded": total}
    found["data"]["previous_attributes"] = {"amount_refunded": before}
    return found


ORDER: Final[dict[str, Any]] = {
    "id": 820982911946154508,
    "name": "#1001",
    "email": "ada@example.com",
    "created_at": "2026-05-28T10:00:00+02:00",
    "currency": "EUR",
    "total_price": "90.00",
    "total_discounts": "10.00",
    "discount_codes": [{"code": "SPRING", "amount": "10.00", "type": "fixed_amount"}],
    "financial_status": "paid",
    "source_name": "pos",
    "line_items": [{"id": 1, "quantity": 2, "price": "30.00"}, {"id": 2, "quantity": 1, "price": "40.00"}],
    "refunds": [],
}
REFUNDED_ORDER: Final = ORDER | {
    "financial_status": "partially_refunded",
    "refunds": [
        {
            "id": 2,
            "created_at": "2026-05-28T12:00:00+02:00",
            "transactions": [
                {"kind": "refund", "status": "success", "amount": "5.00"},
                {"kind": "refund", "status": "failure", "amount": "5.00"},
            ],
        },
        {
            "id": 3,
            "created_at": "2026-05-28T13:00:00+02:00",
            "transactions": [{"kind": "refund", "status": "success", "amount": "7.50"}],
        },
    ],
}
TICKET: Final[dict[str, Any]] = {
    "account_id": 12,
    "id": "01J",
    "type": "zen:event-type:ticket.created",
    "subject": "zen:ticket:35",
    "time": "2026-05-28T09:00:00Z",
    "zendesk_event_version": "2022-11-06",
    "event": {},
    "detail": {
        "id": "35",
        "requester_id": "8447",
        "organization_id": "77",
        "type": "problem",
        "status": "NEW",
        "via": {"channel": "mail"},
        "created_at": "2026-05-28T08:59:59Z",
        "updated_at": "2026-05-28T08:59:59Z",
    },
}
SOLVED: Final = TICKET | {
    "id": "01K",
    "type": "zen:event-type:ticket.status_changed",
    "time": "2026-05-28T11:00:00Z",
    "event": {"current": "SOLVED", "previous": "OPEN"},
}
DEAL: Final[dict[str, Any]] = {
    "deal_id": 901,
    "account_id": "5512",
    "amount": "4800.00",
    "currency": "EUR",
    "closed_at": "2026-05-27T00:00:00Z",
}
PROPERTY: Final[dict[str, Any]] = {
    "eventId": 1,
    "subscriptionId": 12,
    "portalId": 62515,
    "occurredAt": 1_779_990_000_000,
    "subscriptionType": "deal.propertyChange",
    "attemptNumber": 0,
    "objectId": 901,
    "propertyName": "dealstage",
    "propertyValue": "closedwon",
}
BOOKING: Final[dict[str, Any]] = {
    "event": "invitee.created",
    "created_at": "2026-05-20T10:00:00.000000Z",
    "payload": {
        "uri": "https://api.calendly.com/scheduled_events/EV1/invitees/IN1",
        "email": "ada@example.com",
        "name": "Ada",
        "status": "active",
        "scheduled_event": {
            "uri": "https://api.calendly.com/scheduled_events/EV1",
            "name": "check_in",
            "start_time": "2026-05-28T14:00:00.000000Z",
            "end_time": "2026-05-28T14:45:00.000000Z",
            "event_guests": [{"email": "bob@example.com"}],
            "location": {"type": "zoom_conference"},
        },
    },
}


def raw(body: Any) -> bytes:
    """Return a body's bytes."""
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _mac(secret: str, content: bytes) -> bytes:
    return hmac.new(secret.encode(), content, hashlib.sha256).digest()


def _b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def stripe(body: bytes, secret: str = SECRET, at: int = NOW) -> Headers:
    """Sign as Stripe does, beside a scheme of its own that counts for nothing."""
    return {"stripe-signature": f"t={at},v1={_mac(secret, f'{at}.'.encode() + body).hex()},v0=00"}


def calendly(body: bytes, secret: str = SECRET, at: int = NOW) -> Headers:
    """Sign as Calendly does."""
    return {"calendly-webhook-signature": f"t={at},v1={_mac(secret, f'{at}.'.encode() + body).hex()}"}


def shopify(body: bytes, secret: str = SECRET, at: int = NOW, topic: str = "orders/paid") -> Headers:  # noqa: ARG001 - signs no time
    """Sign as Shopify does."""
    return {"x-shopify-hmac-sha256": _b64(_mac(secret, body)), "x-shopify-topic": topic}


def zendesk(body: bytes, secret: str = SECRET, at: int = NOW) -> Headers:
    """Sign as Zendesk does."""
    stamp = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = _b64(_mac(secret, stamp.encode() + body))
    return {"x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": stamp}


def hubspot(body: bytes, secret: str = SECRET, at: int = NOW, url: str = URL) -> Headers:
    """Sign as HubSpot does in its third version."""
    stamp = str(at * 1000)
    signature = _b64(_mac(secret, b"POST" + url.encode() + body + stamp.encode()))
    return {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}


def standard(body: bytes, secret: str = SECRET, at: int = NOW) -> Headers:
    """Sign as Standard Webhooks say, with an older signature beside it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"msg_1.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": f"v1,AAAA v1,{_b64(digest)}"}


SIGN: Final[Mapping[str, Callable[..., Headers]]] = {
    "stripe": stripe,
    "shopify": shopify,
    "zendesk": zendesk,
    "hubspot": hubspot,
    "calendly": calendly,
    "standard": standard,
}
#: A body of each sender that says one message, and the message's id.
SAYING: Final[Mapping[str, tuple[Any, str]]] = {
    "stripe": (CHARGE, "stripe:ch_3"),
    "shopify": (ORDER, "shopify:#1001:sale"),
    "zendesk": (TICKET, "zendesk:35:opened"),
    "hubspot": ([DEAL], "hubspot:deal:901"),
    "calendly": (BOOKING, "calendly:IN1"),
    "standard": ({"order": 7, "who": "acme", "at": "2026-05-28T09:00:00Z", "sum": "12.00"}, "own:7"),
}
OWN_SQL: Final = """-- Orders of our own
-- to: purchases
SELECT 'own:' || (value ->> '$.order') AS event_id, value ->> '$.who' AS account_id, moment(value ->> '$.at') AS occurred_at,
    money(value ->> '$.sum') AS amount, 'EUR' AS currency FROM records;
"""


def hooks_file(folder: Path, more: Mapping[str, str] | None = None) -> Path:
    """Write INTAKE.toml with a hook of each sender, named as it; `more` is added to one by its name."""
    (folder / "secret").write_text(SECRET + "\n", encoding="utf-8")
    (folder / "secret").chmod(0o600)
    (folder / "own.sql").write_text(OWN_SQL, encoding="utf-8")
    extra = {"hubspot": f'url = "{URL}"', "standard": 'mapping = "own.sql"'}
    parts = [
        f'[hooks.{sender}]\nsender = "{sender}"\nsecret_files = ["secret"]\n{extra.get(sender, "")}\n'
        f"{(more or {}).get(sender, '')}\n"
        for sender in SIGN
    ]
    path = folder / "intake.toml"
    path.write_text("\n".join(parts), encoding="utf-8")
    return path
