import hashlib
import hmac
import re
import secrets
import string

import pytest

from service.domain import api_keys
from service.domain.api_keys import ID_BYTES, SECRET_BYTES, Scope, digest, generate_key, matches, parse
from service.domain.catalogue import Mode

PEPPER = b"a pepper that lives outside of the database"


def random_key(mode=Mode.LIVE):
    return generate_key(mode, secrets.token_bytes(ID_BYTES), secrets.token_bytes(SECRET_BYTES))


def test_a_key_is_its_prefix_its_id_its_secret_and_a_checksum():
    key = generate_key(Mode.TEST, bytes(ID_BYTES), bytes(SECRET_BYTES))

    assert key.key_id == "0" * 14
    assert key.text == "co_test_" + "0" * 14 + "_" + "0" * 43 + "3YEdsK"
    widest = generate_key(Mode.LIVE, b"\xff" * ID_BYTES, b"\xff" * SECRET_BYTES)
    assert len(widest.text) == len(key.text) == 72


def test_a_key_carries_every_bit_it_was_given():
    base = string.digits + string.ascii_uppercase + string.ascii_lowercase
    id_bits, secret_bits = secrets.token_bytes(ID_BYTES), secrets.token_bytes(SECRET_BYTES)
    _, _, key_id, secret = generate_key(Mode.LIVE, id_bits, secret_bits).text.split("_")

    def number(digits):
        return sum(base.index(digit) * 62**place for place, digit in enumerate(reversed(digits)))

    assert number(key_id) == int.from_bytes(id_bits)
    assert number(secret[:43]) == int.from_bytes(secret_bits)
    assert SECRET_BYTES * 8 >= 256


@pytest.mark.parametrize("mode", Mode)
def test_a_minted_key_parses_into_its_parts(mode):
    key = random_key(mode)
    parsed = parse(key.text)

    assert (parsed.mode, parsed.key_id, parsed.text) == (mode, key.key_id, key.text)
    assert re.fullmatch(r"[A-Za-z0-9_]+", key.text)


def test_every_single_mistyped_character_is_noticed():
    text = random_key().text

    for place, was in enumerate(text):
        for typed in "0aZ_-~":
            if typed != was:
                assert parse(text[:place] + typed + text[place + 1 :]) is None


def test_swapped_neighbours_are_noticed():
    text = random_key().text

    for place in range(len(text) - 1):
        swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        assert swapped == text or parse(swapped) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.upper(),
        lambda text: text.replace("co_live", "co_test"),
        lambda text: text.replace("co_live", "sk_live"),
        lambda text: text.replace(text[10], "\u0661"),  # a digit, but not an ASCII one
        lambda text: "x" * 1_000_000,
    ],
)
def test_what_is_not_a_key_is_none(spoil):
    assert parse(spoil(random_key().text)) is None


def test_a_digest_is_the_hmac_of_the_whole_key_under_the_pepper():
    text = random_key().text

    assert digest(text, PEPPER) == hmac.new(PEPPER, text.encode(), hashlib.sha256).hexdigest()
    assert text not in digest(text, PEPPER)
    with pytest.raises(ValueError, match="pepper"):
        digest(text, b"")


def test_only_the_key_that_was_issued_matches():
    key, other = random_key(), random_key()
    stored = digest(key.text, PEPPER)

    assert matches(parse(key.text), stored, PEPPER)
    assert not matches(parse(other.text), stored, PEPPER)
    assert not matches(parse(key.text), stored, PEPPER + b".")
    assert not matches(parse(key.text), stored[:-1], PEPPER)
    assert not matches(parse(key.text), "", PEPPER)
    assert not matches(parse(key.text), "é" * 64, PEPPER)


def test_the_same_bits_in_the_other_mode_do_not_match():
    bits = secrets.token_bytes(ID_BYTES), secrets.token_bytes(SECRET_BYTES)
    live, test = generate_key(Mode.LIVE, *bits), generate_key(Mode.TEST, *bits)

    assert live.key_id == test.key_id
    assert not matches(parse(test.text), digest(live.text, PEPPER), PEPPER)


def test_digests_are_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(api_keys.hmac, "compare_digest", lambda one, other: compared.append((one, other)) or True)
    key = random_key()
    stored = digest(key.text, PEPPER)

    assert matches(parse(key.text), stored, PEPPER)
    assert compared == [(stored.encode(), stored.encode())]


def test_a_key_does_not_show_itself_in_a_traceback_or_log():
    key = random_key()

    assert key.text not in repr(key)
    assert key.text not in repr(parse(key.text))


@pytest.mark.parametrize(("id_bytes", "secret_bytes"), [(9, 32), (11, 32), (10, 31), (10, 33), (0, 0)])
def test_minting_refuses_too_few_and_too_many_bits(id_bytes, secret_bytes):
    with pytest.raises(ValueError, match="10 bytes"):
        generate_key(Mode.LIVE, bytes(id_bytes), bytes(secret_bytes))


def test_scopes_have_the_names_that_keys_are_stored_with():
    stored = ["orders:read", "orders:write", "catalogue:read", "operator", "account:manage"]
    assert [scope.value for scope in Scope] == stored
