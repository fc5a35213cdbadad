"""Read accounts, orders, payments and invoices of all accounts, for operators."""

from service.domain.accounts import Account, Caller
from service.domain.api_keys import Scope
from service.domain.billing import Invoice, Payment
from service.domain.listing import AccountFilter, ListSort, MoneyFilter, OrderFilter, OrderSort, Owners
from service.domain.order import Order
from service.kit.keyset import PageRequest, Slice, slice_of
from service.operations.resources import Resources
from service.storage import accounts, money, order_totals, orders
from service.storage.tables import Columns


async def list_accounts(
    resources: Resources, caller: Caller, wanted: AccountFilter, sort: ListSort, request: PageRequest
) -> Slice[Account]:
    """Return one page of accounts."""
    caller.require(Scope.OPERATOR)
    rows = await resources.read_shared(lambda statements: accounts.page(statements, wanted, sort, request))
    return slice_of(rows, request)


async def count_accounts(resources: Resources, caller: Caller, wanted: AccountFilter) -> int:
    """Return the exact number of accounts that the filter selects."""
    caller.require(Scope.OPERATOR)
    return await resources.read_shared(lambda statements: accounts.count(statements, wanted))


async def list_all_orders(
    resources: Resources,
    caller: Caller,
    owners: Owners,
    wanted: OrderFilter,
    sort: OrderSort,
    request: PageRequest,
    *,
    columns: Columns = None,
) -> Slice[Order]:
    """Return one page of the owners' orders. With `columns` only these columns are read."""
    caller.require(Scope.OPERATOR)
    rows = await resources.read_shared(
        lambda statements: orders.page(statements, owners, wanted, sort, request, columns)
    )
    return slice_of(rows, request)


async def count_all_orders(resources: Resources, caller: Caller, owners: Owners, wanted: OrderFilter) -> int:
    """Return the exact number of the owners' orders that the filter selects."""
    caller.require(Scope.OPERATOR)
    return await resources.read_shared(lambda statements: order_totals.count(statements, owners, wanted))


async def list_all_payments(
    resources: Resources, caller: Caller, owners: Owners, wanted: MoneyFilter, sort: ListSort, request: PageRequest
) -> Slice[Payment]:
    """Return one page of the owners' payments."""
    caller.require(Scope.OPERATOR)
    rows = await resources.read_shared(
        lambda statements: money.page(statements, money.PAYMENTS, owners, wanted, sort, request)
    )
    return slice_of(rows, request)


async def count_all_payments(resources: Resources, caller: Caller, owners: Owners, wanted: MoneyFilter) -> int:
    """Return the exact number of the owners' payments that the filter selects."""
    caller.require(Scope.OPERATOR)
    return await resources.read_shared(lambda statements: money.count(statements, money.PAYMENTS, owners, wanted))


async def list_all_invoices(
    resources: Resources, caller: Caller, owners: Owners, wanted: MoneyFilter, sort: ListSort, request: PageRequest
) -> Slice[Invoice]:
    """Return one page of the owners' invoices."""
    caller.require(Scope.OPERATOR)
    rows = await resources.read_shared(
        lambda statements: money.page(statements, money.INVOICES, owners, wanted, sort, request)
    )
    return slice_of(rows, request)


async def count_all_invoices(resources: Resources, caller: Caller, owners: Owners, wanted: MoneyFilter) -> int:
    """Return the exact number of the owners' invoices that the filter selects."""
    caller.require(Scope.OPERATOR)
    return await resources.read_shared(lambda statements: money.count(statements, money.INVOICES, owners, wanted))
