"""A step that several operations share: a picture is checked, and drawn once as a test, before it is stored as a
logo.
"""

from service.domain.logos import Logo, logo_of
from service.errors import Code, Refused
from service.operations.resources import Resources


async def checked_logo(resources: Resources, content: bytes) -> Logo:
    """Return the logo of these bytes. Refuses `BAD_USER_INPUT` as `logo_of`, and for a file that cannot be drawn."""
    logo = logo_of(content, now=resources.clock())
    if not await resources.drawer.shows(logo.content, logo.media_type):
        raise Refused(Code.BAD_USER_INPUT, "The file is damaged: no document can show it.", ("logo",))
    return logo
