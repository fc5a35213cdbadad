"""Refusals of every endpoint of the REST contracts: the change of the request, the code and the path that are shown.

The request of each endpoint is accepted but for the change of a case; a change that is not an object replaces it. A
fourth member of a case is the address, if the endpoint has parameters. `$name` stands for an id that world.py makes.
carbon-engine shows paths with status 400 only.
"""

from typing import Any

from tests.api.refusals.world import UNSHOWN
from tests.domain.test_logos import png, svg

LONG = "x" * 2_001
NONE = "0" * 32

_LUNE_MASS = {"mass": {"amount": "1", "unit": "t"}}
_LUNE_CHOICE: list[Any] = [
    ("validation_error", "bundle_selection", {"bundle_selection": "x"}),
    ("bundle_selection_bundle_invalid", "bundle_selection", {"bundle_selection": [{"bundle_id": "$forest"}] * 21}),
    ("bundle_selection_ratios_invalid", "bundle_selection", {"bundle_selection": []}),
    ("bundle_selection_ratios_invalid", "bundle_selection.1", {"bundle_selection": [{"bundle_id": "$forest"}] * 2}),
    (
        "bundle_selection_ratios_invalid",
        "bundle_selection",
        {"bundle_selection": [{"bundle_id": "$forest", "percentage": 99}]},
    ),
    (
        "bundle_selection_ratios_invalid",
        "bundle_selection",
        {"bundle_selection": [{"bundle_id": "$forest", "percentage": 99}, {"bundle_id": "$ocean"}]},
    ),
    (
        "bundle_selection_ratios_invalid_format",
        "bundle_selection.0.percentage",
        {"bundle_selection": [{"bundle_id": "$forest", "percentage": "99.999"}]},
    ),
    ("bundle_id_invalid", "bundle_selection.0", {"bundle_selection": [{"bundle_id": "x"}]}),
    ("bundle_selection_bundle_invalid", "bundle_selection.0", {"bundle_selection": [{"bundle_id": NONE}]}),
    ("bundle_selection_bundle_invalid", "", {"bundle_selection": [{"bundle_id": "$unpriced"}]}),
    ("validation_error", "quantity_trunc", {"quantity_trunc": "mg"}),
]
_LUNE_COMMAND: list[Any] = [
    ("validation_error", "idempotency_key", {"idempotency_key": ""}),
    ("validation_error", "idempotency_key", {"idempotency_key": "a\0"}),
    ("order_idempotency_already_exists", "idempotency_key", {"idempotency_key": "used"}),
    ("order_idempotency_already_exists", "idempotency_key", {"idempotency_key": "tonne"}),
    ("validation_error", "metadata", {"metadata": {str(each): "" for each in range(51)}}),
    ("validation_error", "metadata", {"metadata": {"": "x"}}),
    ("validation_error", "metadata.a", {"metadata": {"a": "x" * 501}}),
]
_LUNE_BY_MASS: list[Any] = [
    *_LUNE_CHOICE,
    ("validation_error", "mass", {"mass": None}),
    ("validation_error", "mass.amount", {"mass": {"amount": "-1", "unit": "t"}}),
    ("validation_error", "mass.unit", {"mass": {"amount": "1", "unit": "lb"}}),
    ("validation_error", "mass.amount", {"mass": {"amount": "10000000000", "unit": "t"}}),
    ("order_quantity_invalid", "mass", {"mass": {"amount": "0", "unit": "t"}}),
    ("order_quantity_invalid", "mass", {"mass": {"amount": "1", "unit": "kg"}, "quantity_trunc": "t"}),
    (
        "validation_error",
        "mass",
        {"mass": {"amount": "1000000000", "unit": "t"}, "bundle_selection": [{"bundle_id": "$gold"}]},
    ),
    (
        "validation_error",
        "bundle_selection",
        {
            "mass": None,
            "bundle_selection": [{"bundle_id": "$forest"}],
            "bundle_masses": [{"bundle_id": "$forest", "mass": {"amount": "1", "unit": "t"}}],
        },
    ),
    ("validation_error", "bundle_masses", {"mass": None, "bundle_masses": []}),
    (
        "bundle_selection_ratios_invalid",
        "bundle_masses",
        {"mass": None, "bundle_masses": [{"bundle_id": "$forest", "mass": {"amount": "1", "unit": "t"}}] * 2},
    ),
    (
        "order_quantity_invalid",
        "bundle_masses",
        {"mass": None, "bundle_masses": [{"bundle_id": "$forest", "mass": {"amount": "0", "unit": "t"}}]},
    ),
    (
        "validation_error",
        "bundle_masses.0.mass.amount",
        {"mass": None, "bundle_masses": [{"bundle_id": "$forest", "mass": {"amount": "10000000000", "unit": "t"}}]},
    ),
    (
        "bundle_id_invalid",
        "bundle_masses.0",
        {"mass": None, "bundle_masses": [{"bundle_id": "x", "mass": {"amount": "1", "unit": "t"}}]},
    ),
    (
        "bundle_id_invalid",
        "bundle_masses.0",
        {"mass": None, "bundle_masses": [{"bundle_id": NONE, "mass": {"amount": "1", "unit": "t"}}]},
    ),
]
_LUNE_BY_VALUE: list[Any] = [
    *_LUNE_CHOICE,
    ("validation_error", "value", {"value": "x"}),
    ("order_value_invalid", "value", {"value": "0.001"}),
    ("validation_error", "value", {"value": "10000000000001"}),
    ("validation_error", "value", {"value": "10000000000000", "bundle_selection": [{"bundle_id": "$cheap"}]}),
    ("bundle_selection_bundle_invalid", "", {"value": "0.01", "bundle_selection": [{"bundle_id": "$bulk"}]}),
]
_LUNE_ESTIMATE: list[Any] = [
    *(each for each in _LUNE_CHOICE if NONE not in str(each) and "$unpriced" not in str(each)),
    *(each for each in _LUNE_COMMAND if each[0] == "validation_error"),
    ("estimate_idempotency_already_exists", "idempotency_key", {"idempotency_key": "estimated"}),
    ("validation_error", "name", {"name": "x" * 201}),
]
_LUNE_CLIENT: list[Any] = [
    ("validation_error", "name", {"name": " "}),
    ("validation_error", "beneficiary", {"beneficiary": "x" * 201}),
    ("validation_error", "beneficiary", {"beneficiary": UNSHOWN}),
    ("validation_error", "name", {"name": UNSHOWN}),
    ("validation_error", "handle", {"handle": "A B"}),
    ("validation_error", "handle", {"handle": "x" * 65}),
    ("validation_error", "external_pages_visibility", {"external_pages_visibility": "x"}),
]
_LUNE_CHANGE: list[Any] = [
    *_LUNE_CLIENT,
    ("order_idempotency_already_exists", "handle", {"handle": "other"}),
    ("not_found", "id", {}, f"/accounts/client/{NONE}"),
    ("not_found", "id", {}, "/accounts/client/x"),
]
_LUNE_HOOK: list[Any] = [
    ("validation_error", "url", {"url": "http://hooks.example.com/"}),
    ("validation_error", "url", {"url": "https://user:password@hooks.example.com/"}),
    ("validation_error", "account_ids.0", {"account_ids": ["x"]}),
    ("not_found", "account_ids", {"account_ids": [NONE]}),
]


