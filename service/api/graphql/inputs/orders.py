"""Inputs of quotes and orders, and their conversion to order requests and commands. Refusals have the path of the
faulty member.
"""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import strawberry

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
from service.errors import Code, Refused, at

BUNDLES_MAX = 20


@strawberry.input(description="A mass to buy of one bundle.")
class BundleMassInput:
    bundle_id: strawberry.ID = strawberry.field(description="Global id of the bundle to buy.")
    mass: MassInput = strawberry.field(description="Mass of credits to buy of the bundle.")


@strawberry.input(description="One bundle's share of an order, a quote or a portfolio.")
class BundleShareInput:
    bundle_id: strawberry.ID = strawberry.field(description="Global id of the bundle to buy.")
    percentage: Decimal | None = strawberry.field(
        default=None,
        description="Share of the mass in percent, with at most two decimals. Give it for all bundles, so that they "
        "sum to 100, or for none: then all bundles get equal shares.",
    )


@strawberry.input(description="A company or a person, by name.")
class PartyInput:
    name: str = strawberry.field(description="Name of the company or person, 1 to 200 characters.")
    email: str | None = strawberry.field(default=None, description="Email address, 1 to 200 characters.")
    tax_id: str | None = strawberry.field(default=None, description="Tax number, 1 to 200 characters.")

    def party(self, *path: str) -> dict[str, str]:
        given = {"name": self.name, "email": self.email, "tax_id": self.tax_id}
        spelled = {"name": "name", "email": "email", "tax_id": "taxId"}
        return {
            name: kept_text(text, NAME_LENGTH_MAX, *path, spelled[name])
            for name, text in given.items()
            if text is not None
        }


@strawberry.input(
    description="The party that the certificate is issued to, and the party for which the credits are retired."
)
class BeneficiaryInput:
    recipient: PartyInput | None = strawberry.field(
        default=None, description="Party that the certificate is issued to; the account's own company by default."
    )
    retirement: PartyInput | None = strawberry.field(
        default=None, description="Party for which the credits are retired; the account's own company by default."
    )

    def beneficiary(self) -> Beneficiary | None:
        parties = {"recipient": self.recipient, "retirement": self.retirement}
        return {role: party.party("beneficiary", role) for role, party in parties.items() if party} or None


@strawberry.input
class ChoiceInput:
    selection: list[BundleShareInput] | None = strawberry.field(
        default=None,
        description="Bundles to buy with their shares, 1 to 20. By default the portfolio in `portfolioId` is bought, "
        "or else the account's portfolio. Not allowed with `portfolioId`.",
    )
    portfolio_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Id of the portfolio to buy; the account's portfolio by default. Not allowed with `selection`.",
    )
    step: MassUnit = strawberry.field(
        default=MassUnit.GRAM,
        description="Unit to which the mass of each bundle is rounded down; the gram by default. The fraction that is "
        "cut off is not ordered.",
    )

    def order_request(self, ask: Ask, currency: str | None) -> OrderRequest:
        if self.selection is not None and self.portfolio_id is not None:
            raise Refused(Code.SELECTION_INVALID, "Give either `selection` or `portfolioId`, not both.", ("selection",))
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
    """Return the selection of the shares; a refusal's path starts below them."""
    if len(shares) > BUNDLES_MAX:
        raise Refused(Code.SELECTION_INVALID, f"Give at most {BUNDLES_MAX} bundles.")
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
        default=None,
        description="Mass to buy in total, divided among the bundles. Give either `mass` or `bundleMasses`.",
    )
    bundle_masses: list[BundleMassInput] | None = strawberry.field(
        default=None,
        description="Masses to buy of 1 to 20 bundles. Give either `mass` or `bundleMasses`. Not allowed with "
        "`selection` or `portfolioId`.",
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None, description="Currency to pay in (ISO 4217 code); the account's currency by default."
    )

    def mass_request(self) -> OrderRequest:
        if (self.mass is None) == (self.bundle_masses is None):
            raise Refused(Code.BAD_USER_INPUT, "Give either `mass` or `bundleMasses`, not both.", ("mass",))
        if self.mass is not None:
            return self.order_request(ByMass(at(["mass", "amount"], self.mass.grams)), self.currency)
        if self.selection is not None or self.portfolio_id is not None:
            raise Refused(Code.SELECTION_INVALID, "bundleMasses choose the bundles themselves.", ("bundleMasses",))
        return self.order_request(at(["bundleMasses"], lambda: _bundle_masses(self.bundle_masses or [])), self.currency)


