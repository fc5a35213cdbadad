"""REST APIs: contracts that programs were written for elsewhere, each declared once and served by the same core.

Foreign names are used only in a contract's own package; the core does not know orders, and contracts do not know each
other. A contract is a package beside this file with `CONTRACT`, listed in contracts.py; nothing else is needed:

class NewOrder(msgspec.Struct): ...                # models say names, nulls, bounds; they are the OpenAPI schemas
    class OrderView(msgspec.Struct): ...

async def create_order(call: Call[NewOrder, None]) -> Answer:
        call.caller                                    # domain.accounts.Caller, already paid for from its budget
        call.context                              # resources, placement, public_address, pepper, budgets
        call.path["id"], call.query, call.body         # texts of the address; values of the declared models
        return Answer(OrderView(...), status=201)      # or File("application/pdf", content)

CONTRACT = Contract(
        name="lune",                                   # below /lune, in SERVICE_HOSTS, in settings' budgets
        title=..., description=..., version=...,
        endpoints=(
            Endpoint(method="POST", path="/v1/orders", operation_id="create_order", summary="...",
                     handler=create_order, body=NewOrder, responses={201: OrderView}, refusals=frozenset({404, 409}),
                     query=None, body_media_type=JSON, public=False, request_headers=("Idempotency-Key",)),
        ),
        components={NewOrder: "NewOrder", ...},        # names in the OpenAPI document; these and operation ids stay
        error_model=Problem, error_media_type="application/problem+json",
        refusal=lambda refused, request_id: (status, Problem(...)),
        authenticate=by_api_key,                       # or: async (request, context) -> Caller
        headers=no_headers,                            # or: (ASGI scope, request id) -> headers of every answer
        labelled_json=True, any_case=False, any_case_query=False, decimals_are_numbers=False,
    )

An endpoint refuses by raising `service.errors.Refused`; `refusal` is the only place that determines the form of a
contract's refusals. Of each request the core checks, in this order: address 404, method 405 with Allow, key 401, budget
429, body 413 and 415, JSON and models 400 (`Refused(BAD_USER_INPUT, message, path)`), and then asks the handler. JSON
numbers reach `Decimal` fields exactly. Any other failure is a masked 500 of the request limits, in the contract's words
as well.
"""
