"""What operators say of money, for whichever account. Refuses with the path of the fault."""

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
    account_id: strawberry.ID = strawberry.field(description="The account: anybody's.")

    def account(self) -> UUID:
        return parse_id("Account", self.account_id, "accountId")


@strawberry.input(description="Money that came in.")
class RecordPaymentInput(_ForAccount):
    reference: str = strawberry.field(
        description="Chosen by the caller, 1 to 512 characters, once for each payment: the bank's own, for one. A "
        "retry with the same reference and the same input answers the payment that stands; the same reference with "
        "another input is refused."
    )
    amount: MoneyInput = strawberry.field(
        description="How much: more than nothing, with no more decimals than the currency has."
    )
    order: OrderRefInput | None = strawberry.field(
        default=None,
        description="The order that it is for; its surplus goes to the balance. Without one all of it does.",
    )

    def money(self) -> Money:
        text, currency = format(self.amount.amount, "f"), self.amount.currency
        return Money(at(["amount", "amount"], lambda: minor_units_of(text, currency)), currency)

    def ref(self) -> OrderRef | None:
        return None if self.order is None else self.order.ref("order")


@strawberry.input(description="Which orders become an invoice: either all of a time in one currency, or those named.")
class BillOrdersInput(_ForAccount):
    reference: str = strawberry.field(
        description="Chosen by the caller, 1 to 512 characters, once for each invoice. A retry with the same reference "
        "and the same input answers the invoice that stands; the same reference with another input is refused."
    )
    currency: CurrencyCode | None = strawberry.field(
        default=None,
        description="All orders in this currency that are owed and on no invoice yet, those of client accounts "
        "included, at most 5,000.",
    )
    created_at: DateTimeRange | None = strawberry.field(
        default=None, description="Of these, only those placed within this time."
    )
    orders: list[OrderRefInput] | None = strawberry.field(
        default=None, description="Exactly these orders of the account, in one currency: 1 to 100."
    )
    payment_days: int = strawberry.field(
        default=30, description="How many days there are to pay the invoice: 0 to 3,650."
    )

    def what(self) -> Period | list[OrderRef]:
        if (self.currency is None) == (self.orders is None):
            raise Refused(Code.BAD_USER_INPUT, "Give either a currency or orders.", ("currency",))
        if self.orders is not None:
            if self.created_at is not None:
                raise Refused(Code.BAD_USER_INPUT, "Orders that are named need no time.", ("createdAt",))
            return [each.ref("orders", index) for index, each in enumerate(self.orders)]
        time = self.created_at or DateTimeRange()
        return Period(currency=str(self.currency), created_from=time.gte, created_until=time.lt)


@strawberry.input(description="An invoice that was paid as billed.")
class SettleInvoiceInput(_ForAccount):
    invoice_id: strawberry.ID = strawberry.field(description="The account's invoice.")

    def invoice(self) -> UUID:
        return parse_id("Invoice", self.invoice_id, "invoiceId")


@strawberry.input(description="The order to refund.")
class RefundOrderInput(_ForAccount):
    order: OrderRefInput = strawberry.field(description="The account's order.")


@strawberry.input(description="The order that cannot be delivered.")
class FailOrderInput(_ForAccount):
    order: OrderRefInput = strawberry.field(description="The account's order.")