def _no_hook(below: str) -> list[Any]:
    """Return the cases of a webhook that is not there, or is one of another format."""
    return [("not_found", "id", {}, f"/webhooks/{each}{below}") for each in (NONE, "x", "$hook")]


_LUNE_PAGE: list[Any] = [
    ("pagination_limit_invalid", "limit", {"limit": "0"}),
    ("validation_error", "after", {"after": "x"}),
    ("validation_error", "after", {"after": NONE}),
]

_LUNE_LOGO: dict[str, Any] = {"logo": png()}


def _of_logo(owner: str) -> list[Any]:
    """Return the cases of files that are no logo."""
    address = f"/accounts/{owner}/logo"
    return [
        ("unsupported_image_format", "logo", {"logo": content}, address)
        for content in (b"GIF89a", png()[:40], png(5_000, 1), svg("<script/>"), png() + bytes(65_536))
    ]


_LUNE_PAGE_OF_ACCOUNT = {"status": "enabled", "slug": "acme", "title": "by_volume", "sections": ["certificates"]}
_LUNE_PAGES: list[Any] = [
    ("validation_error", "slug", {"slug": "-"}),
    ("validation_error", "slug", {"slug": "A"}),
    ("validation_error", "title", {"title": "x"}),
    ("validation_error", "sections", {"sections": ["unsdg", "unsdg"]}),
    ("validation_error", "custom_description", {"custom_description": "x" * 1_001}),
    ("validation_error", "custom_description", {"description": "by_custom_description"}),
    ("sustainability_page_slug_not_unique", "slug", {"slug": "trees"}),
]

