"""The caller's account as it sees itself."""

from collections.abc import Sequence

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.plans import batch_field
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.catalogue import Portfolio, portfolio_of
from service.api.graphql.types.node import Node, global_id
from service.domain import accounts
from service.domain.catalogue import Mode
from service.operations import read_catalogue


async def _portfolios(parents: Sequence["Account"], info: Info) -> list[Portfolio]:
    ids = {parent.row.portfolio_id for parent in parents}
    found = await read_catalogue.portfolios_of_ids(info.context.resources, info.context.caller, ids)
    return [portfolio_of(found[parent.row.portfolio_id]) for parent in parents]


@strawberry.type(description="The account that the API key belongs to.")
class Account(Node):
    row: strawberry.Private[accounts.Account]
    portfolio: Portfolio = batch_field(
        _portfolios, description="What its orders buy when they name neither bundles nor a portfolio."
    )

    @strawberry.field(description="The customer's name.")
    def name(self) -> str:
        return self.row.name

    @strawberry.field(description="Live or test. A live account has a test twin with keys and orders of its own.")
    def mode(self) -> Mode:
        return self.row.mode

    @strawberry.field(description="The currency of orders that name none.")
    def currency(self) -> CurrencyCode:
        return CurrencyCode(self.row.currency)

    @strawberry.field(description="Whether it may read, but not order or cancel.")
    def suspended(self) -> bool:
        return self.row.suspended_at is not None


def account_of(row: accounts.Account) -> Account:
    return Account(id=global_id("Account", row.id), row=row)
