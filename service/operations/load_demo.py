"""Load the demo: a catalogue with stock, four customers of different kinds, an operator, and a new API key for each of
them.

The data is in `demo_catalogue.json` beside this file; this module contains no price and no name.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from service.domain.accounts import Account, Organisation
from service.domain.amounts import MassUnit, mass_g_of, minor_units_of, parse_decimal, price_micros_of
from service.domain.api_keys import GeneratedKey, Scope
from service.domain.catalogue import (
    Approach,
    Bundle,
    BundleProject,
    CarbonPermanence,
    CreditBatch,
    Mode,
    OffsetType,
    Portfolio,
    PortfolioWeight,
    Price,
    Project,
    ProjectCategory,
)
from service.domain.parties import FIRST_SELLER
from service.domain.receipt import StatedBatch
from service.domain.serials.collisions import find_overlaps
from service.domain.serials.forms import SerialForm
from service.domain.serials.stated import StatedSerials
from service.domain.supply import block_of
from service.errors import Code, Refused
from service.operations.resources import Resources
from service.operations.steps.issue_key import CUSTOMER_SCOPES, generate_key_for, store
from service.storage import accounts, balances, batches, catalogue, sellers, serials, supply
from service.storage.database import Statements

CATALOGUE_FILE = Path(__file__).with_name("demo_catalogue.json")
_FIRST_ACCOUNT = UUID(json.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))["organisations"][0]["live_id"])
KEY_NAME = "demo"
SCARCE_BUNDLE = "british-woodlands"
MANAGER_SCOPES = CUSTOMER_SCOPES | {Scope.ACCOUNT_MANAGE}
"""Scopes of the keys of the customer that does business: its people manage the account themselves."""
OPERATOR_SCOPES = frozenset({Scope.OPERATOR, Scope.CATALOGUE_READ, Scope.ORDERS_READ})


class _Identified(Protocol):
    """An object of the catalogue."""

    @property
    def id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demo customer's account in one mode, with a newly created key."""

    account_id: UUID
    name: str
    mode: Mode
    contract: str
    currency: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DemoAccounts:
    """The customers' accounts, live ones before test ones, and the operator's key."""

    accounts: tuple[DemoAccount, ...]
    operator_key: str = field(repr=False)
    business: Account
    """The live account whose people manage it themselves, and which is to have some business."""
    scarce_bundle_id: UUID
    """The bundle that has few credits left."""


async def load_demo(resources: Resources, *, pepper: bytes) -> DemoAccounts:
    """Create the catalogue, stock and accounts if they are missing, and a new key for each account; earlier keys stay
    valid.

    Ids are fixed, so a second load adds only keys, and does not reset stock, prices and suspensions. Refuses
    `BAD_USER_INPUT`, without a change, if anything that is not of the demo has a name or a serial number of the demo.
    """
    catalogue_now = json.loads(CATALOGUE_FILE.read_text(encoding="utf-8"))
    created_at = datetime.fromisoformat(catalogue_now["created_at"])
    organisations = [_Pair.of(each, catalogue_now, created_at) for each in catalogue_now["organisations"]]
    customers = [account for pair in organisations if not pair.is_operator for account in (pair.live, pair.test)]
    (business,) = (pair for pair in organisations if pair.does_business)
    (operator,) = (pair.live for pair in organisations if pair.is_operator)
    keys: list[tuple[Account, GeneratedKey]] = [
        (account, generate_key_for(account)) for account in [*customers, operator]
    ]
    issued_at = resources.clock()

    async def work(statements: Statements) -> None:
        await _load_catalogue(statements, catalogue_now, created_at)
        for pair in organisations:
            await accounts.add_organisation(statements, pair.organisation, [pair.live, pair.test])
            if pair.credit_limit_minor is not None and not await balances.funds_of(statements, pair.live.id):
                await balances.set_credit_limit(statements, pair.live.id, pair.live.currency, pair.credit_limit_minor)
        await _load_seller(statements, catalogue_now["seller"])
        for account, generated in keys:
            manages = account.organisation_id == business.organisation.id
            scopes = OPERATOR_SCOPES if account is operator else MANAGER_SCOPES if manages else CUSTOMER_SCOPES
            await store(
                statements, generated, account, name=KEY_NAME, scopes=scopes, created_at=issued_at, pepper=pepper
            )

    await resources.transact(work)
    (scarce,) = (each["id"] for each in catalogue_now["bundles"] if each["slug"] == SCARCE_BUNDLE)
    return DemoAccounts(
        accounts=tuple(
            DemoAccount(account.id, account.name, account.mode, account.contract, account.currency, generated.text)
            for account, generated in keys[:-1]
        ),
        operator_key=keys[-1][1].text,
        business=business.live,
        scarce_bundle_id=UUID(scarce),
    )