LUNE: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "POST /orders/by-mass": (
        _LUNE_MASS,
        [
            *_LUNE_BY_MASS,
            *_LUNE_COMMAND,
            (
                "insufficient_credits",
                "",
                {"mass": {"amount": "1000000", "unit": "t"}},
            ),
        ],
    ),
    "POST /orders/by-mass/quote": (_LUNE_MASS, _LUNE_BY_MASS),
    "POST /orders/by-value": ({"value": "10"}, [*_LUNE_BY_VALUE, *_LUNE_COMMAND]),
    "POST /orders/by-value/quote": ({"value": "10"}, _LUNE_BY_VALUE),
    "POST /orders/by-estimate": (
        {"estimate_id": "$estimate"},
        [
            *_LUNE_CHOICE,
            *_LUNE_COMMAND,
            ("estimate_not_found", "estimate_id", {"estimate_id": "x"}),
            ("estimate_not_found", "estimate_id", {"estimate_id": NONE}),
            ("estimate_order_already_placed", "estimate_id", {"estimate_id": "$used_estimate"}),
            ("order_quantity_invalid", "estimate_id", {"quantity_trunc": "t"}),
        ],
    ),
    "GET /orders": ({}, _LUNE_PAGE),
    "GET /orders/{id}": ({}, [("not_found", "", {}, f"/orders/{NONE}"), ("not_found", "", {}, "/orders/x")]),
    "GET /orders/{id}/certificate": (
        {},
        [
            ("not_found", "", {}, f"/orders/{NONE}/certificate"),
            ("not_found", "", {}, "/orders/$order/certificate"),
        ],
    ),
    "GET /orders/by-idempotency-key/{idempotency_key}": (
        {},
        [
            ("not_found", "", {}, "/orders/by-idempotency-key/none"),
            ("not_found", "", {}, f"/orders/by-idempotency-key/{'x' * 513}"),
        ],
    ),
    "POST /estimates/electricity": (
        {"consumption": {"amount": "1", "unit": "kWh"}},
        [
            *_LUNE_ESTIMATE,
            ("validation_error", "consumption.amount", {"consumption": {"amount": "0", "unit": "kWh"}}),
            ("order_quantity_invalid", "consumption.amount", {"consumption": {"amount": "0.01", "unit": "Wh"}}),
            ("validation_error", "country_code", {"country_code": "XXQ"}),
        ],
    ),
    "POST /estimates/flight": (
        {"route": {"amount": "100", "unit": "km"}},
        [
            *_LUNE_ESTIMATE,
            ("validation_error", "route", {"route": {}}),
            ("validation_error", "route.amount", {"route": {"amount": "0", "unit": "km"}}),
            ("order_quantity_invalid", "route", {"route": {"amount": "0.0000001", "unit": "km"}}),
            ("validation_error", "passengers", {"passengers": 0}),
            ("validation_error", "route.source", {"route": {"source": "Q", "destination": "LHR"}}),
            ("validation_error", "route.destination", {"route": {"source": "LHR", "destination": "EGLL"}}),
        ],
    ),
    "GET /estimates/electricity/{id}": (
        {},
        [("not_found", "", {}, f"/estimates/electricity/{place}") for place in (NONE, "x", "$estimate")],
    ),
    "GET /accounts/client/me": ({}, [("account_scope_incorrect", "Lune-Account", {})]),
    "GET /bundles": ({}, _LUNE_PAGE),
    "GET /bundles/{id}": ({}, [("not_found", "", {}, f"/bundles/{NONE}"), ("not_found", "", {}, "/bundles/$unpriced")]),
    "GET /projects": ({}, _LUNE_PAGE),
    "GET /projects/{id}": ({}, [("not_found", "", {}, f"/projects/{NONE}")]),
    "GET /projects/by-slug/{slug}": ({}, [("not_found", "", {}, "/projects/by-slug/nothing")]),
    "GET /bundle-selections": ({}, []),
    "PUT /bundle-selections": (
        {},
        [
            ("bundle_selection_ratios_invalid", "", []),
            ("bundle_selection_ratios_invalid", "1", [{"bundle_id": "$forest"}] * 2),
            (
                "bundle_selection_ratios_invalid_format",
                "0.percentage",
                [{"bundle_id": "$forest", "percentage": "1.111"}],
            ),
            ("bundle_id_invalid", "0", [{"bundle_id": "x"}]),
            ("bundle_selection_bundle_invalid", "0", [{"bundle_id": NONE}]),
            ("bundle_selection_bundle_invalid", "", [{"bundle_id": "$unpriced"}]),
        ],
    ),
    "GET /bundle-portfolios": ({}, []),
    "PUT /bundle-portfolios": (
        {},
        [
            ("id_invalid", "bundle_portfolio_id", {"bundle_portfolio_id": "x"}),
            ("id_invalid", "bundle_portfolio_id", {"bundle_portfolio_id": NONE}),
            ("bundle_selection_bundle_invalid", "bundle_portfolio_id", {"bundle_portfolio_id": "$unpriced_mix"}),
        ],
    ),
    "GET /accounts/me": ({}, []),
    "POST /accounts/client": (
        {"name": "Client", "currency": "USD"},
        [
            *_LUNE_CLIENT,
            ("validation_error", "currency", {"currency": "usd"}),
            ("bundle_selection_bundle_invalid", "currency", {"currency": "CHF"}),
            ("order_idempotency_already_exists", "handle", {"handle": "known", "external_pages_visibility": "hidden"}),
        ],
    ),
    "GET /accounts/client": ({}, [*_LUNE_PAGE, ("validation_error", "name", {"name": ""})]),
    "PATCH /accounts/client/{id}": (
        {},
        [(*each, "/accounts/client/$client") if len(each) < 4 else each for each in _LUNE_CHANGE],
    ),
    "PUT /accounts/client/{id}": (
        {"name": "Client"},
        [(*each, "/accounts/client/$client") if len(each) < 4 else each for each in _LUNE_CHANGE],
    ),
    "POST /accounts/{id}/logo": (
        _LUNE_LOGO,
        [("not_found", "id", {}, f"/accounts/{NONE}/logo"), *_of_logo("$account")],
    ),
    "DELETE /accounts/{id}/logo": ({}, [("not_found", "id", {}, f"/accounts/{NONE}/logo")]),
    "POST /accounts/client/{id}/logo": (
        _LUNE_LOGO,
        [
            ("not_found", "id", {}, f"/accounts/client/{NONE}/logo"),
            ("not_found", "id", {}, "/accounts/client/x/logo"),
            *_of_logo("client/$client"),
        ],
    ),
    "DELETE /accounts/client/{id}/logo": ({}, [("not_found", "id", {}, f"/accounts/client/{NONE}/logo")]),
    "POST /sustainability-pages": (_LUNE_PAGE_OF_ACCOUNT, _LUNE_PAGES),
    "PUT /sustainability-pages": (_LUNE_PAGE_OF_ACCOUNT, [("not_found", "", {}), *_LUNE_PAGES[:-1]]),
    "GET /sustainability-pages/current-account": ({}, [("not_found", "", {})]),
    "GET /sustainability-pages/public/{type}/{slug}": (
        {},
        [("not_found", "", {}, f"/sustainability-pages/public/{place}") for place in ("live/none", "none/trees")],
    ),
    "GET /sustainability-pages/public/{organisation_id}/{type}/{handle}": (
        {},
        [("not_found", "", {}, f"/sustainability-pages/public/{place}/live/known") for place in (NONE, "x")],
    ),
    "GET /webhooks": ({}, []),
    "POST /webhooks": ({"url": "https://hooks.example.com/"}, _LUNE_HOOK),
    "GET /webhooks/{id}": ({}, _no_hook("")),
    "PUT /webhooks/{id}": (
        {"url": "https://hooks.example.com/"},
        [*((*each, "/webhooks/$lune_hook") for each in _LUNE_HOOK), *_no_hook("")],
    ),
    "PUT /webhooks/{id}/rotate-secret": ({}, _no_hook("/rotate-secret")),
    "DELETE /webhooks/{id}": ({}, _no_hook("")),
}

