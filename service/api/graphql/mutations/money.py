"""Mutations of operators for the money of any account. Each is safe to send again."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.cost.field_costs import priced
from service.api.graphql.inputs.money import (
    BillOrdersInput,
    FailOrderInput,
    RecordPaymentInput,
    RefundOrderInput,
    SettleInvoiceInput,
)
from service.api.graphql.types.errors import UserError, user_error
from service.api.graphql.types.money import Invoice, Payment, invoice_of, payment_of
from service.api.graphql.types.order import Order, order_of
from service.domain import order as domain
from service.errors import Refused
from service.operations.bill_orders import bill_orders
from service.operations.fail_order import fail_order
from service.operations.record_payment import record_payment
from service.operations.refund_order import refund_order
from service.operations.settle_invoice import settle_invoice


@strawberry.type(description="Result of recording a payment.")
class RecordPaymentPayload:
    payment: Payment | None = strawberry.field(
        description="Payment that was recorded, now or by an earlier request; null if it was refused."
    )
    order: Order | None = strawberry.field(
        description="Order that the payment is for, in its present state; null for a payment that tops up the balance."
    )
    replayed: bool = strawberry.field(
        description="True if an earlier request with the same reference recorded the payment."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the payment was refused; empty if it is recorded."
    )


@strawberry.type(description="Result of issuing an invoice for orders.")
class BillOrdersPayload:
    invoice: Invoice | None = strawberry.field(
        description="Invoice that was issued, now or by an earlier request; null if it was refused."
    )
    replayed: bool = strawberry.field(
        description="True if an earlier request with the same reference issued the invoice."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why no invoice was issued; empty if there is an invoice."
    )


@strawberry.type(description="Result of settling an invoice.")
class SettleInvoicePayload:
    invoice: Invoice | None = strawberry.field(
        description="Invoice after the settlement; null if the settlement was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the settlement was refused; empty if the invoice is paid."
    )


@strawberry.type(description="Result of refunding an order.")
class RefundOrderPayload:
    order: Order | None = strawberry.field(description="Order after the refund; null if the refund was refused.")
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the refund was refused; empty if it succeeded."
    )


@strawberry.type(description="Result of reporting that an order cannot be delivered.")
class FailOrderPayload:
    order: Order | None = strawberry.field(description="Order in its present state; null if the change was refused.")
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the change was refused; empty if the order has failed."
    )


@strawberry.type
class MoneyMutations:
    @strawberry.mutation(
        description="Records a payment that was received; needs scope `operator`. It pays the order up to the amount "
        "that the order owes. The rest is added to the balance, as is the whole amount if the order is cancelled, "
        "failed or refunded. A retry with the same reference and input returns the existing payment."
    )
    async def record_payment(
        self,
        info: Info,
        input: Annotated[
            RecordPaymentInput, strawberry.argument(description="Payment that was received from a customer.")
        ],
    ) -> RecordPaymentPayload | None:
        context = info.context
        try:
            done = await record_payment(
                context.resources, context.caller, input.account(), input.reference, input.money(), input.ref()
            )
        except Refused as refusal:
            return RecordPaymentPayload(
                payment=None, order=None, replayed=False, user_errors=[user_error(refusal, input)]
            )
        return RecordPaymentPayload(
            payment=payment_of(done.payment),
            order=None if done.order is None else order_of(done.order),
            replayed=done.replayed,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Issues one invoice for orders that owe money; needs scope `operator`. Later changes to the orders "
        "do not change the invoice. Orders of client accounts are billed to their parent. A retry with the same "
        "reference and input returns the existing invoice in its present state.",
        metadata=priced(own=10),
    )
    async def bill_orders(
        self,
        info: Info,
        input: Annotated[BillOrdersInput, strawberry.argument(description="Account and orders to put on an invoice.")],
    ) -> BillOrdersPayload | None:
        context = info.context
        try:
            done = await bill_orders(
                context.resources,
                context.caller,
                input.account(),
                input.reference,
                input.what(),
                payment_days=input.payment_days,
            )
        except Refused as refusal:
            return BillOrdersPayload(invoice=None, replayed=False, user_errors=[user_error(refusal, input)])
        return BillOrdersPayload(invoice=invoice_of(done.invoice), replayed=done.replayed, user_errors=[])

    @strawberry.mutation(
        description="Records that an invoice was paid in full; needs scope `operator`. Its orders are then paid; "
        "amounts that they no longer owe are added to the balance. A retry returns the paid invoice.",
        metadata=priced(own=10),
    )
    async def settle_invoice(
        self,
        info: Info,
        input: Annotated[SettleInvoiceInput, strawberry.argument(description="Account and invoice that was paid.")],
    ) -> SettleInvoicePayload | None:
        context = info.context
        try:
            invoice = await settle_invoice(context.resources, context.caller, input.account(), input.invoice())
        except Refused as refusal:
            return SettleInvoicePayload(invoice=None, user_errors=[user_error(refusal, input)])
        return SettleInvoicePayload(invoice=invoice_of(invoice), user_errors=[])

    @strawberry.mutation(
        description="Moves the amount paid for an order to the balance; needs scope `operator`. The order keeps its "
        "state and its credits. A retry returns the refunded order."
    )
    async def refund_order(
        self,
        info: Info,
        input: Annotated[RefundOrderInput, strawberry.argument(description="Account and order to refund.")],
    ) -> RefundOrderPayload | None:
        context = info.context
        order, errors = await _answered(
            input, lambda: refund_order(context.resources, context.caller, input.account(), input.order.ref("order"))
        )
        return RefundOrderPayload(order=order, user_errors=errors)

    @strawberry.mutation(
        description="Records that an order cannot be delivered; needs scope `operator`. Its credits go back to stock, "
        "and the amount paid is added to the balance. Refused if retirement has started. A retry returns the failed "
        "order."
    )
    async def fail_order(
        self,
        info: Info,
        input: Annotated[
            FailOrderInput, strawberry.argument(description="Account and order that cannot be delivered.")
        ],
    ) -> FailOrderPayload | None:
        context = info.context
        order, errors = await _answered(
            input, lambda: fail_order(context.resources, context.caller, input.account(), input.order.ref("order"))
        )
        return FailOrderPayload(order=order, user_errors=errors)


async def _answered(given: object, work: Callable[[], Awaitable[domain.Order]]) -> tuple[Order | None, list[UserError]]:
    """Return the order that the work returns, or its refusal as an error."""
    try:
        return order_of(await work()), []
    except Refused as refusal:
        return None, [user_error(refusal, given)]
