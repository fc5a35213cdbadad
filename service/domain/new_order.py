"""Conversion of a priced command to a new order."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service.domain.accounts import Account, may_pay_from_balance, payer_of
from service.domain.allocation import AllocationPlan
from service.domain.offers import portfolio_of
from service.domain.order import (
    FromQuote,
    Order,
    OrderStatus,
    PaymentStatus,
    PlaceOrder,
    estimate_of,
    requested_of,
)
from service.domain.pricing import Pricing
from service.domain.quote import Quote, QuoteHold


@dataclass(frozen=True, slots=True)
class Priced:
    """A command that may become an order, with its price."""

    command: PlaceOrder
    account: Account
    fingerprint: str
    pricing: Pricing
    quote: Quote | None
    holds: tuple[QuoteHold, ...] = ()

    @property
    def payer_balance(self) -> tuple[UUID, str]:
        """Return the key of the balance that may pay for the order: the payer's account and the currency."""
        return payer_of(self.account), self.pricing.currency

    @property
    def may_use_balance(self) -> bool:
        """Return True if the payer's balance may pay for the order, as far as the caller's rights go."""
        return may_pay_from_balance(self.account, acts_for_client=self.command.acts_for_client)

    @property
    def acts_as_payer(self) -> bool:
        """Return True if the key is the payer's, which may see its balance and debt."""
        return self.account.parent_account_id is None or self.command.acts_for_client

    @property
    def estimate_id(self) -> UUID | None:
        """Return the id of the estimate that the order marks as used, or None."""
        if self.quote is not None:
            return self.quote.estimate_id
        return estimate_of(self.command.request)


def order_of(priced: Priced, plan: AllocationPlan, number: str, now: datetime) -> Order:
    command, pricing = priced.command, priced.pricing
    return Order(
        account_id=priced.account.id,
        id=command.order_id,
        number=number,
        source=command.source,
        **_size_of(priced),
        currency=pricing.currency,
        status=OrderStatus.FULFILLED if plan.is_full else OrderStatus.PLACED,
        payment_status=PaymentStatus.ISSUED,
        mass_g=pricing.mass_g,
        fulfilled_g=pricing.mass_g - sum(plan.short_g),
        retired_g=0,
        offset_cost_minor=pricing.offset_cost_minor,
        commission_minor=pricing.commission_minor,
        total_cost_minor=pricing.total_cost_minor,
        paid_minor=0,
        customer=command.customer,
        description=command.description,
        metadata=command.metadata or {},
        callback_url=command.callback_url,
        beneficiary=command.beneficiary,
        idempotency_key=command.idempotency_key,
        fingerprint=priced.fingerprint,
        created_at=now,
    )


def _size_of(priced: Priced) -> dict[str, Any]:
    """Return the members of the order that describe its request; for an order from a quote, those of the quote."""
    quote, order_request = priced.quote, priced.command.request
    if quote is not None or isinstance(order_request, FromQuote):
        assert quote is not None  # noqa: S101 - a command from a quote is priced by its quote
        return {
            "kind": quote.kind,
            "requested_mass_g": quote.requested_mass_g,
            "requested_value_minor": quote.requested_value_minor,
            "step": quote.step,
            "commission_hundredths": quote.commission_hundredths,
            "portfolio_id": quote.portfolio_id,
            "estimate_id": quote.estimate_id,
            "quote_id": quote.id,
        }
    return {
        **requested_of(order_request),
        "step": order_request.step,
        "commission_hundredths": priced.account.commission_hundredths,
        "portfolio_id": portfolio_of(order_request, priced.account),
        "quote_id": None,
    }