_ENGINE_PORTFOLIO: list[Any] = [
    ("bad-user-input", "portfolioId", {"portfolioId": "x"}),
    ("not-found", "", {"portfolioId": NONE}),
    ("bundle-unavailable", "portfolio_id", {"portfolioId": "$stale"}),
    ("currency-unavailable", "", {"portfolioId": "$unpriced_mix"}),
]
_ENGINE_PORTFOLIO_2: list[Any] = [
    (code, at.replace("portfolioId", "portfolio_id"), {"portfolio_id": given["portfolioId"]})
    for code, at, given in _ENGINE_PORTFOLIO
]
CARBON_ENGINE: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "POST /orders": (
        {"amount_kg": 1},
        [
            *_ENGINE_PORTFOLIO,
            ("bad-user-input", "amount_kg", {"amount_kg": 0}),
            ("bad-user-input", "amount_kg", {"amount_kg": None}),
            ("bad-user-input", "amount_kg", {"total_price_sar_halalas": 1}),
            ("bad-user-input", "amount_kg", {"amount_kg": 10**12, "portfolioId": "$riyal_gold"}),
            ("bad-user-input", "total_price_sar_halalas", {"amount_kg": None, "total_price_sar_halalas": 0}),
            ("quantity-invalid", "total_price_sar_halalas", {"amount_kg": None, "total_price_sar_halalas": 1}),
            (
                "bad-user-input",
                "total_price_sar_halalas",
                {"amount_kg": None, "total_price_sar_halalas": 10**15, "portfolioId": "$riyal_cheap"},
            ),
            (
                "currency-unavailable",
                "",
                {"amount_kg": None, "total_price_sar_halalas": 100, "portfolioId": "$unpriced_mix"},
            ),
            ("credit-limit-exceeded", "", {"amount_kg": 10**9}),
            ("bad-user-input", "customer", {"customer": "x" * 201}),
            ("bad-user-input", "description", {"description": LONG}),
            ("bad-user-input", "callbackUrl", {"callbackUrl": "http://insecure.test"}),
            ("bad-user-input", "callbackUrl", {"callbackUrl": "https://127.1/orders"}),
            ("bad-user-input", "Idempotency-Key", {"Idempotency-Key": "x" * 513}),
            ("idempotency-key-reused", "", {"Idempotency-Key": "used"}),
        ],
    ),
    "GET /orders": (
        {},
        [
            ("bad-user-input", "limit", {"limit": "0"}),
            ("bad-user-input", "starting_after", {"starting_after": "x"}),
            ("bad-user-input", "ending_before", {"ending_before": NONE}),
        ],
    ),
    "GET /orders/{id}": ({}, [("not-found", "", {}, f"/orders/{NONE}"), ("not-found", "", {}, "/orders/x")]),
    "POST /orders/{id}/cancel": (
        {},
        [
            ("not-found", "", None, f"/orders/{NONE}/cancel"),
            ("not-found", "", None, "/orders/x/cancel"),
            ("order-state", "", None, "/orders/$failed_in_riyals/cancel"),
        ],
    ),
    "POST /quotes": (
        {"amount_kg": 1},
        [
            *_ENGINE_PORTFOLIO,
            ("bad-user-input", "amount_kg", {"amount_kg": 0}),
            ("bad-user-input", "amount_kg", {"amount_kg": 10**12, "portfolioId": "$riyal_gold"}),
        ],
    ),
    "POST /quotes/air-freight": (
        {"freight_mass_kg": 1, "distance_km": 1_000},
        [
            *_ENGINE_PORTFOLIO_2,
            ("bad-user-input", "freight_mass_kg", {"freight_mass_kg": 0}),
            ("bad-user-input", "distance_km", {"distance_km": 0}),
            ("bad-user-input", "distance_km", {"distance_km": "x"}),
            ("bad-user-input", "distance_km", {"distance_km": "1e-401"}),
            ("bad-user-input", "freight_mass_kg", {"freight_mass_kg": 10**9, "distance_km": 10**6}),
            ("quantity-invalid", "distance_km", {"freight_mass_kg": 0.000001, "distance_km": 0.001}),
            (
                "bad-user-input",
                "distance_km",
                {"freight_mass_kg": 10**9, "distance_km": 10**5, "portfolio_id": "$riyal_gold"},
            ),
        ],
    ),
    "POST /quotes/ground-transport": (
        {"distance_km": 1_000, "vehicle_type": "coach_bus"},
        [
            *_ENGINE_PORTFOLIO_2,
            ("bad-user-input", "distance_km", {"distance_km": 0}),
            ("quantity-invalid", "distance_km", {"distance_km": 0.0000001}),
            ("bad-user-input", "vehicle_type", {"vehicle_type": "sledge"}),
        ],
    ),
}

