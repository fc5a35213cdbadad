"""What an account is offered: its bundles and their prices, and the price of a wish among them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from service.domain.accounts import Account
from service.domain.catalogue import Selection, Tariff
from service.domain.order import ByBundleMasses, ByMass, ByValue, Wish
from service.domain.pricing import Pricing, Terms, price_by_bundle_masses, price_by_mass, price_by_value
from service.errors import Code, Refused


@dataclass(frozen=True, slots=True)
class OfferedPortfolio:
    """A portfolio's bundles; one without an owner may be used by every account."""

    owner: UUID | None
    selection: Selection


@dataclass(frozen=True, slots=True)
class Offers:
    """The part of the catalogue that some wishes touch, read in one go.

    `sold` holds the bundles that are not disabled, `tariffs` the price tiers by currency.
    """

    portfolios: Mapping[UUID, OfferedPortfolio]
    sold: Collection[UUID]
    tariffs: Mapping[str, Tariff]


def currency_of(wish: Wish, account: Account) -> str:
    """The wish's currency, else the account's."""
    return wish.currency or account.currency


def portfolio_of(wish: Wish, account: Account) -> UUID | None:
    """The portfolio that decides the bundles, or none where the wish names bundles itself."""
    if wish.selection is not None or isinstance(wish.ask, ByBundleMasses):
        return None
    return wish.portfolio_id or account.portfolio_id


def named_bundles(wish: Wish) -> tuple[UUID, ...]:
    """The bundles that the wish itself names."""
    if isinstance(wish.ask, ByBundleMasses):
        return tuple(bundle_id for bundle_id, _ in wish.ask.masses_g)
    return tuple(weight.bundle_id for weight in wish.selection or ())


def price_wish(wish: Wish, account: Account, offers: Offers) -> Pricing:
    """The price of the wish at the account's terms. Refuses what is unknown, not sold, unpriced, or not positive."""
    currency = currency_of(wish, account)
    terms = Terms(
        currency=currency,
        commission_hundredths=account.commission_hundredths,
        step=wish.step,
        whole_mass=wish.whole_mass,
    )
    tariff = offers.tariffs.get(currency, {})
    if isinstance(wish.ask, ByBundleMasses):
        _refuse_unsold(named_bundles(wish), offers, "bundleMasses")
        return price_by_bundle_masses(wish.ask.masses_g, tariff, terms)
    selection = _selection_for(wish, account, offers)
    match wish.ask:
        case ByMass(mass_g):
            return price_by_mass(mass_g, selection, tariff, terms)
        case ByValue(value_minor):
            return price_by_value(value_minor, selection, tariff, terms)


def _selection_for(wish: Wish, account: Account, offers: Offers) -> Selection:
    if wish.selection is not None:
        selection = wish.selection
    else:
        portfolio = offers.portfolios.get(wish.portfolio_id or account.portfolio_id)
        if portfolio is None or portfolio.owner not in {None, account.id}:
            raise Refused(Code.NOT_FOUND, "There is no such portfolio.", ("portfolioId",))
        selection = portfolio.selection
    _refuse_unsold((weight.bundle_id for weight in selection), offers, "selection")
    return selection


def _refuse_unsold(bundle_ids: Iterable[UUID], offers: Offers, where: str) -> None:
    for index, bundle_id in enumerate(bundle_ids):
        if bundle_id not in offers.sold:
            raise Refused(Code.BUNDLE_UNAVAILABLE, "There is no such bundle on sale.", (where, index))
