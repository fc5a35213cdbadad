"""Inputs of operators for the money of any account. Refusals have the path of the faulty member."""

from uuid import UUID

import strawberry

from service.api.graphql.inputs.order_filters import DateTimeRange
from service.api.graphql.inputs.order_reference import OrderRefInput
from service.api.graphql.scalars import CurrencyCode
from service.api.graphql.types.amounts import MoneyInput
from service.api.graphql.types.node import parse_id
from service.domain.amounts import Money, minor_units_of
from service.domain.listing import OrderRef
from service.errors import Code, Refused, at
from service.operations.bill_orders import Period


@strawberry.input
class _ForAccount:
    account_id: strawberry.ID = strawberry.field(
        description="Id of the customer's account, as the account's field `id` and the command line show it. The "
        "account's UUID is accepted as well. It may be a client account. Orders that the input names are looked up in "
        "this account only: for an order of a client account, give the id of the client account."
    )

    def account(self) -> UUID:
        return parse_id("Account", self.account_id, "accountId")


@strawberry.input(description="A payment that the seller received from a customer.")
class RecordPaymentInput(_ForAccount):
    reference: str = strawberry.field(
        description="Reference chosen by the caller, 1 to 512 characters without the blanks around it, such as the "
        "bank's reference. Give each payment its own reference. A retry with the same reference and input returns the "
        "existing payment; the same reference with another input is refused."
    )
    amount: MoneyInput = strawberry.field(
        description="Amount received: more than zero, with no more decimals than the currency has. A payment for an "
        "order must be in the order's currency."
    )
    order: OrderRefInput | None = strawberry.field(
        default=None,
        description="Order that the payment is for. It pays what the order owes. If the payment is more, the rest pays "
        "the tax that the order's invoice owes, and what is left is added to the balance. By default, without "
        "`invoiceId`, the whole payment is added to the balance. Not allowed with `invoiceId`.",
    )
    invoice_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Id of the invoice that the payment is for, as the invoice's field `id` shows it. A part payment "
        "pays net and tax in proportion, the orders on the first lines first. If the payment is more than the invoice "
        "owes, the rest is added to the balance. By default the payment is for no invoice. Refused `PAYMENT_STATE` for "
        "an invoice that an earlier release issued. Not allowed with `order`.",
    )

    def money(self) -> Money:
        text, currency = format(self.amount.amount, "f"), self.amount.currency
        return Money(at(["amount", "amount"], lambda: minor_units_of(text, currency)), currency)

    def ref(self) -> OrderRef | None:
        return None if self.order is None else self.order.ref("order")

    def invoice(self) -> UUID | None:
        return None if self.invoice_id is None else parse_id("Invoice", self.invoice_id, "invoiceId")


@strawberry.input(
    description="Orders to put on one invoice. Give either `currency`, to bill all unbilled orders in this currency, "
    "or `orders`, to bill the orders that you name."
)
class BillOrdersInput(_ForAccount):
    reference: str = strawberry.field(
        description="Reference chosen by the caller, 1 to 512 characters without the blanks around it, once for each "
        "invoice. A retry with the same reference and input returns the existing invoice; the same reference with "
        "another input is refused."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None,
        description="Currency of the orders to bill (ISO 4217 code). All orders of the account and its client "
        "accounts that have this currency and are on no invoice are billed, but for those that were cancelled, "
        "failed or refunded, and for imported orders that were paid elsewhere. The request is refused if "
        "there are more than 5,000 such orders. Not allowed with `orders`.",
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None,
        description="Range of time in which the orders to bill were placed. By default `currency` selects orders of "
        "any time. Not allowed with `orders`.",
    )
    orders: list[OrderRefInput] | None = strawberry.field(
        default=None,
        description="Orders to bill: 1 to 100 orders of the account, all in one currency. Not allowed with `currency`.",
    )
    payment_days: int | None = strawberry.field(
        default=None,
        description="Number of days until the invoice is due, counted from now: 0 to 3,650. By default the "
        "`paymentDays` of the seller. A retry that leaves them out is equal to one with 30.",
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


@strawberry.input(description="Invoice to mark as fully paid, and its account.")
class SettleInvoiceInput(_ForAccount):
    account_id: strawberry.ID = strawberry.field(
        description="Id of the account that the invoice was issued to, as the account's field `id` shows it. Any "
        "account is permitted. Invoices for client accounts are issued to their parent; the id of the client account "
        "has the same effect."
    )
    invoice_id: strawberry.ID = strawberry.field(
        description="Id of the invoice that was paid, as the invoice's field `id` shows it."
    )

    def invoice(self) -> UUID:
        return parse_id("Invoice", self.invoice_id, "invoiceId")


@strawberry.input(description="Order to refund, and its account.")
class RefundOrderInput(_ForAccount):
    order: OrderRefInput = strawberry.field(
        description="Order to refund. The order must belong to the account in `accountId`."
    )


@strawberry.input(description="Order that the seller cannot deliver, and its account.")
class FailOrderInput(_ForAccount):
    order: OrderRefInput = strawberry.field(
        description="Order that cannot be delivered. The order must belong to the account in `accountId`."
    )


@strawberry.input(description="Order some of whose credits are replaced, and its account.")
class ReplaceCreditsInput(_ForAccount):
    order: OrderRefInput = strawberry.field(
        description="Order whose credits are replaced. The order must belong to the account in `accountId`."
    )


@strawberry.input(description="Order whose credits are retired at once, and its account.")
class RetireOrderInput(_ForAccount):
    order: OrderRefInput = strawberry.field(
        description="Order to retire. The order must belong to the account in `accountId`."
    )
