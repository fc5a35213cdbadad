"""Mutations, one file for each area. Each returns an object or user errors. Its field is nullable, so that a failure
never hides the result of an earlier field of the same document.
"""

import strawberry

from service.api.graphql.mutations.access_tokens import AccessTokenMutations
from service.api.graphql.mutations.account_administration import AccountAdministrationMutations
from service.api.graphql.mutations.accounts import AccountMutations
from service.api.graphql.mutations.api_keys import ApiKeyMutations
from service.api.graphql.mutations.billing import BillingMutations
from service.api.graphql.mutations.cancellations import CancellationMutations
from service.api.graphql.mutations.catalogue import CatalogueMutations
from service.api.graphql.mutations.contacts import ContactMutations
from service.api.graphql.mutations.documents import DocumentMutations
from service.api.graphql.mutations.estimates import EstimateMutations
from service.api.graphql.mutations.logos import LogoMutations
from service.api.graphql.mutations.money import MoneyMutations
from service.api.graphql.mutations.operator_accounts import OperatorAccountMutations
from service.api.graphql.mutations.order_changes import OrderChangeMutations
from service.api.graphql.mutations.orders import OrderMutations
from service.api.graphql.mutations.quotes import QuoteMutations
from service.api.graphql.mutations.registry_retirements import RegistryRetirementMutations
from service.api.graphql.mutations.retirements import RetirementMutations
from service.api.graphql.mutations.simulation import SimulationMutations
from service.api.graphql.mutations.webhooks import WebhookMutations


@strawberry.type(
    description="Operations that change data. Each needs an API key with scope `orders:write`, or with the "
    "scope that its description names. A refused change returns its reasons in `userErrors`. A mutation returns "
    "null only if the request itself failed: `errors` then says why."
)
class Mutation(
    QuoteMutations,
    OrderMutations,
    OrderChangeMutations,
    EstimateMutations,
    CancellationMutations,
    AccountMutations,
    AccountAdministrationMutations,
    OperatorAccountMutations,
    ContactMutations,
    LogoMutations,
    ApiKeyMutations,
    AccessTokenMutations,
    CatalogueMutations,
    MoneyMutations,
    BillingMutations,
    DocumentMutations,
    RegistryRetirementMutations,
    RetirementMutations,
    SimulationMutations,
    WebhookMutations,
):
    pass
