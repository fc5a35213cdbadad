"""Inputs of quotes and orders, and how they become order requests and commands. Refuses with the path of the fault."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import strawberry

from service.api.graphql.inputs.fault_paths import at
from service.api.graphql.scalars import CurrencyCode, Metadata
from service.api.graphql.types.amounts import MassInput, MoneyInput
from service.api.graphql.types.node import parse_id
from service.domain.accounts import Caller
from service.domain.amounts import MassUnit
from service.domain.catalogue import Selection, hundredths_of, selection_of
from service.domain.order import (
    Ask,
    BalanceUse,
    Beneficiary,
    ByBundleMasses,
    ByMass,
    ByValue,
    FromQuote,
    OrderRequest,
    PlaceOrder,
    Source,
)
from service.domain.texts import (
    DESCRIPTION_LENGTH_MAX,
    IDEMPOTENCY_KEY_LENGTH_MAX,
    NAME_LENGTH_MAX,
    kept_text,
    kept_url,
)
from service.errors import Code, Refused

BUNDLES_MAX = 20


@strawberry.input(description="A mass of one bundle.")
class BundleMassInput:
    bundle_id: strawberry.ID = strawberry.field(description="The bundle.")
    mass: MassInput = strawberry.field(description="How much of it.")


@strawberry.input(description="A bundle's part of an order.")
class BundleShareInput:
    bundle_id: strawberry.ID = strawberry.field(description="The bundle.")
    percentage: Decimal | None = strawberry.field(
        default=None,
        description="Percent of the mass, at most two decimals. Give it for all bundles, to sum to 100, or for none: "
        "then all get the same.",
    )


@strawberry.input(description="A company or a person.")
class PartyInput:
    name: str = strawberry.field(description="The name: 1 to 200 characters.")
    email: str | None = strawberry.field(default=None, description="The email address.")
    tax_id: str | None = strawberry.field(default=None, description="The tax number.")

    def party(self, *path: str) -> dict[str, str]:
        given = {"name": self.name, "email": self.email, "tax_id": self.tax_id}
        spelled = {"name": "name", "email": "email", "tax_id": "taxId"}
        return {
            name: kept_text(text, NAME_LENGTH_MAX, *path, spelled[name])
            for name, text in given.items()
            if text is not None
        }


@strawberry.input(description="Whom the certificate is made out to, and for whom the credits count.")
class BeneficiaryInput:
    recipient: PartyInput | None = strawberry.field(
        default=None, description="Whom the certificate is made out to; the account's own company without it."
    )
    retirement: PartyInput | None = strawberry.field(
        default=None, description="For whom the credits count; the account's own company without it."
    )

    def beneficiary(self) -> Beneficiary | None:
        parties = {"recipient": self.recipient, "retirement": self.retirement}
        return {role: party.party("beneficiary", role) for role, party in parties.items() if party} or None


@strawberry.input
class ChoiceInput:
    selection: list[BundleShareInput] | None = strawberry.field(
        default=None, description="The bundles to buy, at most 20. Without it, `portfolioId` or the account decides."
    )
    portfolio_id: strawberry.ID | None = strawberry.field(
        default=None, description="The portfolio to buy, instead of a selection; the account's without either."
    )
    step: MassUnit = strawberry.field(
        default=MassUnit.GRAM,
        description="Each bundle's share is cut to whole units of this; what is cut off is not ordered.",
    )

    def order_request(self, ask: Ask, currency: str | None) -> OrderRequest:
        if self.selection is not None and self.portfolio_id is not None:
            raise Refused(Code.SELECTION_INVALID, "Give a selection or a portfolio, not both.", ("selection",))
        return OrderRequest(
            ask=ask,
            selection=None
            if self.selection is None
            else at(["selection"], lambda: selection_from(self.selection or [])),
            portfolio_id=None if self.portfolio_id is None else parse_id("Portfolio", self.portfolio_id, "portfolioId"),
            currency=currency,
            step=self.step,
        )


def selection_from(shares: Sequence[BundleShareInput]) -> Selection:
    """The selection that the shares make; a refusal's path starts below them."""
    if len(shares) > BUNDLES_MAX:
        raise Refused(Code.SELECTION_INVALID, f"At most {BUNDLES_MAX} bundles.")
    return selection_of(
        [
            (
                parse_id("Bundle", share.bundle_id, index, "bundleId"),
                None if share.percentage is None else hundredths_of(format(share.percentage, "f"), index, "percentage"),
            )
            for index, share in enumerate(shares)
        ]
    )


@strawberry.input
class _ByMass(ChoiceInput):
    mass: MassInput | None = strawberry.field(
        default=None, description="The whole mass, split over the bundles. Either this or `bundleMasses`."
    )
    bundle_masses: list[BundleMassInput] | None = strawberry.field(
        default=None, description="A mass for each bundle, at most 20; then give no selection and no portfolio."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None, description="The currency to pay in: ISO 4217; the account's without it."
    )

    def mass_request(self) -> OrderRequest:
        if (self.mass is None) == (self.bundle_masses is None):
            raise Refused(Code.BAD_USER_INPUT, "Give either mass or bundleMasses.", ("mass",))
        if self.mass is not None:
            return self.order_request(ByMass(at(["mass", "amount"], self.mass.grams)), self.currency)
        if self.selection is not None or self.portfolio_id is not None:
            raise Refused(Code.SELECTION_INVALID, "bundleMasses choose the bundles themselves.", ("bundleMasses",))
        return self.order_request(at(["bundleMasses"], lambda: _bundle_masses(self.bundle_masses or [])), self.currency)


