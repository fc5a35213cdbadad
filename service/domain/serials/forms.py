"""Forms of serial numbers, and the registries whose name implies one."""

import re
import unicodedata
from enum import StrEnum

from service.errors import Code, Refused


class SerialForm(StrEnum):
    """The way in which a registry writes serial numbers. The values are stored and never change."""

    PLAIN = "plain"
    """A prefix and a number, which is a whole run of digits, such as OAK-1."""
    VERRA = "verra"
    GOLD_STANDARD = "gold_standard"
    CAR = "car"
    ACR = "acr"
    ART = "art"
    """ART (Architecture for REDD+ Transactions) and FCPF (Forest Carbon Partnership Facility)."""
    BIOCARBON = "biocarbon"
    CERCARBONO = "cercarbono"
    PURO = "puro"
    """Puro serials with a UUID; the old ones begin with the 18 digits of a GSRN."""
    MARKIT = "markit"
    """Markit, now S&P Global: CarbonFix, UK Land Carbon."""
    ERS = "ers"
    KYOTO = "kyoto"
    """Units of the Kyoto Protocol, among them CERs of the CDM."""
    NATIONAL = "national"
    """National registries that run the software of UNDP, both of its versions."""
    NONE = "none"
    """A registry that does not number credits; a batch has a reference and a mass."""


_REGISTRIES: dict[SerialForm, tuple[str, ...]] = {
    SerialForm.VERRA: ("Verra", "Verra Registry", "VCS", "Verified Carbon Standard"),
    SerialForm.GOLD_STANDARD: ("Gold Standard", "GS", "The Gold Standard", "Gold Standard for the Global Goals"),
    SerialForm.CAR: ("Climate Action Reserve", "CAR"),
    SerialForm.ACR: ("American Carbon Registry", "ACR"),
    SerialForm.ART: ("ART", "ART TREES", "Architecture for REDD+ Transactions"),
    SerialForm.BIOCARBON: ("BioCarbon", "BioCarbon Standard", "BioCarbon Registry", "BCR"),
    SerialForm.CERCARBONO: ("Cercarbono",),
    SerialForm.PURO: ("Puro", "Puro.earth", "Puro Registry", "Puro Standard"),
    SerialForm.MARKIT: ("Markit", "IHS Markit", "S&P Global", "CarbonFix", "CarbonFix Standard"),
    SerialForm.ERS: ("ERS", "Ecosystem Restoration Standard"),
    SerialForm.KYOTO: ("CDM", "CDM Registry", "Clean Development Mechanism"),
    SerialForm.NONE: ("Isometric",),
}


def _plain_name(name: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


_IMPLIED = {_plain_name(name): form for form, names in _REGISTRIES.items() for name in names}


def implied_form(registry_name: str) -> SerialForm | None:
    """Return the one form that the registry writes, or None if its name does not determine one. Letter case, blanks and
    signs of the name do not matter.
    """
    return _IMPLIED.get(_plain_name(registry_name))


def form_of(given: SerialForm | None, registry_name: str) -> SerialForm:
    """Return the given form, else the one that the registry implies. Refuses `BAD_USER_INPUT` if neither exists: a form
    is never guessed from the text of a serial.
    """
    form = given or implied_form(registry_name)
    if form is None:
        message = f"Give the serial form, because the registry uses several: one of {', '.join(SerialForm)}."
        raise Refused(Code.BAD_USER_INPUT, message, ("serial_form",))
    return form