async def has_demo(resources: Resources) -> bool:
    """Return True if the demo was loaded into the database; False also if the database does not answer."""
    try:
        return await accounts.account(resources.database.reader, _FIRST_ACCOUNT) is not None
    except Refused:
        return False


@dataclass(frozen=True, slots=True)
class _Pair:
    organisation: Organisation
    live: Account
    test: Account
    is_operator: bool
    does_business: bool
    credit_limit_minor: int | None

    @classmethod
    def of(cls, facts: Mapping[str, Any], catalogue_now: Mapping[str, Any], created_at: datetime) -> "_Pair":
        organisation = Organisation(id=UUID(facts["id"]), name=facts["name"], created_at=created_at)
        (portfolio,) = (each for each in catalogue_now["portfolios"] if each["identifier"] == facts["portfolio"])
        live, test = (
            Account(
                id=UUID(facts[f"{mode}_id"]),
                organisation_id=organisation.id,
                parent_account_id=None,
                name=organisation.name,
                mode=mode,
                contract=facts["contract"],
                currency=facts["currency"],
                commission_hundredths=_hundredths(facts["commission_percent"]),
                portfolio_id=UUID(portfolio["id"]),
                beneficiary_name=organisation.name,
                suspended_at=None,
                created_at=created_at,
            )
            for mode in (Mode.LIVE, Mode.TEST)
        )
        limit = facts.get("credit_limit")
        limit_minor = None if limit is None else minor_units_of(limit, live.currency)
        return cls(organisation, live, test, facts["is_operator"], facts.get("does_business", False), limit_minor)


async def _load_seller(statements: Statements, facts: Mapping[str, Any]) -> None:
    """Set the name of the first seller, unless it has one."""
    seller = await sellers.by_identifier(statements, FIRST_SELLER)
    if seller is not None and seller.legal_name is None:
        await sellers.change_seller(statements, replace(seller, **facts))


async def _load_catalogue(statements: Statements, facts: Mapping[str, Any], created_at: datetime) -> None:
    projects = {each["slug"]: UUID(each["id"]) for each in facts["projects"]}
    bundles = {each["slug"]: UUID(each["id"]) for each in facts["bundles"]}
    portfolios = [_portfolio(each, created_at) for each in facts["portfolios"]]
    categories = await supply.categories(
        statements, [ProjectCategory(id=UUID(each["id"]), name=each["name"]) for each in facts["categories"]]
    )
    await catalogue.PROJECTS.insert(
        statements, [_project(each, categories[each["category"]], created_at) for each in facts["projects"]]
    )
    _refuse_others("project", projects, await supply.projects(statements, projects))
    await catalogue.BUNDLES.insert(statements, [_bundle(each, created_at) for each in facts["bundles"]])
    _refuse_others("bundle", bundles, await supply.bundles(statements, bundles))
    for portfolio in portfolios:
        existing = await supply.lock_portfolio(statements, portfolio)
        _refuse_others("portfolio", {portfolio.identifier: portfolio.id}, {portfolio.identifier: existing})
    await _load_batches(statements, [batch for each in facts["projects"] for batch in _batches(each, created_at)])
    await catalogue.BUNDLE_PROJECTS.insert(
        statements,
        [BundleProject(UUID(each["id"]), projects[slug]) for each in facts["bundles"] for slug in each["projects"]],
    )
    await catalogue.PRICES.insert(statements, [price for each in facts["bundles"] for price in _prices(each)])
    await catalogue.WEIGHTS.insert(
        statements, [weight for each in facts["portfolios"] for weight in _weights(each, bundles)]
    )


async def _load_batches(statements: Statements, wanted: Sequence[CreditBatch]) -> None:
    """Insert the batches that are missing, with their claims."""
    existing = await batches.existing_ids(statements, [batch.id for batch in wanted])
    missing = [batch for batch in wanted if batch.id not in existing]
    named = {batch.reference or "": batch.id for batch in missing}
    _refuse_others("batch", named, await supply.batches(statements, named))
    for mode in Mode:
        blocks = {batch.id: block_of(batch) for batch in missing if batch.mode is mode}
        await serials.lock_series(statements, mode, list(blocks.values()))
        others = await serials.claimants(statements, mode, list(blocks.values()))
        for other_id in find_overlaps(blocks, {each: block_of(batch) for each, batch in others.items()}).values():
            raise _taken(f"serial numbers of the batch {others[other_id].reference or other_id}")
    if not await serials.add(statements, missing):
        raise Refused(Code.UNAVAILABLE, "The same batches are being received by another command. Try again.")


