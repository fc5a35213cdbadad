"""Inputs of quotes and orders, and their conversion to order requests and commands. Refusals have the path of the
faulty member.
"""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from uuid import UUID

import strawberry

from service.api.graphql.scalars import CurrencyCode, Metadata
from service.api.graphql.types.amounts import MassInput, MoneyInput
from service.api.graphql.types.node import parse_id
from service.domain.accounts import Caller
from service.domain.amounts import MassUnit
from service.domain.catalogue import BUNDLES_MAX, Selection, hundredths_of, selection_of
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


@strawberry.input(description="A bundle to buy, with the mass to buy of it.")
class BundleMassInput:
    bundle_id: strawberry.ID = strawberry.field(
        description="Id of the bundle to buy, as the bundle's field `id` shows it."
    )
    mass: MassInput = strawberry.field(
        description="Mass of the bundle's credits to buy: 0 to 1,000,000,000 tonnes. The sum over all bundles must be "
        "more than zero."
    )


@strawberry.input(description="A bundle, with its share of the mass of an order, a quote or a portfolio.")
class BundleShareInput:
    bundle_id: strawberry.ID = strawberry.field(
        description="Id of the bundle to buy, as the bundle's field `id` shows it."
    )
    percentage: Decimal | None = strawberry.field(
        default=None,
        description="Share of the mass in percent: more than 0, at most 100, with at most two decimals. Give "
        "percentages that sum to 100 for all bundles, or give none: then all bundles get equal shares.",
    )


@strawberry.input(description="A company or a person to name in the order.")
class PartyInput:
    name: str = strawberry.field(
        description="Name of the company or person: 1 to 200 characters that documents can show."
    )
    email: str | None = strawberry.field(
        default=None, description="Email address of the party: 1 to 200 characters. By default none is stored."
    )
    tax_id: str | None = strawberry.field(
        default=None, description="Tax number of the party: 1 to 200 characters. By default none is stored."
    )

    def party(self, *path: str) -> dict[str, str]:
        given = {"name": self.name, "email": self.email, "tax_id": self.tax_id}
        spelled = {"name": "name", "email": "email", "tax_id": "taxId"}
        return {
            name: kept_text(text, NAME_LENGTH_MAX, *path, spelled[name])
            for name, text in given.items()
            if text is not None
        }


@strawberry.input(
    description="Parties that an order's certificate names: the recipient of the certificate, and the party for which "
    "the credits are retired."
)
class BeneficiaryInput:
    recipient: PartyInput | None = strawberry.field(
        default=None,
        description="Party that the certificate is issued to. By default the account's `beneficiary`, or else its "
        "`name`, is used.",
    )
    retirement: PartyInput | None = strawberry.field(
        default=None,
        description="Party for which the credits are retired. By default the account's `beneficiary`, or else its "
        "`name`, is used.",
    )

    def beneficiary(self) -> Beneficiary | None:
        parties = {"recipient": self.recipient, "retirement": self.retirement}
        return {role: party.party("beneficiary", role) for role, party in parties.items() if party} or None


@strawberry.input
class ChoiceInput:
    selection: list[BundleShareInput] | None = strawberry.field(
        default=None,
        description="Bundles to buy, with their shares: 1 to 20 bundles. If neither `selection` nor `portfolioId` is "
        "given, the account's portfolio is bought. Not allowed with `portfolioId`.",
    )
    portfolio_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Id of the portfolio to buy, as the portfolio's field `id` shows it. If neither `selection` nor "
        "`portfolioId` is given, the account's portfolio is bought. Not allowed with `selection`.",
    )
    step: MassUnit = strawberry.field(
        default=MassUnit.GRAM,
        description="Unit to which the mass of each bundle is rounded down; by default `GRAM`. The fraction of a unit "
        "that is cut off is neither quoted nor ordered.",
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
    """Return the selection for the shares. Paths of refusals begin below them."""
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
        description="Mass to buy in total: more than 0, at most 1,000,000,000 tonnes. The mass is divided among the "
        "bundles by their shares. Give either `mass` or `bundleMasses`.",
    )
    bundle_masses: list[BundleMassInput] | None = strawberry.field(
        default=None,
        description="Bundles to buy, each with its own mass: 1 to 20 bundles. Give either `mass` or `bundleMasses`. "
        "The member `bundleMasses` is not allowed with `selection` or `portfolioId`.",
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None,
        description="Currency of the prices and costs (ISO 4217 code). By default the account's `currency` is used.",
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
        description="Maximum sum to spend, including commission; more than zero. The currency of this sum is the "
        "currency of the order or quote."
    )

    def value_request(self) -> OrderRequest:
        return _value_request(self, self.value)


def _value_request(choice: ChoiceInput, sum_to_spend: MoneyInput) -> OrderRequest:
    value = at(["value", "amount"], sum_to_spend.at_most)
    return choice.order_request(ByValue(value.minor_units), value.currency)


