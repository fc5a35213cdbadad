"""Refusals of every GraphQL mutation and query: the change of the input, the code, and the path of the faulty member.

The input of each mutation is accepted but for the change of a case. `$name` stands for an id that world.py makes. A
path is empty if no member causes the refusal, but the state of an order, the stock or a limit. Values that a scalar
refuses are in test_scalars.py.
"""

from typing import Any, TypeAlias

from tests.api.refusals.world import LEFT_OUT, UNSHOWN

Case: TypeAlias = tuple[str, str, dict[str, Any]]

QUOTED, ENTRY = '"x"', '{key: "k", value: "v"}'
LONG = "x" * 2_001
DAMAGED = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA="
"""The head of a PNG file without the rest."""
TONNE = {"amount": "1", "unit": "TONNE"}
NOTHING = {"amount": "0", "unit": "GRAM"}
HUGE = {"amount": "10000000000", "unit": "TONNE"}
DOLLAR = {"amount": "10", "currency": "USD"}

_ADA = {"email": "ada@example.com", "name": "Ada", "kinds": ["INVOICE_DUE"]}
_CHOICE: list[Case] = [
    ("SELECTION_INVALID", "selection", {"selection": [{"bundleId": "$forest"}], "portfolioId": "$mix"}),
    ("SELECTION_INVALID", "selection", {"selection": []}),
    ("SELECTION_INVALID", "selection", {"selection": [{"bundleId": "$forest"}] * 21}),
    ("SELECTION_INVALID", "selection.1", {"selection": [{"bundleId": "$forest"}, {"bundleId": "$forest"}]}),
    (
        "SELECTION_INVALID",
        "selection",
        {"selection": [{"bundleId": "$forest", "percentage": "10"}, {"bundleId": "$ocean"}]},
    ),
    ("SELECTION_INVALID", "selection", {"selection": [{"bundleId": "$forest", "percentage": "99"}]}),
    ("SELECTION_INVALID", "selection.0.percentage", {"selection": [{"bundleId": "$forest", "percentage": "99.999"}]}),
    ("BAD_USER_INPUT", "selection.0.bundleId", {"selection": [{"bundleId": "x"}]}),
    ("BAD_USER_INPUT", "selection.0.bundleId", {"selection": [{"bundleId": "$mix"}]}),
    ("BUNDLE_UNAVAILABLE", "selection.0", {"selection": [{"bundleId": "$no_bundle"}]}),
    ("BUNDLE_UNAVAILABLE", "selection.0", {"selection": [{"bundleId": "$disabled"}]}),
    ("BAD_USER_INPUT", "portfolioId", {"portfolioId": "$forest"}),
    ("NOT_FOUND", "portfolioId", {"portfolioId": "$no_portfolio"}),
    ("BUNDLE_UNAVAILABLE", "portfolioId", {"portfolioId": "$stale"}),
]
_MASS: list[Case] = [
    *_CHOICE,
    ("BAD_USER_INPUT", "mass", {"mass": LEFT_OUT}),
    ("BAD_USER_INPUT", "mass.amount", {"bundleMasses": [{"bundleId": "$forest", "mass": TONNE}]}),
    ("QUANTITY_INVALID", "mass.amount", {"mass": NOTHING}),
    ("BAD_USER_INPUT", "mass.amount", {"mass": HUGE}),
    ("QUANTITY_INVALID", "mass.amount", {"mass": {"amount": "1", "unit": "KILOGRAM"}, "step": "TONNE"}),
    (
        "BAD_USER_INPUT",
        "mass.amount",
        {"mass": {**TONNE, "amount": "1000000000"}, "selection": [{"bundleId": "$gold"}]},
    ),
    ("CURRENCY_UNAVAILABLE", "currency", {"currency": "CHF"}),
    ("CURRENCY_UNAVAILABLE", "currency", {"mass": {**TONNE, "unit": "GRAM"}, "selection": [{"bundleId": "$bulk"}]}),
    (
        "SELECTION_INVALID",
        "bundleMasses",
        {"mass": LEFT_OUT, "portfolioId": "$mix", "bundleMasses": [{"bundleId": "$forest", "mass": TONNE}]},
    ),
    ("SELECTION_INVALID", "bundleMasses", {"mass": LEFT_OUT, "bundleMasses": []}),
    (
        "SELECTION_INVALID",
        "bundleMasses",
        {"mass": LEFT_OUT, "bundleMasses": [{"bundleId": "$forest", "mass": TONNE}] * 2},
    ),
    (
        "BAD_USER_INPUT",
        "bundleMasses.0.bundleId",
        {"mass": LEFT_OUT, "bundleMasses": [{"bundleId": "x", "mass": TONNE}]},
    ),
    (
        "BAD_USER_INPUT",
        "bundleMasses.0.mass.amount",
        {"mass": LEFT_OUT, "bundleMasses": [{"bundleId": "$forest", "mass": HUGE}]},
    ),
    (
        "QUANTITY_INVALID",
        "bundleMasses",
        {"mass": LEFT_OUT, "bundleMasses": [{"bundleId": "$forest", "mass": NOTHING}]},
    ),
    (
        "BUNDLE_UNAVAILABLE",
        "bundleMasses.0",
        {"mass": LEFT_OUT, "bundleMasses": [{"bundleId": "$no_bundle", "mass": TONNE}]},
    ),
]
_VALUE: list[Case] = [
    *_CHOICE,
    ("QUANTITY_INVALID", "value.amount", {"value": {"amount": "0.001", "currency": "USD"}}),
    ("BAD_USER_INPUT", "value.amount", {"value": {"amount": "10000000000001", "currency": "USD"}}),
    ("CURRENCY_UNAVAILABLE", "value.currency", {"value": {"amount": "10", "currency": "CHF"}}),
    (
        "CURRENCY_UNAVAILABLE",
        "value.currency",
        {"value": {"amount": "0.01", "currency": "USD"}, "selection": [{"bundleId": "$bulk"}]},
    ),
    (
        "BAD_USER_INPUT",
        "value.amount",
        {"value": {"amount": "10000000000000", "currency": "USD"}, "selection": [{"bundleId": "$cheap"}]},
    ),
]
_COMMAND: list[Case] = [
    ("BAD_USER_INPUT", "idempotencyKey", {"idempotencyKey": ""}),
    ("BAD_USER_INPUT", "idempotencyKey", {"idempotencyKey": "x" * 513}),
    ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey", {"idempotencyKey": "used", "description": "another"}),
    ("BAD_USER_INPUT", "customer", {"customer": "x" * 201}),
    ("BAD_USER_INPUT", "description", {"description": LONG}),
    ("BAD_USER_INPUT", "callbackUrl", {"callbackUrl": "http://insecure.test"}),
    ("BAD_USER_INPUT", "callbackUrl", {"callbackUrl": "https://127.1/orders"}),
    ("BAD_USER_INPUT", "callbackUrl", {"callbackUrl": LONG}),
    ("BAD_USER_INPUT", "beneficiary.recipient.name", {"beneficiary": {"recipient": {"name": ""}}}),
    ("BAD_USER_INPUT", "beneficiary.recipient.name", {"beneficiary": {"recipient": {"name": UNSHOWN}}}),
    ("BAD_USER_INPUT", "beneficiary.retirement.name", {"beneficiary": {"retirement": {"name": UNSHOWN}}}),
    ("BAD_USER_INPUT", "beneficiary.retirement.taxId", {"beneficiary": {"retirement": {"name": "a", "taxId": ""}}}),
    ("BAD_USER_INPUT", "beneficiary.recipient.email", {"beneficiary": {"recipient": {"name": "a", "email": ""}}}),
    ("MAXIMUM_TOTAL_EXCEEDED", "maximumTotal.amount", {"maximumTotal": {"amount": "0", "currency": "USD"}}),
    ("BAD_USER_INPUT", "maximumTotal.currency", {"maximumTotal": {"amount": "1", "currency": "CHF"}}),
    ("BAD_USER_INPUT", "maximumTotal.amount", {"maximumTotal": {"amount": "10000000000001", "currency": "USD"}}),
    ("INSUFFICIENT_BALANCE", "payWithBalance", {"payWithBalance": "WHOLE"}),
]
_LACKING: list[Case] = [
    ("INSUFFICIENT_CREDITS", "allowBackorder", {"allowBackorder": False, "mass": {**TONNE, "amount": "5000"}}),
    ("CREDIT_LIMIT_EXCEEDED", "", {"mass": {**TONNE, "amount": "1000000"}}),
]
_HOLD: list[Case] = [
    ("INSUFFICIENT_CREDITS", "hold", {"hold": True, "mass": {**TONNE, "amount": "5000"}}),
]
_NAMED: list[Case] = [
    ("BAD_USER_INPUT", "name", {"name": "x" * 201}),
    ("BAD_USER_INPUT", "idempotencyKey", {"idempotencyKey": ""}),
    ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey", {"idempotencyKey": "estimated"}),
]
_ESTIMATE: list[Case] = [
    *_CHOICE,
    ("BAD_USER_INPUT", "estimateId", {"estimateId": "x"}),
    ("NOT_FOUND", "estimateId", {"estimateId": "$no_estimate"}),
    ("QUANTITY_INVALID", "estimateId", {"step": "TONNE"}),
    ("CURRENCY_UNAVAILABLE", "currency", {"currency": "CHF"}),
]
_ORDER: list[Case] = [
    ("BAD_USER_INPUT", "order.id", {"order": {"id": "x"}}),
    ("NOT_FOUND", "order", {"order": {"id": "$no_order"}}),
    ("NOT_FOUND", "order", {"order": {"number": "none"}}),
    ("NOT_FOUND", "order", {"order": {"idempotencyKey": "none"}}),
]
_ACCOUNT: list[Case] = [
    ("BAD_USER_INPUT", "accountId", {"accountId": "x"}),
    ("NOT_FOUND", "accountId", {"accountId": "$no_account"}),
]
_REFERENCE: list[Case] = [
    ("BAD_USER_INPUT", "reference", {"reference": ""}),
    ("BAD_USER_INPUT", "reference", {"reference": "x" * 513}),
]
_SELECTION: list[Case] = [
    ("SELECTION_INVALID", "selection", {"selection": []}),
    ("SELECTION_INVALID", "selection.1", {"selection": [{"bundleId": "$forest"}, {"bundleId": "$forest"}]}),
    ("SELECTION_INVALID", "selection", {"selection": [{"bundleId": "$forest", "percentage": "99"}]}),
    ("SELECTION_INVALID", "selection.0.percentage", {"selection": [{"bundleId": "$forest", "percentage": "99.999"}]}),
    ("BAD_USER_INPUT", "selection.0.bundleId", {"selection": [{"bundleId": "x"}]}),
    ("BUNDLE_UNAVAILABLE", "selection.0", {"selection": [{"bundleId": "$no_bundle"}]}),
]
_HOOK: list[Case] = [
    ("BAD_USER_INPUT", "url", {"url": "http://insecure.test"}),
    ("BAD_USER_INPUT", "eventTypes.1", {"eventTypes": ["order.placed", "order.unknown"]}),
    ("BAD_USER_INPUT", "accountIds", {"accountIds": []}),
    ("BAD_USER_INPUT", "accountIds.0", {"accountIds": ["x"]}),
]
_HOOK_ID: list[Case] = [
    ("BAD_USER_INPUT", "id", {"id": "x"}),
    ("NOT_FOUND", "id", {"id": "$no_webhookendpoint"}),
]
_KEY = {"idempotencyKey": "new"}
_SERIALS = {"serialRange": "VCS-NEW-1-1"}
_RANGE = {"serialRange": LEFT_OUT}

