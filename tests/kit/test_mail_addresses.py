"""Mail addresses: which are refused, and the form in which mail servers are given them."""

import pytest

from service.kit.mail_addresses import MailAddress, address_key, composed, sendable

SENDABLE = {
    "ada@example.com": "ada@example.com",
    "Ada@Example.COM": "Ada@Example.COM",
    "ada@bücher.example": "ada@xn--bcher-kva.example",
    "ada@straße.example": "ada@xn--strae-oqa.example",
    "ada@例え.テスト": "ada@xn--r8jz45g.xn--zckzah",
    "用户@例え.テスト": "用户@xn--r8jz45g.xn--zckzah",
    "o'hara+1@sub.example.co.uk": "o'hara+1@sub.example.co.uk",
}
WRONG = (
    *("", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "ada@exa mple.com", "ada@-a.example"),
    *("ada@example.com\r\nBcc: x@y.example", "ada\r\n@example.com", "ada@example.com\n", "ada@\x00.example"),
    *("ad\u2028a@example.com", "ad\u202ea@example.com", "ad\u00a0a@example.com", "ada@ex\u200bample.com"),
    *("ada@ex\ud800ample.com", "ad\ud800a@example.com", '"a b"@example.com', "ada@[127.0.0.1]", "a@b@example.com"),
    *(
        "ada@xn--a.ä.\u2488com",
        "ada@exa_mple.com",
        "ada@ü..example",
        f"{'ü' * 33}@example.com",
        f"a@{'ü' * 60}.example",
    ),
)


@pytest.mark.parametrize(("text", "sent"), SENDABLE.items())
def test_domains_are_sent_in_ascii(text: str, sent: str):
    assert sendable(composed(text)) == sent


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(ValueError):  # noqa: PT011 - idna's own error is one
        composed(text)


def test_two_forms_of_one_address_are_equal():
    decomposed = "ada@bu\u0308cher.example"
    keys = {address_key(composed(each)) for each in (decomposed, "ADA@BÜCHER.example", "ada@xn--bcher-kva.EXAMPLE")}
    assert keys == {"ada@xn--bcher-kva.example"}


def test_a_sender_has_a_name_or_none():
    assert MailAddress.parse("Shop & Sons <a@b.example>") == ("Shop & Sons", "a@b.example")
    assert MailAddress.parse(" a@b.example ") == ("", "a@b.example")
    for wrong in ("Shop <a@b.example>\nBcc: x@y.example", "Shop\n <a@b.example>", "<>", "Shop", 'a"b <a@b.example>'):
        with pytest.raises(ValueError):  # noqa: PT011
            MailAddress.parse(wrong)