def _bundle_masses(masses: Sequence[BundleMassInput]) -> ByBundleMasses:
    if not 0 < len(masses) <= BUNDLES_MAX:
        raise Refused(Code.SELECTION_INVALID, f"Name 1 to {BUNDLES_MAX} bundles.")
    return ByBundleMasses(
        tuple(
            (parse_id("Bundle", each.bundle_id, index, "bundleId"), at([index, "mass", "amount"], each.mass.grams))
            for index, each in enumerate(masses)
        )
    )


@strawberry.input
class _ByValue(ChoiceInput):
    value: MoneyInput = strawberry.field(
        description="What to spend at most, commission included. Its currency is the order's."
    )

    def value_request(self) -> OrderRequest:
        value = at(["value", "amount"], self.value.at_most)
        return self.order_request(ByValue(value.minor_units), value.currency)


@strawberry.input
class CommandInput:
    idempotency_key: str = strawberry.field(
        description="Chosen by the caller, 1 to 512 characters, once for each order. A retry with the same key and "
        "the same input answers the order that stands; the same key with another input is refused. Keys never expire."
    )
    maximum_total: MoneyInput | None = strawberry.field(
        default=None, description="Refuse the order if its total would be above this."
    )
    allow_backorder: bool = strawberry.field(
        default=True,
        description="Whether to accept the order while credits are missing; they are delivered as they come in.",
    )
    pay_with_balance: BalanceUse = strawberry.field(
        default=BalanceUse.NONE,
        description="Whether to pay with what the account has prepaid in the order's currency. With a client account's "
        "own API key it pays from the parent's balance, and needs `mayUseBalance`: without it AVAILABLE takes nothing, "
        "and WHOLE is refused `INSUFFICIENT_BALANCE`.",
    )
    beneficiary: BeneficiaryInput | None = strawberry.field(
        default=None, description="For whom the credits are retired; the account's own company without it."
    )
    customer: str | None = strawberry.field(
        default=None, description="The customer it is bought for, in your words: up to 200 characters."
    )
    description: str | None = strawberry.field(default=None, description="A note of yours: up to 1,000 characters.")
    metadata: Metadata | None = strawberry.field(default=None, description="Your own data, kept and shown.")
    callback_url: str | None = strawberry.field(
        default=None, description="Where changes of the order are reported: an absolute https address."
    )

    def command(self, order_request: OrderRequest | FromQuote, *, order_id: UUID, caller: Caller) -> PlaceOrder:
        return PlaceOrder(
            order_id=order_id,
            account_id=caller.account.id,
            actor=caller.key_id,
            acts_for_client=caller.acts_for_client,
            source=Source.GRAPHQL,
            request=order_request,
            idempotency_key=kept_text(self.idempotency_key, IDEMPOTENCY_KEY_LENGTH_MAX, "idempotencyKey"),
            maximum_total=None
            if self.maximum_total is None
            else at(["maximumTotal", "amount"], self.maximum_total.at_most),
            allow_backorder=self.allow_backorder,
            pay_with_balance=self.pay_with_balance,
            customer=None
            if self.customer is None
            else kept_text(self.customer, NAME_LENGTH_MAX, "customer", required=False),
            description=None
            if self.description is None
            else kept_text(self.description, DESCRIPTION_LENGTH_MAX, "description", required=False),
            metadata=None if self.metadata is None else dict(self.metadata),
            callback_url=None if self.callback_url is None else kept_url(self.callback_url, "callbackUrl"),
            beneficiary=None if self.beneficiary is None else self.beneficiary.beneficiary(),
        )


@strawberry.input
class QuoteCommandInput:
    hold: bool = strawberry.field(
        default=False,
        description="Whether to set the credits aside until the quote expires; refused `INSUFFICIENT_CREDITS` when "
        "stock is short, and `HOLD_LIMIT_EXCEEDED` where a live account, its parent and its siblings would together "
        "hold more than a part of a bundle's stock, or hold by too many quotes.",
    )


@strawberry.input(description="What to quote, by mass.")
class QuoteByMassInput(QuoteCommandInput, _ByMass):
    pass


@strawberry.input(description="What to quote, by value.")
class QuoteByValueInput(QuoteCommandInput, _ByValue):
    pass


@strawberry.input(description="An order by mass.")
class CreateOrderByMassInput(CommandInput, _ByMass):
    pass


@strawberry.input(description="An order by value: as much as the sum buys.")
class CreateOrderByValueInput(CommandInput, _ByValue):
    pass


@strawberry.input(description="An order from a quote: its bundles, its masses, its price.")
class CreateOrderFromQuoteInput(CommandInput):
    quote_id: strawberry.ID = strawberry.field(description="The quote; it can be used once.")

    def quoted(self) -> FromQuote:
        return FromQuote(parse_id("Quote", self.quote_id, "quoteId"))
