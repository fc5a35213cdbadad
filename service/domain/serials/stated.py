"""Serials as an operator states them, before the form is known."""

from dataclasses import dataclass

from service.domain.amounts import GRAMS_PER_TONNE
from service.domain.serials.block import SerialBlock, UnnumberedBatch, legacy_block
from service.domain.serials.collisions import Block
from service.domain.serials.forms import SerialForm, form_of, implied_form
from service.domain.serials.reading import read_prefix, read_serials, read_unnumbered, refuse_unless_mass
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedSerials:
    """Serials as an operator states them, in one of these ways: `serial_range`; `first_serial` and `last_serial`; all
    three (Cercarbono); `registry_reference` if the registry does not number credits; `serial_prefix` and
    `serial_start`, the older way, which is the form PLAIN.
    """

    serial_form: SerialForm | None = None
    serial_range: str | None = None
    first_serial: str | None = None
    last_serial: str | None = None
    registry_reference: str | None = None
    serial_prefix: str | None = None
    serial_start: int | None = None

    @property
    def member(self) -> str:
        """Return the name of the member that is named when these serials are refused."""
        for name in ("serial_range", "first_serial", "registry_reference"):
            if getattr(self, name) is not None:
                return name
        return "serial_start"

    def read(self, registry_name: str, issued_g: int) -> Block:
        """Return the block or the reference of a batch with this mass. Refuses `BAD_USER_INPUT` for any other
        combination of members, if the form is neither given nor implied by the registry, for a text that does not match
        the form, and unless the number of serials equals the tonnes.
        """
        if self.serial_prefix is not None or self.serial_start is not None:
            return self._read_prefix(issued_g)
        given = (self.serial_range, self.first_serial, self.last_serial)
        if all(text is None for text in given):
            return self._read_reference(registry_name, issued_g)
        form = form_of(self.serial_form, registry_name)
        if self.registry_reference is not None:
            message = "Give either serials or the registry's reference, not both."
            raise Refused(Code.BAD_USER_INPUT, message, ("registry_reference",))
        block = read_serials(
            form, serial_range=self.serial_range, first_serial=self.first_serial, last_serial=self.last_serial
        )
        refuse_unless_mass(block, issued_g)
        return block

    def restates(self, existing: Block, registry_name: str, issued_g: int) -> bool:
        """Return True if these are the serials of a batch that was received before, perhaps under older rules."""
        prefix, start = self.serial_prefix, self.serial_start
        try:
            if prefix is not None and start is not None and legacy_block(prefix, start, issued_g) == existing:
                return True
            return self.read(registry_name, issued_g) == existing
        except (Refused, ValueError):  # A number below 0 is not in any block.
            return False

    def _read_prefix(self, issued_g: int) -> SerialBlock:
        others = {
            "serial_range": self.serial_range,
            "first_serial": self.first_serial,
            "last_serial": self.last_serial,
            "registry_reference": self.registry_reference,
        }
        for name, value in others.items():
            if value is not None:
                message = "Give the serial prefix and start, or the serials in another way, not both."
                raise Refused(Code.BAD_USER_INPUT, message, (name,))
        if self.serial_form not in (None, SerialForm.PLAIN):
            message = f"The form {self.serial_form} has no prefix and start. Give the serial range."
            raise Refused(Code.BAD_USER_INPUT, message, ("serial_prefix",))
        if self.serial_prefix is None or self.serial_start is None:
            missing = "serial_prefix" if self.serial_prefix is None else "serial_start"
            raise Refused(Code.BAD_USER_INPUT, "Give both the serial prefix and the serial start.", (missing,))
        return read_prefix(self.serial_prefix, self.serial_start, -(-issued_g // GRAMS_PER_TONNE))

    def _read_reference(self, registry_name: str, issued_g: int) -> UnnumberedBatch:
        form = self.serial_form or implied_form(registry_name)
        if self.registry_reference is not None:
            form = form_of(form, registry_name)
        if form is not SerialForm.NONE:
            message = "Give the serial range, or the first and the last serial."
            raise Refused(Code.BAD_USER_INPUT, message, ("serial_range",))
        if self.registry_reference is None:
            message = "The registry does not number credits. Give the registry's reference for this batch."
            raise Refused(Code.BAD_USER_INPUT, message, ("registry_reference",))
        return read_unnumbered(self.registry_reference, issued_g)