def _refuse_others(kind: str, ids: Mapping[str, UUID], found: Mapping[str, _Identified]) -> None:
    """Refuse if an object with a name of the demo was not created by the demo."""
    for name, existing in sorted(found.items()):
        if existing.id != ids[name]:
            raise _taken(f"the {kind} {name}")


def _taken(what: str) -> Refused:
    return Refused(
        Code.BAD_USER_INPUT,
        f"The catalogue has {what}, which is not the demo's. Nothing was loaded; load the demo into an empty database.",
    )


def _project(facts: Mapping[str, Any], category_id: UUID, created_at: datetime) -> Project:
    return Project(
        id=UUID(facts["id"]),
        category_id=category_id,
        slug=facts["slug"],
        name=facts["name"],
        project_type=facts["type"],
        country=facts["country"],
        registry_name=facts["registry"],
        description=facts["description"],
        logo_url=None,
        created_at=created_at,
        registry_project_id=facts["registry_project_id"],
        methodology=facts["methodology"],
        offset_type=OffsetType(facts["offset_type"]),
        storage_years=facts.get("storage_years"),
    )


def _batches(project: Mapping[str, Any], created_at: datetime) -> Iterator[CreditBatch]:
    """Yield each batch twice, for live and for test mode. Serials of test batches are marked, because no registry
    issued them.
    """
    for facts in project["batches"]:
        for mode in (Mode.LIVE, Mode.TEST):
            stated = StatedBatch(
                project_id=UUID(project["id"]),
                reference=f"demo-{mode}-{project['slug']}-{facts['vintage']}",
                mode=mode,
                vintage=facts["vintage"],
                issued_g=mass_g_of(facts["tonnes"], MassUnit.TONNE),
                stated=_serials(facts, "TEST" if mode is Mode.TEST else "DEMO"),
                article6_authorisation=facts.get("article6_authorisation"),
                labels=sorted(facts.get("labels", [])),
            )
            yield stated.read(project["registry"], batch_id=UUID(facts[f"{mode}_id"]), created_at=created_at)


def _serials(facts: Mapping[str, Any], mark: str) -> StatedSerials:
    form = facts.get("serial_form")
    texts = {
        name: facts[name].replace("{mark}", mark) for name in ("serial_range", "registry_reference") if name in facts
    }
    return StatedSerials(serial_form=SerialForm(form) if form else None, **texts)


def _bundle(facts: Mapping[str, Any], created_at: datetime) -> Bundle:
    return Bundle(
        id=UUID(facts["id"]),
        slug=facts["slug"],
        name=facts["name"],
        description=facts["description"],
        offset_type=OffsetType(facts["offset_type"]),
        approach=Approach(facts["approach"]),
        carbon_permanence=CarbonPermanence(facts["carbon_permanence"]),
        primary_image_url=None,
        background_colour=facts["background_colour"],
        disabled_at=None,
        created_at=created_at,
    )


def _prices(bundle: Mapping[str, Any]) -> Iterator[Price]:
    for facts in bundle["prices"]:
        yield Price(
            bundle_id=UUID(bundle["id"]),
            currency=facts["currency"],
            minimum_mass_g=mass_g_of(facts["from_tonnes"], MassUnit.TONNE),
            unit_price_micros=price_micros_of(facts["price"]),
        )


def _portfolio(facts: Mapping[str, Any], created_at: datetime) -> Portfolio:
    return Portfolio(
        id=UUID(facts["id"]),
        account_id=None,
        identifier=facts["identifier"],
        label=facts["label"],
        created_at=created_at,
    )


def _weights(portfolio: Mapping[str, Any], bundles: Mapping[str, UUID]) -> Iterator[PortfolioWeight]:
    for position, facts in enumerate(portfolio["weights"]):
        yield PortfolioWeight(
            portfolio_id=UUID(portfolio["id"]),
            bundle_id=bundles[facts["bundle"]],
            position=position,
            hundredths=_hundredths(facts["percent"]),
        )


def _hundredths(percent: str) -> int:
    return int(parse_decimal(percent) * 100)
