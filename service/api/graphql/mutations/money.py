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
        description="Payment that was recorded. On a retry: the payment that the first request recorded. Null if the "
        "request was refused."
    )
    order: Order | None = strawberry.field(
        description="Order that the payment is for, as it is after the request. Null if the input named no "
        "order, and if the request was refused."
    )
    invoice: Invoice | None = strawberry.field(
        description="Invoice that the payment is for, as it is after the request. Null if the input named no invoice, "
        "and if the request was refused."
    )
    replayed: bool = strawberry.field(
        description="True if an earlier request with the same reference recorded the payment."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if `payment` is not null."
    )


@strawberry.type(description="Result of issuing an invoice for orders.")
class BillOrdersPayload:
    invoice: Invoice | None = strawberry.field(
        description="Invoice as it is after the request. On a retry: the invoice that the first request issued. Null "
        "if the request was refused."
    )
    replayed: bool = strawberry.field(
        description="True if an earlier request with the same reference issued the invoice."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if `invoice` is not null."
    )


@strawberry.type(description="Result of recording that an invoice was paid.")
class SettleInvoicePayload:
    invoice: Invoice | None = strawberry.field(
        description="Invoice as it is after the request. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the invoice is paid."
    )


@strawberry.type(description="Result of refunding an order.")
class RefundOrderPayload:
    order: Order | None = strawberry.field(description="Order after the refund. Null if the request was refused.")
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the refund was refused. Empty if the refund succeeded."
    )


@strawberry.type(description="Result of recording that an order cannot be delivered.")
class FailOrderPayload:
    order: Order | None = strawberry.field(
        description="Order as it is after the request. Null if the request was refused."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Reasons why the request was refused. Empty if the order has failed."
    )


@strawberry.type
class MoneyMutations:
    @strawberry.mutation(
        description="Records a payment that the seller received; needs scope `operator`. A payment for an order pays "
        "what the order owes, then the tax that its invoice owes. A payment for an invoice pays its orders and its "
        "tax. The rest is added to the balance, and so is all of a payment for an order that is cancelled, failed or "
        "refunded. An invoice is paid once it owes nothing. A retry with the same reference and input returns the "
        "existing payment."
    )
    async def record_payment(
        self,
        info: Info,
        input: Annotated[
            RecordPaymentInput, strawberry.argument(description="Payment that the seller received from a customer.")
        ],
    ) -> RecordPaymentPayload | None:
        context = info.context
        try:
            done = await record_payment(
                context.resources,
                context.caller,
                input.account(),
                input.reference,
                input.money(),
                input.ref(),
                invoice_id=input.invoice(),
            )
        except Refused as refusal:
            return RecordPaymentPayload(
                payment=None, order=None, invoice=None, replayed=False, user_errors=[user_error(refusal, input)]
            )
        return RecordPaymentPayload(
            payment=payment_of(done.payment),
            order=None if done.order is None else order_of(done.order),
            invoice=None if done.invoice is None else invoice_of(done.invoice),
            replayed=done.replayed,
            user_errors=[],
        )

    @strawberry.mutation(
        description="Issues one invoice for orders that are on no invoice, with their whole prices; needs scope "
        "`operator`. What was paid of them is prepaid, and tax is added as the customer's tax profile of the day says. "
        "The amounts on the invoice stay the same if its orders change later: credit notes state what is taken back. "
        "Orders of a client account are billed to its parent. A retry with the same reference and input returns the "
        "existing invoice in its present state.",
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
        description="Records that all was paid that an invoice still owes (`owed`); needs scope `operator`. The "
        "invoice and its orders are then paid. An invoice that an earlier release issued is paid as it was billed: if "
        "an order now owes less than the billed amount, the difference is added to the balance. A retry returns the "
        "paid invoice.",
        metadata=priced(own=10),
    )
    async def settle_invoice(
        self,
        info: Info,
        input: Annotated[
            SettleInvoiceInput, strawberry.argument(description="Invoice that was paid, and its account.")
        ],
    ) -> SettleInvoicePayload | None:
        context = info.context
        try:
            invoice = await settle_invoice(context.resources, context.caller, input.account(), input.invoice())
        except Refused as refusal:
            return SettleInvoicePayload(invoice=None, user_errors=[user_error(refusal, input)])
        return SettleInvoicePayload(invoice=invoice_of(invoice), user_errors=[])

    @strawberry.mutation(
        description="Refunds an order; needs scope `operator`. The amount paid for it pays what else its invoice owes, "
        "and the rest is added to the balance. The order keeps its "
        "state and its credits, and owes nothing. If the order is on an invoice, a credit note is issued. Refused "
        "`PAYMENT_STATE` if nothing was paid for the order. A retry "
        "returns the refunded order."
    )
    async def refund_order(
        self,
        info: Info,
        input: Annotated[RefundOrderInput, strawberry.argument(description="Order to refund, and its account.")],
    ) -> RefundOrderPayload | None:
        context = info.context
        order, errors = await _answered(
            input, lambda: refund_order(context.resources, context.caller, input.account(), input.order.ref("order"))
        )
        return RefundOrderPayload(order=order, user_errors=errors)

    @strawberry.mutation(
        description="Records that the seller cannot deliver an order; needs scope `operator`. The order's credits go "
        "back to stock, and the amount paid for the order pays what else its invoice owes; the rest is added to the "
        "balance. If the order is on an invoice, a "
        "credit note is issued. Refused `ORDER_STATE` if the "
        "retirement of the order has started. A retry returns the failed order."
    )
    async def fail_order(
        self,
        info: Info,
        input: Annotated[
            FailOrderInput, strawberry.argument(description="Order that cannot be delivered, and its account.")
        ],
    ) -> FailOrderPayload | None:
        context = info.context
        order, errors = await _answered(
            input, lambda: fail_order(context.resources, context.caller, input.account(), input.order.ref("order"))
        )
        return FailOrderPayload(order=order, user_errors=errors)


async def _answered(given: object, work: Callable[[], Awaitable[domain.Order]]) -> tuple[Order | None, list[UserError]]:
    """Return the payload with the order that the work returns, or with its refusal as an error."""
    try:
        return order_of(await work()), []
    except Refused as refusal:
        return None, [user_error(refusal, given)]
