"""Names of the models in the OpenAPI document, from which generated clients name their types.

The names stay, whatever the classes are called.
"""

from collections.abc import Mapping
from typing import Any

from service.api.rest.carbonext.errors import Problem
from service.api.rest.carbonext.filters import Aggregates, Allowed, Resources
from service.api.rest.carbonext.models import (
    ListedOrder,
    ListQuery,
    NewOrder,
    OrderPage,
    OrdersToCancel,
    OrderView,
    RecipientInfo,
)
from service.api.rest.carbonext.money import (
    BalanceQuery,
    BalanceView,
    CurrencyBalance,
    InvoicesQuery,
    InvoiceView,
    PriceQuery,
    PriceView,
    VcuBalance,
)
from service.api.rest.carbonext.tokens import Credentials, Permission, RefreshableToken, Token, UserInfo

COMPONENTS: Mapping[Any, str] = {
    Problem: "Problem",
    Credentials: "Credentials",
    Token: "Token",
    RefreshableToken: "RefreshableToken",
    UserInfo: "UserInfo",
    Permission: "Permission",
    NewOrder: "NewOrder",
    RecipientInfo: "RecipientInfo",
    OrderView: "OrderView",
    ListQuery: "ListQuery",
    OrderPage: "OrderPage",
    ListedOrder: "ListedOrder",
    OrdersToCancel: "OrdersToCancel",
    PriceQuery: "PriceQuery",
    PriceView: "PriceView",
    BalanceQuery: "BalanceQuery",
    BalanceView: "BalanceView",
    CurrencyBalance: "CurrencyBalance",
    VcuBalance: "VcuBalance",
    InvoicesQuery: "InvoicesQuery",
    InvoiceView: "InvoiceView",
    Resources: "Resources",
    Aggregates: "Aggregates",
    Allowed: "Allowed",
}