_PROJECT_FACTS: list[Case] = [
    ("BAD_USER_INPUT", "logoUrl", {"logoUrl": "http://insecure.test"}),
    ("BAD_USER_INPUT", "registryProjectId", {"registryProjectId": ""}),
    ("BAD_USER_INPUT", "methodology", {"methodology": ""}),
    ("BAD_USER_INPUT", "storageYears", {"storageYears": 0}),
    ("BAD_USER_INPUT", "publicUrl", {"publicUrl": "http://insecure.test"}),
]
_BATCH: list[Case] = [
    ("BAD_USER_INPUT", "creditBatchId", {"creditBatchId": "x"}),
    ("NOT_FOUND", "creditBatchId", {"creditBatchId": "$no_creditbatch"}),
]
MUTATIONS: dict[str, tuple[dict[str, Any], list[Case]]] = {
    "quoteByMass": ({"mass": TONNE}, [*_MASS, *_HOLD]),
    "quoteByValue": ({"value": DOLLAR}, _VALUE),
    "quoteByEstimate": ({"estimateId": "$estimate"}, _ESTIMATE),
    "createOrderByMass": ({"mass": TONNE, **_KEY}, [*_MASS, *_COMMAND, *_LACKING]),
    "createOrderByValue": ({"value": DOLLAR, **_KEY}, [*_VALUE, *_COMMAND]),
    "createOrderByEstimate": (
        {"estimateId": "$estimate", **_KEY},
        [*_ESTIMATE, *_COMMAND, ("ESTIMATE_USED", "estimateId", {"estimateId": "$used_estimate"})],
    ),
    "createOrderFromQuote": (
        {"quoteId": "$quote", **_KEY},
        [
            *_COMMAND,
            ("BAD_USER_INPUT", "quoteId", {"quoteId": "x"}),
            ("NOT_FOUND", "quoteId", {"quoteId": "$no_quote"}),
            ("QUOTE_USED", "quoteId", {"quoteId": "$used_quote"}),
            ("QUOTE_EXPIRED", "quoteId", {"quoteId": "$expired_quote"}),
        ],
    ),
    "createElectricityEstimate": (
        {"amount": "1", "unit": "KILOWATT_HOUR"},
        [
            *_NAMED,
            ("BAD_USER_INPUT", "amount", {"amount": "0"}),
            ("BAD_USER_INPUT", "amount", {"amount": "1000000000000"}),
            ("QUANTITY_INVALID", "amount", {"amount": "0.0001"}),
            ("BAD_USER_INPUT", "country", {"country": "XXQ"}),
        ],
    ),
    "createFlightEstimate": (
        {"route": {"distance": {"amount": "1", "unit": "KILOMETRE"}}},
        [
            *_NAMED,
            ("BAD_USER_INPUT", "passengers", {"passengers": 0}),
            ("BAD_USER_INPUT", "route.distance.amount", {"route": {"distance": {"amount": "0", "unit": "MILE"}}}),
            ("QUANTITY_INVALID", "route", {"route": {"distance": {"amount": "0.0000001", "unit": "MILE"}}}),
            ("BAD_USER_INPUT", "route.airports.origin", {"route": {"airports": {"origin": "Q", "destination": "LHR"}}}),
            (
                "BAD_USER_INPUT",
                "route.airports.destination",
                {"route": {"airports": {"origin": "LHR", "destination": "EGLL"}}},
            ),
            ("BAD_USER_INPUT", "route.legs", {"route": {"legs": []}}),
            (
                "BAD_USER_INPUT",
                "route.legs",
                {"route": {"legs": [{"distance": {"amount": "600000", "unit": "KILOMETRE"}}] * 2}},
            ),
            (
                "BAD_USER_INPUT",
                "route.legs.0.distance.amount",
                {"route": {"legs": [{"distance": {"amount": "0", "unit": "KILOMETRE"}}]}},
            ),
            (
                "BAD_USER_INPUT",
                "route.legs.1.airports.origin",
                {
                    "route": {
                        "legs": [
                            {"distance": {"amount": "1", "unit": "KILOMETRE"}},
                            {"airports": {"origin": "Q", "destination": "LHR"}},
                        ]
                    }
                },
            ),
        ],
    ),
    "createAirFreightEstimate": (
        {"freightMassKg": "1", "distanceKm": "1000"},
        [
            *_NAMED,
            ("BAD_USER_INPUT", "freightMassKg", {"freightMassKg": "0"}),
            ("BAD_USER_INPUT", "distanceKm", {"distanceKm": "0"}),
            ("BAD_USER_INPUT", "freightMassKg", {"freightMassKg": "1000000000", "distanceKm": "1000000"}),
            ("QUANTITY_INVALID", "freightMassKg", {"freightMassKg": "0.000001", "distanceKm": "0.001"}),
        ],
    ),
    "createGroundTransportEstimate": (
        {"distanceKm": "1", "vehicleType": "COACH_BUS"},
        [
            *_NAMED,
            ("BAD_USER_INPUT", "distanceKm", {"distanceKm": "0"}),
            ("QUANTITY_INVALID", "distanceKm", {"distanceKm": "0.0000001"}),
        ],
    ),
    "createMassEstimate": (
        {"mass": TONNE},
        [
            *_NAMED,
            ("BAD_USER_INPUT", "mass.amount", {"mass": NOTHING}),
            ("BAD_USER_INPUT", "mass.amount", {"mass": HUGE}),
        ],
    ),
    "cancelOrder": (
        {"order": {"id": "$order"}},
        [*_ORDER, ("ORDER_STATE", "order", {"order": {"id": "$failed"}})],
    ),
    "cancelOrders": (
        {"orders": [{"id": "$order"}]},
        [
            ("BAD_USER_INPUT", "orders", {"orders": []}),
            ("BAD_USER_INPUT", "orders.0.id", {"orders": [{"id": "x"}]}),
            ("NOT_FOUND", "orders.1", {"orders": [{"id": "$order"}, {"number": "none"}]}),
            ("ORDER_STATE", "orders.0", {"orders": [{"id": "$failed"}]}),
        ],
    ),
    "updateOrder": (
        {"order": {"id": "$order"}, "customer": "New"},
        [
            *_ORDER,
            ("BAD_USER_INPUT", "customer", {"customer": "x" * 201}),
            ("BAD_USER_INPUT", "description", {"description": "x" * 1_001}),
        ],
    ),
    "simulateOrder": (
        {"order": {"id": "$order"}, "outcome": "PAY"},
        [("TEST_ACCOUNT_REQUIRED", "", {})],
    ),
    "setAccountPortfolio": (
        {},
        [
            *_SELECTION,
            ("BAD_USER_INPUT", "portfolioId", {"portfolioId": "x"}),
            ("NOT_FOUND", "portfolioId", {"portfolioId": "$no_portfolio"}),
            ("CURRENCY_UNAVAILABLE", "portfolioId", {"portfolioId": "$unpriced_mix"}),
            ("CURRENCY_UNAVAILABLE", "selection", {"selection": [{"bundleId": "$unpriced"}]}),
        ],
    ),
    "createWebhookEndpoint": (
        {"url": "https://receiver.example/hook"},
        [
            *_HOOK,
            ("NOT_FOUND", "accountIds", {"accountIds": ["$no_account"]}),
        ],
    ),
    "updateWebhookEndpoint": (
        {"id": "$hook"},
        [
            *_HOOK,
            *_HOOK_ID,
            ("BAD_USER_INPUT", "url", {"url": None}),
            ("NOT_FOUND", "accountIds", {"accountIds": ["$no_account"]}),
        ],
    ),
    "deleteWebhookEndpoint": ({"id": "$hook"}, _HOOK_ID),
    "rotateWebhookSecret": ({"id": "$hook"}, _HOOK_ID),
    "sendTestEvent": ({"id": "$hook"}, _HOOK_ID),
    "replayDelivery": (
        {"id": "$delivery"},
        [("BAD_USER_INPUT", "id", {"id": "x"}), ("NOT_FOUND", "id", {"id": "$no_webhookdelivery"})],
    ),
    "replayEvents": (
        {"webhookEndpointId": "$hook", "since": "2099-01-01T00:00:00Z"},
        [
            ("BAD_USER_INPUT", "webhookEndpointId", {"webhookEndpointId": "x"}),
            ("NOT_FOUND", "webhookEndpointId", {"webhookEndpointId": "$no_webhookendpoint"}),
            ("BAD_USER_INPUT", "since", {"since": "2020-01-01T00:00:00Z"}),
        ],
    ),
    "createClientAccount": (
        {"name": "Client", "currency": "USD"},
        [
            ("BAD_USER_INPUT", "name", {"name": ""}),
            ("BAD_USER_INPUT", "handle", {"handle": "A B"}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": ""}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": UNSHOWN}),
            ("BAD_USER_INPUT", "name", {"name": UNSHOWN}),
            ("CURRENCY_UNAVAILABLE", "currency", {"currency": "CHF"}),
            ("IDEMPOTENCY_KEY_REUSED", "handle", {"handle": "known", "beneficiary": "b", "mayUseBalance": True}),
            ("IDEMPOTENCY_KEY_REUSED", "handle", {"handle": "known", "externalPagesVisibility": "HIDDEN"}),
        ],
    ),
    "updateClientAccount": (
        {"id": "$client"},
        [
            ("BAD_USER_INPUT", "id", {"id": "x"}),
            ("NOT_FOUND", "id", {"id": "$no_account", "name": "n"}),
            ("BAD_USER_INPUT", "name", {"name": None}),
            ("BAD_USER_INPUT", "handle", {"handle": "A B"}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": ""}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": UNSHOWN}),
            ("BAD_USER_INPUT", "name", {"name": UNSHOWN}),
            ("BAD_USER_INPUT", "externalPagesVisibility", {"externalPagesVisibility": None}),
            ("BAD_USER_INPUT", "mayUseBalance", {"mayUseBalance": None}),
            ("IDEMPOTENCY_KEY_REUSED", "handle", {"handle": "other"}),
        ],
    ),
    "createProject": (
        {
            "slug": "new",
            "name": "N",
            "category": "C",
            "type": "T",
            "country": "BRA",
            "registryName": "Verra",
            "description": "D",
        },
        [
            ("BAD_USER_INPUT", "slug", {"slug": "A B"}),
            ("BAD_USER_INPUT", "name", {"name": ""}),
            ("BAD_USER_INPUT", "category", {"category": ""}),
            ("BAD_USER_INPUT", "type", {"type": ""}),
            ("BAD_USER_INPUT", "country", {"country": "br"}),
            ("BAD_USER_INPUT", "registryName", {"registryName": ""}),
            ("BAD_USER_INPUT", "description", {"description": ""}),
            *_PROJECT_FACTS,
            ("IDEMPOTENCY_KEY_REUSED", "slug", {"slug": "trees", "logoUrl": "https://a.test/logo.png"}),
        ],
    ),
    "updateProject": (
        {"projectId": "$project"},
        [
            ("BAD_USER_INPUT", "projectId", {"projectId": "x"}),
            ("NOT_FOUND", "projectId", {"projectId": "$no_project", "name": "N"}),
            *(
                ("BAD_USER_INPUT", name, {name: given})
                for name in ("name", "category", "type", "registryName", "description")
                for given in ("", None)
            ),
            ("BAD_USER_INPUT", "country", {"country": "br"}),
            *_PROJECT_FACTS,
        ],
    ),
    "updateBundle": (
        {"bundleId": "$forest"},
        [
            ("BAD_USER_INPUT", "bundleId", {"bundleId": "x"}),
            ("NOT_FOUND", "bundleId", {"bundleId": "$no_bundle", "name": "N"}),
            ("BAD_USER_INPUT", "name", {"name": ""}),
            ("BAD_USER_INPUT", "description", {"description": None}),
            ("BAD_USER_INPUT", "offsetType", {"offsetType": None}),
            ("BAD_USER_INPUT", "approach", {"approach": None}),
            ("BAD_USER_INPUT", "carbonPermanence", {"carbonPermanence": None}),
            ("BAD_USER_INPUT", "primaryImageUrl", {"primaryImageUrl": "ftp://a.test"}),
            ("BAD_USER_INPUT", "backgroundColour", {"backgroundColour": "red"}),
        ],
    ),
    "withdrawCreditBatch": (
        {"creditBatchId": "$known_batch", "reason": "R"},
        [
            *_BATCH,
            ("BAD_USER_INPUT", "reason", {"reason": ""}),
        ],
    ),
    "reinstateCreditBatch": ({"creditBatchId": "$known_batch"}, _BATCH),
    "recordRegistryRetirement": (
        {
            "reference": "new-entry",
            "creditBatchId": "$old_batch",
            "retiredOn": "2026-01-02",
            "serialRange": "VCS-OLD-1 to VCS-OLD-1",
            "accountId": "$account",
            "order": {"id": "$retired"},
        },
        [
            ("BAD_USER_INPUT", "reference", {"reference": ""}),
            ("IDEMPOTENCY_KEY_REUSED", "reference", {"reference": "known-entry"}),
            ("BAD_USER_INPUT", "creditBatchId", {"creditBatchId": "x"}),
            ("NOT_FOUND", "creditBatchId", {"creditBatchId": "$no_creditbatch"}),
            ("BAD_USER_INPUT", "retiredOn", {"retiredOn": "1989-12-31"}),
            ("BAD_USER_INPUT", "retiredOn", {"retiredOn": "2999-01-01"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "nothing"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": None}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "VCS-OLD-2 to VCS-OLD-2"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "VCS-YOUNG-1 to VCS-YOUNG-1"}),
            (
                "BAD_USER_INPUT",
                "serialRange",
                {"creditBatchId": "$young_batch", "serialRange": "VCS-YOUNG-1 to VCS-YOUNG-1"},
            ),
            ("BAD_USER_INPUT", "serialRange", {"order": {"id": "$retired_too"}}),
            ("BAD_USER_INPUT", "lastSerial", {"serialRange": None, "firstSerial": "VCS-OLD-1"}),
            ("BAD_USER_INPUT", "serialRange", {"creditBatchId": "$unnumbered_batch"}),
            ("BAD_USER_INPUT", "order", {"creditBatchId": "$unnumbered_batch", "serialRange": None}),
            (
                "BAD_USER_INPUT",
                "order",
                {
                    "creditBatchId": "$unnumbered_batch",
                    "serialRange": None,
                    "accountId": LEFT_OUT,
                    "order": LEFT_OUT,
                },
            ),
            ("BAD_USER_INPUT", "accountId", {"accountId": "x"}),
            ("BAD_USER_INPUT", "accountId", {"accountId": LEFT_OUT}),
            ("BAD_USER_INPUT", "order", {"order": LEFT_OUT}),
            ("BAD_USER_INPUT", "order.id", {"order": {"id": "x"}}),
            ("NOT_FOUND", "order", {"order": {"id": "$no_order"}}),
            ("BAD_USER_INPUT", "retirementId", {"retirementId": ""}),
            ("BAD_USER_INPUT", "retirementId", {"retirementId": UNSHOWN}),
            ("BAD_USER_INPUT", "url", {"url": "http://registry.example"}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": "x" * 201}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": UNSHOWN}),
            ("NOT_FOUND", "corrects", {"corrects": "unknown"}),
            ("BAD_USER_INPUT", "corrects", {"corrects": "wrong-entry"}),
        ],
    ),
    "createBundle": (
        {
            "slug": "new",
            "name": "N",
            "description": "D",
            "offsetType": "CARBON_REMOVAL",
            "approach": "TRADITIONAL",
            "carbonPermanence": "SHORT_TERM",
            "projectIds": ["$project"],
        },
        [
            ("BAD_USER_INPUT", "slug", {"slug": "A B"}),
            ("BAD_USER_INPUT", "name", {"name": ""}),
            ("BAD_USER_INPUT", "description", {"description": ""}),
            ("BAD_USER_INPUT", "projectIds", {"projectIds": []}),
            ("BAD_USER_INPUT", "projectIds.0", {"projectIds": ["x"]}),
            ("NOT_FOUND", "projectIds", {"projectIds": ["$no_project"]}),
            ("BAD_USER_INPUT", "primaryImageUrl", {"primaryImageUrl": "ftp://a.test"}),
            ("BAD_USER_INPUT", "backgroundColour", {"backgroundColour": "red"}),
            (
                "IDEMPOTENCY_KEY_REUSED",
                "slug",
                {"slug": "known", "primaryImageUrl": "https://a.test/a.png", "approach": "INNOVATIVE"},
            ),
        ],
    ),
    "setPrice": (
        {
            "bundleId": "$forest",
            "currency": "USD",
            "tiers": [{"minimumMass": NOTHING, "unitPrice": "5"}],
        },
        [
            ("BAD_USER_INPUT", "bundleId", {"bundleId": "x"}),
            ("NOT_FOUND", "bundleId", {"bundleId": "$no_bundle"}),
            ("BAD_USER_INPUT", "tiers", {"tiers": []}),
            ("BAD_USER_INPUT", "tiers", {"tiers": [{"minimumMass": NOTHING, "unitPrice": "5"}] * 2}),
            ("BAD_USER_INPUT", "tiers", {"tiers": [{"minimumMass": NOTHING, "unitPrice": "0"}]}),
            ("BAD_USER_INPUT", "tiers.0.unitPrice", {"tiers": [{"minimumMass": NOTHING, "unitPrice": "1.1234567"}]}),
            (
                "BAD_USER_INPUT",
                "tiers.0.unitPrice",
                {"tiers": [{"minimumMass": NOTHING, "unitPrice": "10000000000000"}]},
            ),
            ("BAD_USER_INPUT", "tiers.0.minimumMass.amount", {"tiers": [{"minimumMass": HUGE, "unitPrice": "5"}]}),
            (
                "BAD_USER_INPUT",
                "tiers.1",
                {
                    "tiers": [
                        {"minimumMass": NOTHING, "unitPrice": "5"},
                        {"minimumMass": TONNE, "unitPrice": "6"},
                    ]
                },
            ),
        ],
    ),
    "setPortfolio": (
        {"identifier": "mix-2", "label": "Mix", "selection": [{"bundleId": "$forest"}]},
        [
            *_SELECTION,
            ("BAD_USER_INPUT", "identifier", {"identifier": "A B"}),
            ("BAD_USER_INPUT", "label", {"label": ""}),
        ],
    ),
    "disableBundle": (
        {"bundleId": "$forest"},
        [("BAD_USER_INPUT", "bundleId", {"bundleId": "x"}), ("NOT_FOUND", "bundleId", {"bundleId": "$no_bundle"})],
    ),
    "enableBundle": (
        {"bundleId": "$disabled"},
        [("BAD_USER_INPUT", "bundleId", {"bundleId": "x"}), ("NOT_FOUND", "bundleId", {"bundleId": "$no_bundle"})],
    ),
    "receiveCreditBatch": (
        {
            "reference": "new",
            "projectId": "$project",
            "mode": "LIVE",
            "vintage": 2020,
            "mass": TONNE,
            "serialForm": "PLAIN",
            **_SERIALS,
        },
        [
            *_REFERENCE,
            ("BAD_USER_INPUT", "projectId", {"projectId": "x"}),
            ("NOT_FOUND", "projectId", {"projectId": "$no_project"}),
            ("BAD_USER_INPUT", "vintage", {"vintage": 1900}),
            ("BAD_USER_INPUT", "vintage", {"vintage": 2200}),
            ("BAD_USER_INPUT", "periodStart", {"periodStart": "2020-12-31", "periodEnd": "2020-12-30"}),
            ("BAD_USER_INPUT", "article6Authorisation", {"article6Authorisation": ""}),
            ("BAD_USER_INPUT", "labels", {"labels": ["L"] * 21}),
            ("BAD_USER_INPUT", "labels.0", {"labels": [""]}),
            ("BAD_USER_INPUT", "labels.1", {"labels": ["L", "L"]}),
            ("QUANTITY_INVALID", "mass.amount", {"mass": NOTHING}),
            ("BAD_USER_INPUT", "mass.amount", {"mass": HUGE}),
            ("BAD_USER_INPUT", "mass.amount", {"mass": {**TONNE, "amount": "2"}}),
            ("IDEMPOTENCY_KEY_REUSED", "reference", {"reference": "known", "mass": {**TONNE, "amount": "2"}}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": ""}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": " "}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "none"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "OAK-é-1-1"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "OAK-2-1"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "OAK-01-1"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": f"OAK-{'1' * 19}-{'1' * 19}"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "OAK-1 to ELM-1"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "VCS-KNOWN-1-1"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": LEFT_OUT}),
            ("BAD_USER_INPUT", "serialRange", {"serialForm": "NONE"}),
            ("BAD_USER_INPUT", "serialRange", {"firstSerial": "OAK-1", "lastSerial": "OAK-1"}),
            ("BAD_USER_INPUT", "lastSerial", {**_RANGE, "firstSerial": "OAK-1"}),
            ("BAD_USER_INPUT", "firstSerial", {**_RANGE, "lastSerial": "OAK-1"}),
            ("BAD_USER_INPUT", "firstSerial", {**_RANGE, "firstSerial": "none", "lastSerial": "OAK-1"}),
            ("BAD_USER_INPUT", "lastSerial", {**_RANGE, "firstSerial": "OAK-1", "lastSerial": "none"}),
            ("BAD_USER_INPUT", "lastSerial", {**_RANGE, "firstSerial": "OAK-1", "lastSerial": "ELM-1"}),
            ("BAD_USER_INPUT", "firstSerial", {**_RANGE, "firstSerial": "-1", "lastSerial": "-1"}),
            ("BAD_USER_INPUT", "firstSerial", {**_RANGE, "firstSerial": "x" * 201, "lastSerial": "OAK-1"}),
            (
                "BAD_USER_INPUT",
                "firstSerial",
                {
                    **_RANGE,
                    "serialForm": "GOLD_STANDARD",
                    "firstSerial": "GS1-1-KE-GS7496-16-2025-30646-608-609",
                    "lastSerial": "GS1-1-KE-GS7496-16-2025-30646-608-609",
                },
            ),
            (
                "BAD_USER_INPUT",
                "firstSerial",
                {
                    "serialForm": "CERCARBONO",
                    "serialRange": "CDC_8_1_1_321_14_CO_1_1",
                    "firstSerial": "x",
                    "lastSerial": "2",
                },
            ),
            ("BAD_USER_INPUT", "serialForm", {"serialForm": LEFT_OUT, "projectId": "$odd_project"}),
            ("BAD_USER_INPUT", "registryReference", {"registryReference": "r"}),
            ("BAD_USER_INPUT", "registryReference", {**_RANGE, "serialForm": "NONE"}),
            ("BAD_USER_INPUT", "registryReference", {**_RANGE, "serialForm": "NONE", "registryReference": " "}),
            ("BAD_USER_INPUT", "serialRange", {"serialPrefix": "OAK-", "serialStart": "1"}),
            ("BAD_USER_INPUT", "serialStart", {**_RANGE, "serialPrefix": "OAK-"}),
            ("BAD_USER_INPUT", "serialPrefix", {**_RANGE, "serialStart": "1"}),
            ("BAD_USER_INPUT", "serialPrefix", {**_RANGE, "serialPrefix": "OAK1", "serialStart": "1"}),
            ("BAD_USER_INPUT", "serialPrefix", {**_RANGE, "serialPrefix": "", "serialStart": "1"}),
            (
                "BAD_USER_INPUT",
                "serialPrefix",
                {**_RANGE, "serialForm": "VERRA", "serialPrefix": "OAK-", "serialStart": "1"},
            ),
            ("BAD_USER_INPUT", "serialStart", {**_RANGE, "serialPrefix": "OAK-", "serialStart": "-1"}),
            (
                "IDEMPOTENCY_KEY_REUSED",
                "reference",
                {**_RANGE, "reference": "known", "serialPrefix": "OAK-", "serialStart": "-1"},
            ),
            ("BAD_USER_INPUT", "periodEnd", {"periodEnd": "2190-01-01", "vintage": 2020}),
            ("BAD_USER_INPUT", "vintage", {"periodEnd": "2019-01-01"}),
            (
                "BAD_USER_INPUT",
                "vintage",
                {"serialForm": "GOLD_STANDARD", "serialRange": "GS1-1-KE-GS7496-16-2025-30646-608-608"},
            ),
            (
                "BAD_USER_INPUT",
                "vintage",
                {
                    "serialForm": "VERRA",
                    "serialRange": "9801-122000101-122000101-VCS-VCU-1491-VER-IN-1-612-01012018-31122018-0",
                },
            ),
            (
                "BAD_USER_INPUT",
                "periodEnd",
                {
                    "serialForm": "VERRA",
                    "vintage": 2018,
                    "periodEnd": "2018-12-30",
                    "serialRange": "9801-122000101-122000101-VCS-VCU-1491-VER-IN-1-612-01012018-31122018-0",
                },
            ),
            (
                "BAD_USER_INPUT",
                "serialRange",
                {
                    "serialForm": "VERRA",
                    "serialRange": "9801-122000101-122000101-VCS-VCU-1491-VER-IN-1-612-31122018-01012018-0",
                },
            ),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "ACR-FR-1130-2025-2918-30932 to 30932"}),
        ],
    ),
    "recordPayment": (
        {"accountId": "$account", "reference": "new", "amount": DOLLAR},
        [
            *_ACCOUNT,
            *_REFERENCE,
            *_ORDER,
            ("BAD_USER_INPUT", "amount.amount", {"amount": {"amount": "0", "currency": "USD"}}),
            ("BAD_USER_INPUT", "amount.amount", {"amount": {"amount": "0.001", "currency": "USD"}}),
            ("BAD_USER_INPUT", "amount.amount", {"amount": {"amount": "10000000000001", "currency": "USD"}}),
            (
                "BAD_USER_INPUT",
                "amount.currency",
                {"amount": {"amount": "1", "currency": "CHF"}, "order": {"id": "$order"}},
            ),
            ("BAD_USER_INPUT", "invoiceId", {"invoiceId": "x"}),
            ("BAD_USER_INPUT", "invoiceId", {"invoiceId": "$no_invoice", "order": {"id": "$order"}}),
            ("NOT_FOUND", "invoiceId", {"invoiceId": "$no_invoice"}),
            ("BAD_USER_INPUT", "amount.currency", {"amount": {"amount": "1", "currency": "CHF"}, "invoiceId": "$bill"}),
            ("IDEMPOTENCY_KEY_REUSED", "reference", {"reference": "paid"}),
        ],
    ),
    "billOrders": (
        {"accountId": "$account", "reference": "new", "orders": [{"id": "$order"}]},
        [
            ("BAD_USER_INPUT", "accountId", {"accountId": "x"}),
            ("NOT_FOUND", "accountId", {"accountId": "$no_account", "orders": LEFT_OUT, "currency": "USD"}),
            *_REFERENCE,
            ("BAD_USER_INPUT", "paymentDays", {"paymentDays": -1}),
            ("BAD_USER_INPUT", "currency", {"currency": "USD"}),
            ("BAD_USER_INPUT", "createdAt", {"createdAt": {"gte": "2020-01-01T00:00:00Z"}}),
            ("BAD_USER_INPUT", "orders", {"orders": []}),
            ("BAD_USER_INPUT", "orders", {"orders": [{"id": "$order"}, {"id": "$in_riyals"}]}),
            ("BAD_USER_INPUT", "orders.0.id", {"orders": [{"id": "x"}]}),
            ("NOT_FOUND", "orders.1", {"orders": [{"id": "$order"}, {"number": "none"}]}),
            ("PAYMENT_STATE", "orders.0", {"orders": [{"id": "$cancelled"}]}),
            ("PAYMENT_STATE", "orders.1", {"orders": [{"id": "$order"}, {"id": "$billed"}]}),
            ("NOT_FOUND", "", {"orders": LEFT_OUT, "currency": "CHF"}),
            ("IDEMPOTENCY_KEY_REUSED", "reference", {"reference": "billed"}),
        ],
    ),
    "settleInvoice": (
        {"accountId": "$account", "invoiceId": "$no_invoice"},
        [
            *_ACCOUNT,
            ("BAD_USER_INPUT", "invoiceId", {"invoiceId": "x"}),
            ("NOT_FOUND", "invoiceId", {}),
        ],
    ),
    "refundOrder": (
        {"accountId": "$account", "order": {"id": "$order"}},
        [*_ACCOUNT, *_ORDER, ("PAYMENT_STATE", "", {})],
    ),
    "createAccount": (
        {"reference": "new", "name": "Orrin Mills", "currency": "USD", "portfolioId": "$mix"},
        [
            ("BAD_USER_INPUT", "reference", {"reference": " "}),
            ("BAD_USER_INPUT", "name", {"name": " "}),
            ("BAD_USER_INPUT", "portfolioId", {"portfolioId": "$forest"}),
            ("NOT_FOUND", "portfolioId", {"portfolioId": "$no_portfolio"}),
            ("CURRENCY_UNAVAILABLE", "currency", {"currency": "CHF"}),
            ("BAD_USER_INPUT", "commissionPercent", {"commissionPercent": "7.555"}),
            ("BAD_USER_INPUT", "commissionPercent", {"commissionPercent": "91"}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": ""}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": UNSHOWN}),
            ("BAD_USER_INPUT", "name", {"name": UNSHOWN}),
            ("NOT_FOUND", "seller", {"seller": "none"}),
            ("IDEMPOTENCY_KEY_REUSED", "reference", {"reference": "known", "name": "Other"}),
        ],
    ),
    "updateAccount": (
        {"accountId": "$account", "name": "New name"},
        [
            *_ACCOUNT,
            ("BAD_USER_INPUT", "name", {"name": None}),
            ("BAD_USER_INPUT", "name", {"name": " "}),
            ("BAD_USER_INPUT", "name", {"name": "x" * 201}),
            ("BAD_USER_INPUT", "currency", {"currency": None}),
            ("CURRENCY_UNAVAILABLE", "currency", {"currency": "CHF"}),
            ("BAD_USER_INPUT", "commissionPercent", {"commissionPercent": None}),
            ("BAD_USER_INPUT", "commissionPercent", {"commissionPercent": "0.001"}),
            ("BAD_USER_INPUT", "commissionPercent", {"commissionPercent": "90.01"}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": ""}),
            ("BAD_USER_INPUT", "beneficiary", {"beneficiary": UNSHOWN}),
            ("BAD_USER_INPUT", "name", {"name": UNSHOWN}),
        ],
    ),
    "setContacts": (
        {"contacts": [_ADA]},
        [
            ("BAD_USER_INPUT", "contacts", {"contacts": [_ADA] * 21}),
            ("BAD_USER_INPUT", "contacts.1.email", {"contacts": [_ADA, {**_ADA, "email": "ADA@example.com"}]}),
            ("BAD_USER_INPUT", "contacts.0.email", {"contacts": [{**_ADA, "email": "ada"}]}),
            ("BAD_USER_INPUT", "contacts.0.name", {"contacts": [{**_ADA, "name": " "}]}),
        ],
    ),
    "createAccessToken": (
        {"scopes": ["ORDERS_READ"]},
        [
            ("BAD_USER_INPUT", "scopes", {"scopes": []}),
            ("BAD_USER_INPUT", "expiresInSeconds", {"expiresInSeconds": 0}),
            ("BAD_USER_INPUT", "expiresInSeconds", {"expiresInSeconds": 3_601}),
        ],
    ),
    "createApiKey": (
        {"idempotencyKey": "a key", "name": "ERP", "scopes": ["ACCOUNT_MANAGE"]},
        [
            ("BAD_USER_INPUT", "idempotencyKey", {"idempotencyKey": ""}),
            ("BAD_USER_INPUT", "name", {"name": " "}),
            ("BAD_USER_INPUT", "scopes", {"scopes": []}),
            ("BAD_USER_INPUT", "expiresAt", {"expiresAt": "2020-01-01T00:00:00Z"}),
            ("IDEMPOTENCY_KEY_REUSED", "idempotencyKey", {"idempotencyKey": "known", "name": "Shop"}),
        ],
    ),
    "revokeApiKey": (
        {"id": "$key"},
        [
            ("BAD_USER_INPUT", "id", {"id": "x"}),
            ("BAD_USER_INPUT", "id", {"id": "$order"}),
            ("NOT_FOUND", "id", {"id": "co_live_00000000000000"}),
        ],
    ),
    "revokeDocumentLinks": (
        {"id": "$order"},
        [
            ("BAD_USER_INPUT", "id", {"id": "x"}),
            ("BAD_USER_INPUT", "id", {"id": "$account"}),
            ("NOT_FOUND", "id", {"id": "$no_order"}),
        ],
    ),
    "suspendAccount": ({"accountId": "$no_account"}, [*_ACCOUNT]),
    "reinstateAccount": ({"accountId": "$account"}, [*_ACCOUNT]),
    "setAccountLimits": (
        {"accountId": "$account"},
        [
            *_ACCOUNT,
            ("BAD_USER_INPUT", "accountId", {"accountId": "$client"}),
            ("BAD_USER_INPUT", "accountId", {"accountId": "$test_account"}),
            ("BAD_USER_INPUT", "creditLimit.amount", {"creditLimit": {"amount": "0.001", "currency": "USD"}}),
            ("BAD_USER_INPUT", "unlimitedCurrency", {"creditLimit": DOLLAR, "unlimitedCurrency": "USD"}),
            ("BAD_USER_INPUT", "holdPercentMax", {"holdPercentMax": 101}),
            ("BAD_USER_INPUT", "openHoldsMax", {"openHoldsMax": -1}),
        ],
    ),
    "updateSeller": (
        {"country": "GB"},
        [
            ("NOT_FOUND", "identifier", {"identifier": "none"}),
            ("BAD_USER_INPUT", "legalName", {"legalName": ""}),
            ("BAD_USER_INPUT", "legalName", {"legalName": " "}),
            ("BAD_USER_INPUT", "legalName", {"legalName": UNSHOWN}),
            ("BAD_USER_INPUT", "address", {"address": f"1 Main Street\n{UNSHOWN}"}),
            ("BAD_USER_INPUT", "retirementStatement", {"retirementStatement": UNSHOWN}),
            ("BAD_USER_INPUT", "country", {"country": "gb"}),
            ("BAD_USER_INPUT", "logo", {"logo": "no base64"}),
            ("BAD_USER_INPUT", "logo", {"logo": "R0lGODlh"}),
            ("BAD_USER_INPUT", "logo", {"logo": DAMAGED}),
            ("BAD_USER_INPUT", "paymentDays", {"paymentDays": -1}),
        ],
    ),
    "updateBillingDetails": (
        {"accountId": "$account", "country": "DE"},
        [
            *_ACCOUNT,
            ("BAD_USER_INPUT", "accountId", {"accountId": "$client"}),
            ("NOT_FOUND", "seller", {"seller": "none"}),
            ("BAD_USER_INPUT", "purchaseOrder", {"purchaseOrder": ""}),
        ],
    ),
    "setTaxProfile": (
        {"accountId": "$account", "validFrom": "2027-01-01", "category": "STANDARD", "rate": "20"},
        [
            *_ACCOUNT,
            ("BAD_USER_INPUT", "accountId", {"accountId": "$client"}),
            ("BAD_USER_INPUT", "rate", {"rate": "20.001"}),
            ("BAD_USER_INPUT", "rate", {"rate": "0"}),
            ("BAD_USER_INPUT", "reason", {"reason": "Exempt"}),
            ("BAD_USER_INPUT", "reason", {"category": "EXEMPT", "rate": "0", "reason": ""}),
            ("BAD_USER_INPUT", "reasonCode", {"category": "EXEMPT", "rate": "0", "reasonCode": ""}),
            ("BAD_USER_INPUT", "category", {"category": "REVERSE_CHARGE", "rate": "0", "reason": "Reverse charge"}),
        ],
    ),
    "failOrder": (
        {"accountId": "$account", "order": {"id": "$cancelled"}},
        [*_ACCOUNT, *_ORDER, ("ORDER_STATE", "", {})],
    ),
    "retireOrder": (
        {"accountId": "$account", "order": {"id": "$cancelled"}},
        [*_ACCOUNT, *_ORDER, ("ORDER_STATE", "", {}), ("PAYMENT_STATE", "order", {"order": {"id": "$order"}})],
    ),
}