def _bundle_masses(masses: Sequence[BundleMassInput]) -> ByBundleMasses:
    if not 0 < len(masses) <= BUNDLES_MAX:
        raise Refused(Code.SELECTION_INVALID, f"Give masses of 1 to {BUNDLES_MAX} bundles.")
    return ByBundleMasses(
        tuple(
            (parse_id("Bundle", each.bundle_id, index, "bundleId"), at([index, "mass", "amount"], each.mass.grams))
            for index, each in enumerate(masses)
        )
    )


@strawberry.input
class _ByValue(ChoiceInput):
    value: MoneyInput = strawberry.field(
        description="Maximum sum to spend, including commission. The order or quote is in its currency."
    )

    def value_request(self) -> OrderRequest:
        value = at(["value", "amount"], self.value.at_most)
        return self.order_request(ByValue(value.minor_units), value.currency)


@strawberry.input
class CommandInput:
    idempotency_key: str = strawberry.field(
        description="Key chosen by the caller, 1 to 512 characters, once for each order. A retry with the same key and "
        "input returns the existing order; the same key with another input is refused. Keys never expire."
    )
    maximum_total: MoneyInput | None = strawberry.field(
        default=None, description="Maximum total cost, including commission. An order that would cost more is refused."
    )
    allow_backorder: bool = strawberry.field(
        default=True,
        description="If true, an order for more credits than are in stock is accepted, and credits are delivered as "
        "they arrive. If false, such an order is refused. True by default.",
    )
    pay_with_balance: BalanceUse = strawberry.field(
        default=BalanceUse.NONE,
        description="Part of the total to pay from the account's balance in the order's currency; nothing by default. "
        "A client account's own API key pays from the parent's balance, which requires `mayUseBalance`: without it, "
        "AVAILABLE pays nothing and WHOLE is refused `INSUFFICIENT_BALANCE`.",
    )
    beneficiary: BeneficiaryInput | None = strawberry.field(
        default=None,
        description="Parties that the certificate is issued to and the credits are retired for; the account's own "
        "company by default.",
    )
    customer: str | None = strawberry.field(
        default=None, description="Name of the customer that the order is placed for, at most 200 characters."
    )
    description: str | None = strawberry.field(
        default=None, description="Note to attach to the order, at most 1,000 characters."
    )
    metadata: Metadata | None = strawberry.field(
        default=None,
        description="Data to attach to the order. The service returns it unchanged and does not interpret it.",
    )
    callback_url: str | None = strawberry.field(
        default=None,
        description="Address to which changes of the order are reported: an absolute https address of at most 2,000 "
        "characters.",
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
        description="If true, sets the quoted credits aside until the quote is used or expires; false by default. "
        "Refused `INSUFFICIENT_CREDITS` if stock is too low. Refused `HOLD_LIMIT_EXCEEDED` if the open quotes of a "
        "live account, its parent and the parent's other client accounts would set aside more than the permitted part "
        "of a bundle's stock, or would be too many.",
    )


@strawberry.input(description="A mass to quote, in total or for each bundle.")
class QuoteByMassInput(QuoteCommandInput, _ByMass):
    pass


@strawberry.input(description="A sum of money to spend, for which a quote is wanted.")
class QuoteByValueInput(QuoteCommandInput, _ByValue):
    pass


@strawberry.input(description="A mass to order, in total or for each bundle.")
class CreateOrderByMassInput(CommandInput, _ByMass):
    pass


@strawberry.input(description="A sum of money to spend. The order is for the largest mass that the sum buys.")
class CreateOrderByValueInput(CommandInput, _ByValue):
    pass


@strawberry.input(description="An order from a quote, with the bundles, masses and prices of the quote.")
class CreateOrderFromQuoteInput(CommandInput):
    quote_id: strawberry.ID = strawberry.field(
        description="Id of the quote to order from. Each quote can be used for one order."
    )

    def quoted(self) -> FromQuote:
        return FromQuote(parse_id("Quote", self.quote_id, "quoteId"))
