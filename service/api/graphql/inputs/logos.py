"""Pictures in inputs of mutations, and the input of the mutation for the logo of an account."""

from base64 import b64decode

import strawberry

from service.errors import Code, Refused


@strawberry.input(description="Logo that an account is to have.")
class SetAccountLogoInput:
    logo: str | None = strawberry.field(
        description="Logo that the account's public page shows: a PNG, JPEG or SVG file of at most 65,536 bytes and "
        "4,000 by 4,000 pixels, in Base64. An SVG file may hold shapes and gradients, but no scripts, links, style "
        "sheets or text. Null removes the logo."
    )

    def content(self) -> bytes | None:
        return None if self.logo is None else bytes_of(self.logo, "logo")


def bytes_of(text: str, member: str) -> bytes:
    """Return the bytes of a file in Base64. Refuses `BAD_USER_INPUT` for any other text."""
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise Refused(Code.BAD_USER_INPUT, "Give the bytes of the file in Base64.", (member,)) from None
