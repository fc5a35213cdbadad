"""Refusals as data: what a mutation says when it says no."""

from datetime import datetime
from typing import Any

import strawberry

from service.api.graphql.inputs.fault_paths import input_path
from service.api.graphql.types.amounts import Mass, Money, money
from service.domain.order import OrderStatus, PaymentStatus
from service.errors import Code, Refused

RAISED = frozenset({Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.THROTTLED, Code.UNAVAILABLE})
"""What a mutation does not answer as data: the request itself went wrong, whatever it asked for."""


@strawberry.interface(description="Why a mutation changed nothing. Clients that know only these fields know enough.")
class UserError:
    code: Code = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people.")
    path: list[str] = strawberry.field(
        description="Path to the member of the arguments that is at fault, from `input` on; positions in lists are "
        "numbers in text. Empty if no member is at fault."
    )


@strawberry.type(description="The input, or the state of what it names, does not allow this.")
class InputError(UserError):
    pass


@strawberry.type(description="Too few credits are in stock, and the caller refused a backorder.")
class InsufficientCreditsError(UserError):
    available: Mass = strawberry.field(description="What could have been delivered at once.")


@strawberry.type(description="The quote had expired.")
class QuoteExpiredError(UserError):
    expired_at: datetime = strawberry.field(description="Since when.")


@strawberry.type(description="The order's state does not allow this.")
class OrderStateError(UserError):
    status: OrderStatus = strawberry.field(description="Where the order stands.")


@strawberry.type(description="The state of the order's payment does not allow this.")
class PaymentStateError(UserError):
    payment_status: PaymentStatus = strawberry.field(description="Where its money stands.")


@strawberry.type(description="The balance does not pay for the whole order, as the caller wanted; nothing was created.")
class InsufficientBalanceError(UserError):
    available: Money = strawberry.field(description="What the balance held.")


@strawberry.type(description="The order would be owed beyond the seller's credit limit; nothing was created.")
class CreditLimitExceededError(UserError):
    credit_limit: Money | None = strawberry.field(
        description="The most that the account and its client accounts may owe in the order's currency; null with a "
        "client account's own API key."
    )
    owed: Money | None = strawberry.field(
        description="Their debt when the order was refused; null with a client account's own API key."
    )


ERROR_TYPES = (
    InputError,
    InsufficientCreditsError,
    QuoteExpiredError,
    OrderStateError,
    PaymentStateError,
    InsufficientBalanceError,
    CreditLimitExceededError,
)


def user_error(refusal: Refused, given: object) -> UserError:  # noqa: PLR0911 - one for each type
    """Return the refusal as a mutation answers it, with the path to the fault in the input that was `given`.

    Raises refusals that are no answer to an input.
    """
    if refusal.code in RAISED:
        raise refusal
    path = input_path(given, refusal.path)
    common: dict[str, Any] = {"code": refusal.code, "message": refusal.message, "path": path}
    match refusal.code, refusal.details:
        case Code.INSUFFICIENT_CREDITS, {"available_g": int(available_g)}:
            return InsufficientCreditsError(**common, available=Mass(mass_g=available_g))
        case Code.QUOTE_EXPIRED, {"expired_at": datetime() as expired_at}:
            return QuoteExpiredError(**common, expired_at=expired_at)
        case Code.ORDER_STATE, {"status": str(status)}:
            return OrderStateError(**common, status=OrderStatus(status))
        case Code.PAYMENT_STATE, {"payment_status": str(status)}:
            return PaymentStateError(**common, payment_status=PaymentStatus(status))
        case Code.INSUFFICIENT_BALANCE, {"available_minor": int(minor), "currency": str(currency)}:
            return InsufficientBalanceError(**common, available=money(minor, currency))
        case Code.CREDIT_LIMIT_EXCEEDED, details:
            limit_minor, owed_minor, unit = (
                details.get(name) for name in ("credit_limit_minor", "owed_minor", "currency")
            )
            return CreditLimitExceededError(
                **common,
                credit_limit=money(limit_minor, str(unit)) if isinstance(limit_minor, int) else None,
                owed=money(owed_minor, str(unit)) if isinstance(owed_minor, int) else None,
            )
        case _:
            return InputError(**common)
