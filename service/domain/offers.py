"""An account's offers: its bundles with their prices, and the price of an order request among them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account
from service.domain.catalogue import Selection, Tariff
from service.domain.order import Ask, ByBundleMasses, ByMass, ByValue, ByWholeKilograms, OrderRequest
from service.domain.pricing import Pricing, Terms, price_by_bundle_masses, price_by_mass, price_by_value
from service.domain.pricing_by_sum import price_by_sum
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True)
class OfferedPortfolio:
    """A portfolio's bundles. A portfolio without an owner may be used by every account."""

    owner: UUID | None
    selection: Selection


@dataclass(frozen=True, slots=True)
class Offers:
    """The part of the catalogue that a group of order requests needs, read at once.

    `sold` holds the bundles that are not disabled, `tariffs` the price tiers by currency.
    """

    portfolios: Mapping[UUID, OfferedPortfolio]
    sold: Collection[UUID]
    tariffs: Mapping[str, Tariff]


_SIZE_CODES = frozenset({Code.QUANTITY_INVALID, Code.BAD_USER_INPUT, Code.SELECTION_INVALID})
"""Codes with which pricing refuses the size of a request: the mass, the sum of money, or the masses of several
bundles.
"""


def currency_of(order_request: OrderRequest, account: Account) -> str:
    """Return the order request's currency, or the account's."""
    return order_request.currency or account.currency


def portfolio_of(order_request: OrderRequest, account: Account) -> UUID | None:
    """Return the portfolio that determines the bundles, or None if the order request names bundles itself."""
    if order_request.selection is not None or isinstance(order_request.ask, ByBundleMasses):
        return None
    return order_request.portfolio_id or account.portfolio_id


def named_bundles(order_request: OrderRequest) -> tuple[UUID, ...]:
    """Return the bundles that the order request itself names."""
    if isinstance(order_request.ask, ByBundleMasses):
        return tuple(bundle_id for bundle_id, _ in order_request.ask.masses_g)
    return tuple(weight.bundle_id for weight in order_request.selection or ())


def price_request(order_request: OrderRequest, account: Account, offers: Offers) -> Pricing:
    """Return the order request's price at the account's terms. Refuses bundles that are unknown, not sold or
    unpriced.
    """
    currency = currency_of(order_request, account)
    terms = Terms(
        currency=currency,
        commission_hundredths=account.commission_hundredths,
        step=order_request.step,
        whole_mass=order_request.whole_mass,
    )
    tariff = offers.tariffs.get(currency, {})
    try:
        return _price(order_request, account, offers, tariff, terms)
    except Refused as refusal:
        if refusal.code is Code.CURRENCY_UNAVAILABLE:
            refusal.path = refusal.path or ("currency",)
        elif refusal.code in _SIZE_CODES:
            refusal.path = refusal.path or (_size_member(order_request.ask),)
        raise


def _price(order_request: OrderRequest, account: Account, offers: Offers, tariff: Tariff, terms: Terms) -> Pricing:
    if isinstance(order_request.ask, ByBundleMasses):
        _refuse_unsold(named_bundles(order_request), offers, "bundle_masses")
        return price_by_bundle_masses(order_request.ask.masses_g, tariff, terms)
    selection = _selection_for(order_request, account, offers)
    match order_request.ask:
        case ByMass(mass_g):
            return price_by_mass(mass_g, selection, tariff, terms)
        case ByValue(value_minor):
            return price_by_value(value_minor, selection, tariff, terms)
        case ByWholeKilograms(value_minor):
            return price_by_sum(value_minor, selection, tariff, terms)


def _size_member(ask: Ask) -> str:
    """Return the name of the request's member that determines the mass."""
    match ask:
        case ByMass(_, None):
            return "mass"
        case ByMass():
            return "estimate_id"
        case ByBundleMasses():
            return "bundle_masses"
        case ByValue() | ByWholeKilograms():
            return "value"


def _selection_for(order_request: OrderRequest, account: Account, offers: Offers) -> Selection:
    if order_request.selection is not None:
        _refuse_unsold((weight.bundle_id for weight in order_request.selection), offers, "selection")
        return order_request.selection
    path = () if order_request.portfolio_id is None else ("portfolio_id",)
    portfolio = offers.portfolios.get(order_request.portfolio_id or account.portfolio_id)
    if portfolio is None or portfolio.owner not in {None, account.id}:
        raise Refused(Code.NOT_FOUND, "There is no such portfolio.", path)
    if any(weight.bundle_id not in offers.sold for weight in portfolio.selection):
        raise Refused(
            Code.BUNDLE_UNAVAILABLE, "A bundle of the portfolio is no longer on sale. Select bundles that are.", path
        )
    return portfolio.selection


def _refuse_unsold(bundle_ids: Iterable[UUID], offers: Offers, where: str) -> None:
    for index, bundle_id in enumerate(bundle_ids):
        if bundle_id not in offers.sold:
            raise Refused(Code.BUNDLE_UNAVAILABLE, "There is no such bundle on sale.", (where, index))
