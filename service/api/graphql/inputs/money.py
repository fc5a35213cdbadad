"""Inputs of operators for the money of any account. Refusals have the path of the faulty member."""

from uuid import UUID

import strawberry

from service.api.graphql.inputs.fault_paths import at
from service.api.graphql.inputs.order_filters import DateTimeRange
from service.api.graphql.inputs.order_reference import OrderRefInput
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.amounts import MoneyInput
from service.api.graphql.types.node import parse_id
from service.domain.amounts import Money, minor_units_of
from service.domain.listing import OrderRef
from service.errors import Code, Refused
from service.operations.bill_orders import Period


@strawberry.input
class _ForAccount:
    account_id: strawberry.ID = strawberry.field(
        description="Id of the account that is concerned. With scope `operator` it may be any account."
    )

    def account(self) -> UUID:
        return parse_id("Account", self.account_id, "accountId")


@strawberry.input(description="A payment that the seller received from a customer.")
class RecordPaymentInput(_ForAccount):
    reference: str = strawberry.field(
        description="Reference chosen by the caller, 1 to 512 characters without the blanks around it, once for each "
        "payment, such as the bank's reference. A retry with the same reference and input returns the existing "
        "payment; the same reference with "
        "another input is refused."
    )
    amount: MoneyInput = strawberry.field(
        description="Amount received; more than zero, with no more decimals than the currency has."
    )
    order: OrderRefInput | None = strawberry.field(
        default=None,
        description="Order that the payment is for. The part that exceeds what the order owes is added to the balance. "
        "Without an order, the whole amount is added to the balance.",
    )

    def money(self) -> Money:
        text, currency = format(self.amount.amount, "f"), self.amount.currency
        return Money(at(["amount", "amount"], lambda: minor_units_of(text, currency)), currency)

    def ref(self) -> OrderRef | None:
        return None if self.order is None else self.order.ref("order")


@strawberry.input(
    description="The orders to put on one invoice: either all unbilled orders in one currency, or the orders that are "
    "named. Give either `currency` or `orders`."
)
class BillOrdersInput(_ForAccount):
    reference: str = strawberry.field(
        description="Reference chosen by the caller, 1 to 512 characters without the blanks around it, once for each "
        "invoice. A retry with the same reference and input returns the existing invoice; the same reference with "
        "another input is refused."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None,
        description="Currency (ISO 4217 code). Bills all orders of the account and its client accounts in this "
        "currency that owe money and are on no invoice: at most 5,000.",
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Restricts the orders that `currency` selects to those placed within this time. Not allowed with "
        "`orders`.",
    )
    orders: list[OrderRefInput] | None = strawberry.field(
        default=None, description="Orders of the account to bill, all in one currency: 1 to 100."
    )
    payment_days: int = strawberry.field(
        default=30, description="Number of days until the invoice is due, 0 to 3,650; 30 by default."
    )

    def what(self) -> Period | list[OrderRef]:
        if (self.currency is None) == (self.orders is None):
            raise Refused(Code.BAD_USER_INPUT, "Give either `currency` or `orders`, not both.", ("currency",))
        if self.orders is not None:
            if self.created_at is not None:
                raise Refused(Code.BAD_USER_INPUT, "Leave out `createdAt` if you name the orders.", ("createdAt",))
            return [each.ref("orders", index) for index, each in enumerate(self.orders)]
        time = self.created_at or DateTimeRange()
        return Period(currency=str(self.currency), created_from=time.gte, created_until=time.lt)


@strawberry.input(description="The invoice that was paid in full.")
class SettleInvoiceInput(_ForAccount):
    invoice_id: strawberry.ID = strawberry.field(description="Id of the account's invoice that was paid.")

    def invoice(self) -> UUID:
        return parse_id("Invoice", self.invoice_id, "invoiceId")


@strawberry.input(description="The order whose payment is returned to the balance.")
class RefundOrderInput(_ForAccount):
    order: OrderRefInput = strawberry.field(description="Order of the account that is refunded.")


@strawberry.input(description="The order that cannot be delivered.")
class FailOrderInput(_ForAccount):
    order: OrderRefInput = strawberry.field(description="Order of the account that cannot be delivered.")
