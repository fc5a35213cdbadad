"""Mutations by which operators keep the money of any account. Each is safe to send again."""

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


@strawberry.type(description="What came of a payment.")
class RecordPaymentPayload:
    payment: Payment | None = strawberry.field(description="The payment; null if it was refused.")
    order: Order | None = strawberry.field(description="Its order as it now is; null for a top-up.")
    replayed: bool = strawberry.field(description="Whether it was recorded before, under the same reference.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if there is a payment.")


@strawberry.type(description="What came of billing.")
class BillOrdersPayload:
    invoice: Invoice | None = strawberry.field(description="The invoice; null if nothing was billed.")
    replayed: bool = strawberry.field(description="Whether it was issued before, under the same reference.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if there is an invoice.")


@strawberry.type(description="What came of a settlement.")
class SettleInvoicePayload:
    invoice: Invoice | None = strawberry.field(description="The invoice, paid; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the invoice is paid.")


@strawberry.type(description="What came of a refund.")
class RefundOrderPayload:
    order: Order | None = strawberry.field(description="The order as it now is; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the order is refunded.")


@strawberry.type(description="What came of a failure.")
class FailOrderPayload:
    order: Order | None = strawberry.field(description="The order as it now is; null if it was refused.")
    user_errors: list[UserError] = strawberry.field(description="Why not; empty if the order has failed.")


@strawberry.type
class MoneyMutations:
    @strawberry.mutation(
        description="Records money that came in; needs `operator`. It pays for the order as far as that owes, and the "
        "rest, or all of it for a cancelled or refunded order, goes to the balance. A retry with the same reference "
        "and input answers the same payment."
    )
    async def record_payment(
        self, info: Info, input: Annotated[RecordPaymentInput, strawberry.argument(description="The payment.")]
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
        description="Makes one invoice of what orders owe; needs `operator`. It does not change any more, whatever "
        "becomes of them. A client account's is its parent's. A retry with the same reference and input answers the "
        "same invoice, as it now stands.",
        metadata=priced(own=10),
    )
    async def bill_orders(
        self, info: Info, input: Annotated[BillOrdersInput, strawberry.argument(description="What to bill.")]
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
        description="Says that an invoice was paid as billed; needs `operator`. Its orders are paid; what they do not "
        "owe any more goes to the balance. A retry answers the paid invoice.",
        metadata=priced(own=10),
    )
    async def settle_invoice(
        self, info: Info, input: Annotated[SettleInvoiceInput, strawberry.argument(description="Which invoice.")]
    ) -> SettleInvoicePayload | None:
        context = info.context
        try:
            invoice = await settle_invoice(context.resources, context.caller, input.account(), input.invoice())
        except Refused as refusal:
            return SettleInvoicePayload(invoice=None, user_errors=[user_error(refusal, input)])
        return SettleInvoicePayload(invoice=invoice_of(invoice), user_errors=[])

    @strawberry.mutation(
        description="Gives back what was paid of an order; needs `operator`. It goes to the balance, and the order "
        "keeps its state and its credits. A retry answers the refunded order."
    )
    async def refund_order(
        self, info: Info, input: Annotated[RefundOrderInput, strawberry.argument(description="Which order.")]
    ) -> RefundOrderPayload | None:
        context = info.context
        order, errors = await _answered(
            input, lambda: refund_order(context.resources, context.caller, input.account(), input.order.ref("order"))
        )
        return RefundOrderPayload(order=order, user_errors=errors)

    @strawberry.mutation(
        description="Says that an order cannot be delivered; needs `operator`. Its credits go back, what was paid goes "
        "to the balance. Not once retirement has started. A retry answers the failed order."
    )
    async def fail_order(
        self, info: Info, input: Annotated[FailOrderInput, strawberry.argument(description="Which order.")]
    ) -> FailOrderPayload | None:
        context = info.context
        order, errors = await _answered(
            input, lambda: fail_order(context.resources, context.caller, input.account(), input.order.ref("order"))
        )
        return FailOrderPayload(order=order, user_errors=errors)


async def _answered(given: object, work: Callable[[], Awaitable[domain.Order]]) -> tuple[Order | None, list[UserError]]:
    """The order that the work answers, or why it was refused."""
    try:
        return order_of(await work()), []
    except Refused as refusal:
        return None, [user_error(refusal, given)]
