"""Whether a webhook is its sender's and of now: each sender's signature, right, wrong, missing, old and renewed."""

from datetime import UTC, datetime

import pytest
from hook_support import NOW, SAYING, SECRET, SIGN, URL, raw
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from hooks.errors import SignatureError
from hooks.signatures import SENDERS, TOLERANCE_SECONDS, Delivery, is_secret, verify

OTHER = SECRET[:-4] + "AAA="
TIMED = sorted(set(SENDERS) - {"shopify"})
EVERY = pytest.mark.parametrize("sender", sorted(SENDERS))


def delivery(sender: str, body: bytes | None = None, **how: object) -> Delivery:
    """Return a request as the sender makes it."""
    content = raw(SAYING[sender][0]) if body is None else body
    return Delivery(SIGN[sender](content, **how), content, URL)


@EVERY
def test_the_sender_s_own_is_taken(sender: str) -> None:
    """Also where the body is no text at all: it is signed as it came."""
    verify(sender, delivery(sender), [SECRET], NOW)
    verify(sender, delivery(sender, b"\xff\x00\n"), [SECRET], NOW)


def test_what_the_specification_s_own_library_signs_is_taken() -> None:
    """Standard Webhooks have a library, and it signs as we check."""
    body = '{"test": 2432232314}'
    signature = Webhook(SECRET).sign("msg_p5j", datetime.fromtimestamp(NOW, UTC), body)
    headers = {"webhook-id": "msg_p5j", "webhook-timestamp": str(NOW), "webhook-signature": signature}
    verify("standard", Delivery(headers, body.encode()), [SECRET], NOW)


@EVERY
def test_another_s_secret_is_refused_and_one_of_several_is_enough(sender: str) -> None:
    """While a secret is replaced both are good; the text of a refusal says nothing of either."""
    with pytest.raises(SignatureError) as refused:
        verify(sender, delivery(sender), [OTHER], NOW)
    assert SECRET not in str(refused.value)
    verify(sender, delivery(sender), [OTHER, SECRET], NOW)
    verify(sender, delivery(sender, secret=OTHER), [OTHER, SECRET], NOW)
    with pytest.raises(SignatureError):
        verify(sender, delivery(sender), [], NOW)


@EVERY
@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_body_that_was_changed_by_one_bit_is_refused(sender: str, place: int, bit: int) -> None:
    """Wherever it is changed."""
    whole = delivery(sender)
    changed = bytearray(whole.body)
    changed[place % len(changed)] ^= 1 << bit
    with pytest.raises(SignatureError):
        verify(sender, whole._replace(body=bytes(changed)), [SECRET], NOW)


@EVERY
def test_a_request_without_a_signature_is_refused(sender: str) -> None:
    """No header, each of the headers missing, and each of them empty or of another form."""
    whole = delivery(sender)
    needed = set(whole.headers) - {"x-shopify-topic"}
    for name in needed:
        for value in (None, "", "x", "t=,v1=", "v1,", "é"):
            headers = {**whole.headers, name: value} if value is not None else {**whole.headers}
            if value is None:
                del headers[name]
            with pytest.raises(SignatureError):
                verify(sender, whole._replace(headers=headers), [SECRET], NOW)
    with pytest.raises(SignatureError):
        verify(sender, Delivery({}, whole.body, URL), [SECRET], NOW)


@pytest.mark.parametrize("sender", TIMED)
@pytest.mark.parametrize("way", [1, -1])
def test_a_request_of_another_time_is_refused(sender: str, way: int) -> None:
    """Five minutes are allowed either way, and not a second more: what was overheard cannot come again."""
    edge = int(TOLERANCE_SECONDS) * way
    verify(sender, delivery(sender, at=NOW + edge), [SECRET], NOW)
    with pytest.raises(SignatureError, match="signed 301 s from now"):
        verify(sender, delivery(sender, at=NOW + edge + way), [SECRET], NOW)


@pytest.mark.parametrize("sender", TIMED)
def test_a_new_time_on_an_old_signature_is_refused(sender: str) -> None:
    """The time is signed too."""
    old, new = delivery(sender, at=NOW - 3_600), delivery(sender)
    stamps = {name: value for name, value in new.headers.items() if "timestamp" in name}
    if not stamps:  # the time stands with the signature
        (name,) = old.headers
        stamps = {name: old.headers[name].replace(f"t={NOW - 3_600}", f"t={NOW}")}
    with pytest.raises(SignatureError, match="not that of this body"):
        verify(sender, old._replace(headers={**old.headers, **stamps}), [SECRET], NOW)


def test_hubspot_signs_the_address() -> None:
    """A request to another address of the same sender is not this hook's."""
    with pytest.raises(SignatureError):
        verify("hubspot", delivery("hubspot", url="https://intake.example.com/hooks/other"), [SECRET], NOW)


@pytest.mark.parametrize(
    ("sender", "secret", "is_one"),
    [("stripe", "anything", True), ("stripe", "", False), ("standard", SECRET, True), ("standard", "whsec_!", False)],
)
def test_a_secret_has_the_sender_s_form(sender: str, secret: str, is_one: bool) -> None:
    """Standard Webhooks' are base64; of all others any text is one."""
    assert is_secret(sender, secret) is is_one
