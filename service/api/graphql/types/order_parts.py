"""GraphQL types of the parts of an order: its lines, and the movements of credits for it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from service.api.graphql.context import Info
from service.api.graphql.types.amounts import mass_field, money_field, offset_cost_field, unit_price_field
from service.api.graphql.types.by_account import by_account
from service.api.graphql.types.catalogue import Bundle, CreditBatch, batch_of, bundle_of
from service.domain import order as domain
from service.domain.accounts import Caller
from service.domain.order import EntryKind
from service.operations import read_catalogue
from service.plans import attribute_field, batch_field, selected_columns


async def _batches(parents: Sequence["CreditEntry"], info: Info) -> list[CreditBatch]:
    columns, resources = selected_columns(info), info.context.resources

    async def read(reader: Caller, places: Sequence[int]) -> list[CreditBatch]:
        ids = [parents[place].row.batch_id for place in places]
        rows = await read_catalogue.batches_of_ids(resources, reader, set(ids), columns=columns)
        batches = {id_: batch_of(row) for id_, row in rows.items()}
        return [batches[id_] for id_ in ids]

    return await by_account([parent.account_id for parent in parents], info, read)


@strawberry.type(description="A movement of credits between one batch and an order. Entries never change.")
class CreditEntry:
    row: strawberry.Private[domain.CreditEntry]
    account_id: strawberry.Private[UUID]
    batch: CreditBatch = batch_field(_batches, columns=("batch_id",), description="Batch that the credits come from.")

    kind = attribute_field(
        "row.kind", EntryKind, description="Direction of the movement: from the batch to the order, or back."
    )

    mass = mass_field(
        "row.mass_g",
        description="Mass that moved: positive if the credits moved to the order, negative if they moved back to the "
        "batch.",
    )

    recorded_at = attribute_field("row.created_at", datetime, description="Time at which the credits moved.")


async def _bundles(parents: Sequence["OrderLine"], info: Info) -> list[Bundle]:
    ids = {parent.row.bundle_id for parent in parents}
    found = await read_catalogue.bundles_of_ids(
        info.context.resources, info.context.caller, ids, columns=selected_columns(info)
    )
    bundles = {id_: bundle_of(row) for id_, row in found.items()}
    return [bundles[parent.row.bundle_id] for parent in parents]


@strawberry.type(description="Part of an order that is bought from one bundle.")
class OrderLine:
    row: strawberry.Private[domain.OrderLine]
    currency: strawberry.Private[str]
    bundle: Bundle = batch_field(
        _bundles, columns=("bundle_id",), description="Bundle that this part of the order buys."
    )

    mass = mass_field("row.mass_g", description="Mass of the bundle's credits that the order buys.")

    fulfilled_mass = mass_field(
        "row.fulfilled_g",
        description="Mass of the line for which credits are set aside. Less than `mass` while the line waits for "
        "credits.",
    )

    unit_price = unit_price_field(
        "row.unit_price_micros", "currency", description="Price of one tonne, without commission."
    )

    gross_unit_price = unit_price_field(
        "row.gross_unit_price_micros", "currency", description="Price of one tonne, including commission."
    )

    net_cost = money_field(
        "row.offset_cost_minor",
        "currency",
        description="Cost of the line without commission. Each line is rounded separately, so the sum of all lines "
        "can differ slightly from the order's `netCost`.",
    )

    offset_cost = offset_cost_field("currency")