INPUTS_OF_QUERIES: list[tuple[str, dict[str, Any], list[Case]]] = [
    (
        "price",
        {"mass": TONNE},
        [
            *_MASS,
            ("BAD_USER_INPUT", "mass.amount", {"value": DOLLAR}),
            ("BAD_USER_INPUT", "mass.amount", {"estimateId": "$estimate"}),
            ("BAD_USER_INPUT", "mass", {"mass": LEFT_OUT, "value": DOLLAR, "estimateId": "$estimate"}),
        ],
    ),
    ("price", {"value": DOLLAR}, [*_VALUE, ("BAD_USER_INPUT", "currency", {"currency": "SAR"})]),
    ("price", {"estimateId": "$estimate"}, _ESTIMATE),
    (
        "serialRange",
        {"projectId": "$project", "serialRange": "OAK-1-100", "serialForm": "PLAIN"},
        [
            ("BAD_USER_INPUT", "projectId", {"projectId": "$forest"}),
            ("NOT_FOUND", "projectId", {"projectId": "$no_project"}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": ""}),
            ("BAD_USER_INPUT", "serialRange", {"serialRange": "OAK-100-1"}),
            ("BAD_USER_INPUT", "serialRange", {"serialForm": "VERRA"}),
            ("BAD_USER_INPUT", "serialRange", {"serialForm": LEFT_OUT}),
        ],
    ),
]
"""Inputs of the queries that refuse as the mutations do."""

SIMULATIONS: list[Case] = [
    *_ORDER,
    ("PAYMENT_STATE", "order", {"order": {"id": "$test_cancelled"}, "outcome": "PAY"}),
    ("PAYMENT_STATE", "order", {"order": {"id": "$test_cancelled"}, "outcome": "REFUSE_PAYMENT"}),
    ("ORDER_STATE", "", {"order": {"id": "$test_cancelled"}, "outcome": "FULFIL"}),
    ("ORDER_STATE", "", {"order": {"id": "$test_cancelled"}, "outcome": "RUN_SHORT"}),
    ("ORDER_STATE", "", {"order": {"id": "$test_cancelled"}, "outcome": "RETIRE"}),
    ("ORDER_STATE", "", {"order": {"id": "$test_cancelled"}, "outcome": "FAIL"}),
    ("PAYMENT_STATE", "", {"order": {"id": "$test_cancelled"}, "outcome": "REFUND"}),
    ("BUNDLE_UNAVAILABLE", "", {"order": {"id": "$test_without_project"}, "outcome": "FULFIL"}),
]
"""Cases of `simulateOrder` with the key of a test account."""

QUERIES: list[tuple[str, str, str]] = [
    ('{ node(id: "x") { id } }', "BAD_USER_INPUT", "id"),
    ('{ nodes(ids: ["x"]) { id } }', "BAD_USER_INPUT", "ids.0"),
    (f"{{ nodes(ids: [{', '.join([QUOTED] * 101)}]) {{ id }} }}", "BAD_USER_INPUT", "ids"),
    ("{ orders(first: 101) { totalCount } }", "BAD_USER_INPUT", "first"),
    ("{ orders(first: 0) { totalCount } }", "BAD_USER_INPUT", "first"),
    ("{ orders(first: 1, last: 1) { totalCount } }", "BAD_USER_INPUT", "last"),
    ('{ orders(after: "x") { totalCount } }', "BAD_USER_INPUT", "after"),
    ('{ orders(last: 1, before: "x") { totalCount } }', "BAD_USER_INPUT", "before"),
    ('{ airports(search: "a", first: 51) { code } }', "BAD_USER_INPUT", "first"),
    ("{ account { retirementStatement(year: 1999) { year } } }", "BAD_USER_INPUT", "year"),
    ('{ airports(search: "") { code } }', "BAD_USER_INPUT", "search"),
    ("{ orders(accountIds: [], includeClients: true) { totalCount } }", "BAD_USER_INPUT", "accountIds"),
    (
        '{ orders(accountIds: ["00000000-0000-0000-0000-000000000007"]) { totalCount } }',
        "ACCOUNT_SELECTED_INVALID",
        "accountIds.0",
    ),
    ('{ orders(filter: {bundleId: ["x"]}) { totalCount } }', "BAD_USER_INPUT", "filter.bundleId.0"),
    ('{ orders(filter: {number: ""}) { totalCount } }', "BAD_USER_INPUT", "filter.number"),
    ('{ orders(filter: {textContains: ""}) { totalCount } }', "BAD_USER_INPUT", "filter.textContains"),
    ("{ allOrders(accountIds: []) { totalCount } }", "BAD_USER_INPUT", "accountIds"),
    ('{ allOrders(accountIds: ["x"]) { totalCount } }', "BAD_USER_INPUT", "accountIds.0"),
    ('{ accounts(filter: {nameContains: ""}) { totalCount } }', "BAD_USER_INPUT", "filter.nameContains"),
    ('{ accounts(filter: {parentId: "x"}) { totalCount } }', "BAD_USER_INPUT", "filter.parentId"),
    ('{ allInvoices(filter: {textContains: ""}) { totalCount } }', "BAD_USER_INPUT", "filter.textContains"),
    ('{ orders(filter: {customerContains: ""}) { totalCount } }', "BAD_USER_INPUT", "filter.customerContains"),
    (
        '{ orders(filter: {metadata: [{key: "", value: "v"}]}) { totalCount } }',
        "BAD_USER_INPUT",
        "filter.metadata.0.key",
    ),
    (
        f"{{ orders(filter: {{metadata: [{', '.join([ENTRY] * 51)}]}}) {{ totalCount }} }}",
        "BAD_USER_INPUT",
        "filter.metadata",
    ),
    ('{ projects(filter: {textContains: ""}) { totalCount } }', "BAD_USER_INPUT", "filter.textContains"),
    ('{ projects(filter: {country: ["br"]}) { totalCount } }', "BAD_USER_INPUT", "filter.country.0"),
    ('{ projects(filter: {type: [""]}) { totalCount } }', "BAD_USER_INPUT", "filter.type.0"),
    (
        f"{{ projects(filter: {{registryName: [{', '.join([QUOTED] * 101)}]}}) {{ totalCount }} }}",
        "BAD_USER_INPUT",
        "filter.registryName",
    ),
    ('{ bundles(filter: {projectId: ["x"]}) { totalCount } }', "BAD_USER_INPUT", "filter.projectId.0"),
    ("{ creditBatches(filter: {vintage: [2020, 1900]}) { totalCount } }", "BAD_USER_INPUT", "filter.vintage.1"),
    ('{ clientAccounts(nameContains: "") { totalCount } }', "BAD_USER_INPUT", "nameContains"),
    ('{ order(by: {id: "x"}) { id } }', "BAD_USER_INPUT", "by.id"),
    ('{ quote(id: "x") { id } }', "BAD_USER_INPUT", "id"),
    ('{ estimate(id: "x") { id } }', "BAD_USER_INPUT", "id"),
    ('{ bundle(id: "x") { id } }', "BAD_USER_INPUT", "id"),
    ('{ invoice(id: "x") { id } }', "BAD_USER_INPUT", "id"),
]

COMPLETED: dict[str, dict[str, Any]] = {"setAccountPortfolio": {"portfolioId": "$mix"}}
"""Members that complete an input of which each case chooses one."""

OPERATORS = frozenset(
    {
        *("receiveCreditBatch", "createProject", "createBundle", "setPrice", "setPortfolio", "disableBundle"),
        *("updateProject", "updateBundle", "withdrawCreditBatch", "reinstateCreditBatch"),
        *("enableBundle", "recordPayment", "billOrders", "settleInvoice", "refundOrder", "failOrder"),
        "retireOrder",
        *("suspendAccount", "reinstateAccount", "setAccountLimits", "createApiKey", "revokeApiKey"),
        "revokeDocumentLinks",
        *("createAccessToken", "createAccount", "updateAccount", "setContacts"),
        *("updateSeller", "updateBillingDetails", "setTaxProfile", "recordRegistryRetirement"),
    }
)
"""Mutations with which operators act for any account, also for a suspended one."""

WITHOUT_SCOPE = frozenset({"createAccessToken"})
"""Mutations that a key without any particular scope may send."""

AFTERWARDS: list[tuple[str, str, str, str, dict[str, Any]]] = [
    ("UPDATE accounts SET hold_percent_max = 0", "quoteByMass", "HOLD_LIMIT_EXCEEDED", "hold", {"hold": True}),
    ("UPDATE accounts SET open_holds_max = 0", "quoteByMass", "HOLD_LIMIT_EXCEEDED", "hold", {"hold": True}),
    (
        "UPDATE bundles SET disabled_at = created_at",
        "createOrderByMass",
        "BUNDLE_UNAVAILABLE",
        "",
        {},
    ),
    (
        "INSERT INTO tax_profiles SELECT id, '2027-01-01', 'AE', 0, 'Reverse charge', NULL FROM accounts",
        "updateBillingDetails",
        "BAD_USER_INPUT",
        "taxNumber",
        {"taxNumber": None},
    ),
    (
        (
            "INSERT INTO sellers (id, identifier, payment_days, created_at)"
            " SELECT id, 'eu', 30, created_at FROM bundles LIMIT 1"
        ),
        "updateBillingDetails",
        "BAD_USER_INPUT",
        "seller",
        {"seller": "eu"},
    ),
]
"""Refusals that need another world: the statement that makes it, and then a case of a mutation."""
