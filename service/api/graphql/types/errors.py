"""GraphQL types of user errors: the refusals that a mutation returns as data."""

from datetime import datetime
from typing import Any

import strawberry

from service.api.graphql.inputs.fault_paths import input_path
from service.api.graphql.types.amounts import Mass, Money, money
from service.api.request_facts import note_refusal
from service.domain.order import OrderStatus, PaymentStatus
from service.errors import Code, Refused

RAISED = frozenset({Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.THROTTLED, Code.UNAVAILABLE})
"""Codes that a mutation raises instead of returning: the request itself is at fault, whatever its input is."""


@strawberry.interface(
    description="Reason why a mutation was refused. Every type of user error has these fields, and some types have "
    "more."
)
class UserError:
    code: Code = strawberry.field(description="Code of the error, for use by programs.")
    message: str = strawberry.field(
        description="Explanation of the error in English, for people. Do not parse the message: its text may change in "
        "any release."
    )
    path: list[str] = strawberry.field(
        description="Path to the faulty member of the arguments, starting with `input`. Positions in lists are "
        "numbers, counted from 0 and written as text. Empty if no member is at fault."
    )


@strawberry.type(
    description="The change was refused because of the input, or because of the state of an object that the input "
    "names."
)
class InputError(UserError):
    pass


@strawberry.type(
    description="Too few credits are in stock. The order did not allow a backorder, or the quote was to set credits "
    "aside (`hold`). Nothing was created."
)
class InsufficientCreditsError(UserError):
    available: Mass = strawberry.field(description="Mass that the order or quote could get from stock at once.")


@strawberry.type(description="The quote expired before an order was placed from it.")
class QuoteExpiredError(UserError):
    expired_at: datetime = strawberry.field(description="Time at which the quote expired.")


@strawberry.type(description="The state of the order does not allow the change.")
class OrderStateError(UserError):
    status: OrderStatus = strawberry.field(description="State of the order when the change was refused.")


@strawberry.type(description="The state of the order's payment does not allow the change.")
class PaymentStateError(UserError):
    payment_status: PaymentStatus = strawberry.field(
        description="Payment state of the order when the change was refused."
    )


@strawberry.type(
    description="The prepaid balance is too low to pay the whole total, which the input asked for (`payWithBalance: "
    "WHOLE`). Nothing was created."
)
class InsufficientBalanceError(UserError):
    available: Money = strawberry.field(
        description="Balance in the order's currency when the order was refused. Zero if the API key belongs to a "
        "client account that may not use the balance."
    )


@strawberry.type(
    description="The order would raise the debt above the credit limit that the seller set. Nothing was created."
)
class CreditLimitExceededError(UserError):
    credit_limit: Money | None = strawberry.field(
        description="Maximum debt, in the order's currency, of the account that pays and its client accounts. Null if "
        "the request used a client account's own API key."
    )
    owed: Money | None = strawberry.field(
        description="Debt of the account that pays and its client accounts, when the order was refused. Null if the "
        "request used a client account's own API key."
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
    """Return the refusal as a user error, with the path to the fault in the `given` input.

    Refusals that no input causes are raised instead.
    """
    if refusal.code in RAISED:
        raise refusal
    note_refusal(refusal.code)
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