_RECIPIENT = "certificateRecipientInfo"
CARBONEXT: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "POST /orders": (
        {"vcuAmount": 1, "targetCurrency": "USD"},
        [
            ("bad-user-input", "vcuAmount", {"vcuAmount": "x"}),
            ("bad-user-input", "vcuAmount", {"vcuAmount": "1e-401"}),
            ("quantity-invalid", "vcuAmount", {"vcuAmount": 0}),
            ("bad-user-input", "vcuAmount", {"vcuAmount": 10**11}),
            ("bad-user-input", "targetCurrency", {"targetCurrency": "EUR"}),
            ("currency-unavailable", "targetCurrency", {"targetCurrency": "BRL"}),
            ("insufficient-balance", "payWithBalance", {"payWithBalance": True}),
            ("credit-limit-exceeded", "", {"vcuAmount": 10**6}),
            ("bad-user-input", "metaData", {"metaData": "x" * 501}),
            ("bad-user-input", "metaData", {"metaData": "a\0"}),
            ("bad-user-input", f"{_RECIPIENT}.name", {_RECIPIENT: {"name": "x" * 201}}),
            ("bad-user-input", f"{_RECIPIENT}.name", {_RECIPIENT: {"name": UNSHOWN}}),
            ("bad-user-input", f"{_RECIPIENT}.retirementName", {_RECIPIENT: {"retirementName": UNSHOWN}}),
            ("bad-user-input", f"{_RECIPIENT}.email", {_RECIPIENT: {"name": "a", "email": "x" * 201}}),
            ("bad-user-input", f"{_RECIPIENT}.taxId", {_RECIPIENT: {"name": "a", "taxId": "x" * 201}}),
            ("bad-user-input", f"{_RECIPIENT}.retirementName", {_RECIPIENT: {"retirementName": "x" * 201}}),
            (
                "bad-user-input",
                f"{_RECIPIENT}.retirementTaxId",
                {_RECIPIENT: {"retirementName": "a", "retirementTaxId": "x" * 201}},
            ),
        ],
    ),
    "GET /orders": (
        {},
        [
            ("bad-user-input", "page", {"page": "0"}),
            ("bad-user-input", "page-size", {"page-size": "101"}),
            ("bad-user-input", "filter-by", {"filter-by": "invoiceId_eq:x"}),
            ("bad-user-input", "filter-by", {"filter-by": "createdAt_eq:x"}),
            ("bad-user-input", "filter-by", {"filter-by": "vcuAmount_eq:x"}),
        ],
    ),
    "POST /orders/{id}/cancel": (
        {},
        [
            ("not-found", "", None, f"/orders/{NONE}/cancel"),
            ("not-found", "", None, "/orders/x/cancel"),
            ("order-state", "", None, "/orders/$billed/cancel"),
        ],
    ),
    "POST /orders/cancel": (
        {"ordersIds": ["$order"]},
        [("bad-user-input", "ordersIds", {"ordersIds": []})],
    ),
    "GET /prices": (
        {},
        [
            ("quantity-invalid", "vcu-amount", {"vcu-amount": "0", "target-currency": "USD"}),
            ("bad-user-input", "vcu-amount", {"vcu-amount": "100000000000", "target-currency": "USD"}),
            ("bad-user-input", "vcu-amount", {"vcu-amount": "1e-401", "target-currency": "USD"}),
            ("bad-user-input", "target-currency", {"target-currency": "EUR"}),
            ("currency-unavailable", "target-currency", {"target-currency": "BRL"}),
        ],
    ),
    "GET /customers/balance": (
        {},
        [
            (code, name, {name: "x"})
            for code in ("bad-user-input",)
            for name in ("startDate", "endDate", "startPeriod", "endPeriod")
        ],
    ),
    "GET /invoices/balance": ({}, [("bad-user-input", "endPeriod", {"endPeriod": "x"})]),
    "GET /invoices": ({}, [("bad-user-input", "page-size", {"page-size": "0"})]),
    "GET /invoices/{id}": ({}, [("not-found", "", {}, f"/invoices/{NONE}"), ("not-found", "", {}, "/invoices/x")]),
    "GET /permissions": ({}, []),
    "GET /resources": ({}, []),
    "GET /allowed-filters/{resource}": ({}, [("not-found", "", {}, "/allowed-filters/none")]),
}

CONTRACTS = {"lune": LUNE, "carbon-engine": CARBON_ENGINE, "carbonext": CARBONEXT}

SUSPENDED = {"lune": "account_suspended", "carbon-engine": "account-suspended", "carbonext": "account-suspended"}
NOBODY = {"lune": "unauthorised", "carbon-engine": "unauthenticated", "carbonext": "unauthenticated"}
COMPLETED: dict[str, Any] = {
    "PUT /bundle-selections": [{"bundle_id": "$forest"}],
    "PUT /bundle-portfolios": {"bundle_portfolio_id": "$mix"},
}
"""Complete requests of endpoints whose cases have to choose a member."""
PUBLIC = frozenset(
    {
        *("GET /resources", "GET /allowed-filters/{resource}", "GET /sustainability-pages/public/{type}/{slug}"),
        "GET /sustainability-pages/public/{organisation_id}/{type}/{handle}",
    }
)
"""Endpoints that need no key."""
ELSEWHERE = frozenset(
    {
        "GET /connect/userinfo",
        "POST /connect/token",
        "POST /auth/realms/co2free/protocol/openid-connect/token",
    }
)
"""Endpoints of tokens, whose refusals are errors of OAuth 2: test_tokens.py."""