@strawberry.input(
    description="Mass, sum of money or estimate to price, and the bundles to buy. Give exactly one of `mass`, "
    "`bundleMasses`, `value` and `estimateId`."
)
class PriceInput(_ByMass):
    value: MoneyInput | None = strawberry.field(
        default=None,
        description="Maximum sum to spend, including commission; more than zero. The currency of this sum is the "
        "currency of the price, so `currency` must be left out or be the same.",
    )
    estimate_id: strawberry.ID | None = strawberry.field(
        default=None, description="Id of the estimate to price, as the estimate's field `id` shows it."
    )

    async def request(self, of_estimate: Callable[[str], Awaitable[OrderRequest]]) -> OrderRequest:
        """Return the order request for the one size that is given. `of_estimate` returns the request for an estimate's
        id.
        """
        sizes = (self.mass, self.bundle_masses, self.value, self.estimate_id)
        if sum(size is not None for size in sizes) != 1:
            raise Refused(
                Code.BAD_USER_INPUT, "Give exactly one of `mass`, `bundleMasses`, `value` and `estimateId`.", ("mass",)
            )
        if self.estimate_id is not None:
            return await of_estimate(self.estimate_id)
        if self.value is None:
            return self.mass_request()
        if self.currency not in {None, self.value.currency}:
            raise Refused(Code.BAD_USER_INPUT, "The currency of a price by value is that of `value`.", ("currency",))
        return _value_request(self, self.value)


@strawberry.input
class CommandInput:
    idempotency_key: str = strawberry.field(
        description="Key that the caller chooses for the order: 1 to 512 characters, different for each order of the "
        "account. A retry with the same key and input returns the existing order. The same key with another input is "
        "refused `IDEMPOTENCY_KEY_REUSED`. Keys never expire."
    )
    maximum_total: MoneyInput | None = strawberry.field(
        default=None,
        description="Maximum total cost of the order, including commission, in the order's currency. An order that "
        "would cost more is refused `MAXIMUM_TOTAL_EXCEEDED`. By default there is no maximum.",
    )
    allow_backorder: bool = strawberry.field(
        default=True,
        description="True, the default: an order for more credits than are in stock is accepted, and credits are set "
        "aside for the order when they arrive. False: such an order is refused `INSUFFICIENT_CREDITS`.",
    )
    pay_with_balance: BalanceUse = strawberry.field(
        default=BalanceUse.NONE,
        description="Part of the total that the prepaid balance in the order's currency pays at once; by default "
        "`NONE`. For a client account, this is the parent's balance. If a client account's own API key places the "
        "order, the account's `mayUseBalance` must be true: otherwise AVAILABLE pays nothing, and WHOLE is refused "
        "`INSUFFICIENT_BALANCE`.",
    )
    beneficiary: BeneficiaryInput | None = strawberry.field(
        default=None,
        description="Parties that the order's certificate names: the recipient of the certificate, and the party for "
        "which the credits are retired. By default the account's `beneficiary`, or else its `name`, is used.",
    )
    customer: str | None = strawberry.field(
        default=None,
        description="Name of the customer that the order is placed for, at most 200 characters. By default no "
        "customer is named.",
    )
    description: str | None = strawberry.field(
        default=None,
        description="Note to attach to the order, at most 1,000 characters. By default no note is attached.",
    )
    metadata: Metadata | None = strawberry.field(
        default=None,
        description="Data to attach to the order. The service returns the data unchanged and does not interpret it. "
        "By default no data is attached.",
    )
    callback_url: str | None = strawberry.field(
        default=None,
        description="Address to store with the order: an https address on the internet, of at most 2,000 characters. "
        "An order in SAR is sent to it, in the form of the carbon-engine API, whenever it changes. By default no "
        "address is stored.",
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
        description="True sets the quoted credits aside until an order is placed from the quote or the quote expires. "
        "False, the default, sets no credits aside. If true and too few credits are in stock, the quote is refused "
        "`INSUFFICIENT_CREDITS`. For live accounts, the seller limits the part of a bundle's stock that quotes may "
        "set aside, and the number of such quotes. Beyond these limits, the quote is refused `HOLD_LIMIT_EXCEEDED`. "
        "The limits apply to an account, its parent and all client accounts of the parent together.",
    )


@strawberry.input(description="Quote for a mass of credits, given in total or for each bundle.")
class QuoteByMassInput(QuoteCommandInput, _ByMass):
    pass


@strawberry.input(description="Quote for the largest mass of credits that a sum of money buys.")
class QuoteByValueInput(QuoteCommandInput, _ByValue):
    pass


@strawberry.input(description="Order of a mass of credits, given in total or for each bundle.")
class CreateOrderByMassInput(CommandInput, _ByMass):
    pass


@strawberry.input(description="Order of the largest mass of credits that a sum of money buys.")
class CreateOrderByValueInput(CommandInput, _ByValue):
    pass


@strawberry.input(description="Order from a quote. The order has the bundles, masses and prices of the quote.")
class CreateOrderFromQuoteInput(CommandInput):
    quote_id: strawberry.ID = strawberry.field(
        description="Id of the quote to order from, as the quote's field `id` shows it. One order can be placed from "
        "each quote."
    )

    def quoted(self) -> FromQuote:
        return FromQuote(parse_id("Quote", self.quote_id, "quoteId"))
