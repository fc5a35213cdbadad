"""The domain's enumerations with the words that callers read. Clients must expect further values in later releases."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import strawberry

from service.domain.accounts import Visibility
from service.domain.amounts import MassUnit
from service.domain.billing import InvoiceStatus
from service.domain.catalogue import Approach, CarbonPermanence, Mode, OffsetType
from service.domain.estimate import CabinClass, DistanceUnit, EnergyUnit, VehicleType
from service.domain.ledger import LedgerAccount, Verb
from service.domain.listing import OrderSortField
from service.domain.order import BalanceUse, EntryKind, OrderKind, OrderStatus, PaymentStatus, Source
from service.domain.recorded_estimate import ActivityKind
from service.domain.serials.forms import SerialForm
from service.domain.statistics import OrderGrouping
from service.errors import REASONS, Code
from service.operations.simulate_order import Outcome

E = TypeVar("E", bound=type[Enum])


def _describe(enum: E, name: str, description: str, values: Mapping[Any, str]) -> E:
    """The enumeration is in the schema; a member without a description is a KeyError when the service starts."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[enum[value.name]]
    return enum


_describe(
    MassUnit,
    "MassUnit",
    "A unit of mass of CO2 equivalent.",
    {
        MassUnit.GRAM: "One gram: the smallest mass that is sold.",
        MassUnit.KILOGRAM: "1,000 grams.",
        MassUnit.TONNE: "1,000,000 grams: one carbon credit.",
    },
)
_describe(
    Mode,
    "Mode",
    "Whether an account or a batch is for real; the two never meet.",
    {Mode.LIVE: "Real credits and real money.", Mode.TEST: "For trying things out: nothing is bought or retired."},
)
_describe(
    OrderStatus,
    "OrderStatus",
    "Where an order stands between being accepted and its credits being retired.",
    {
        OrderStatus.PLACED: "Accepted; some of its credits are still to come (a backorder).",
        OrderStatus.FULFILLED: "All of its credits are set aside for it.",
        OrderStatus.RETIRING: "Its credits are being retired; it can no longer be cancelled.",
        OrderStatus.COMPLETE: "All of its credits are retired. An end state.",
        OrderStatus.CANCELLED: "Called off: credits and money went back. An end state.",
        OrderStatus.FAILED: "The seller could not deliver: credits and money went back. An end state.",
    },
)
_describe(
    PaymentStatus,
    "PaymentStatus",
    "Where the money of an order stands.",
    {
        PaymentStatus.ISSUED: "Owed, and on no invoice yet.",
        PaymentStatus.BILLED: "On an invoice that is not settled.",
        PaymentStatus.PAID: "Paid in full.",
        PaymentStatus.REFUNDED: "What was paid went to the account's balance.",
    },
)
_describe(
    OrderKind,
    "OrderKind",
    "What fixed the size of an order.",
    {
        OrderKind.MASS: "A mass, or a mass for each bundle.",
        OrderKind.VALUE: "A sum of money to spend at most.",
        OrderKind.ESTIMATE: "An estimate of an activity's emissions.",
    },
)
_describe(
    Source,
    "OrderSource",
    "The way by which an order came.",
    {
        Source.GRAPHQL: "This GraphQL API.",
        Source.LUNE: "The Lune REST API.",
        Source.CARBON_ENGINE: "The carbon-engine REST API.",
        Source.CARBONEXT: "The Carbonext REST API.",
        Source.IMPORT: "Imported history.",
    },
)
_describe(
    EntryKind,
    "CreditEntryKind",
    "Which way credits went.",
    {EntryKind.GIVEN: "From the batch to the order.", EntryKind.RETURNED: "From the order back to the batch."},
)
_describe(
    OrderSortField,
    "OrderSortField",
    "What a list of orders is sorted by; ties are broken by id, so that pages are stable.",
    {
        OrderSortField.CREATED_AT: "When the order was placed.",
        OrderSortField.MASS: "The ordered mass.",
        OrderSortField.TOTAL_COST: "The total in minor units, whatever the currency: filter by currency as well.",
    },
)
_describe(
    OrderGrouping,
    "OrderGrouping",
    "What the orders of a group have in common.",
    {
        OrderGrouping.STATUS: "The status.",
        OrderGrouping.PAYMENT_STATUS: "The payment status.",
        OrderGrouping.MONTH: "The month of UTC in which they were placed.",
        OrderGrouping.DAY: "The day of UTC on which they were placed.",
        OrderGrouping.BUNDLE: "A bundle that they are made of.",
        OrderGrouping.PROJECT: "A project whose credits are set aside for them.",
        OrderGrouping.CUSTOMER: "The customer they were bought for, letter by letter.",
        OrderGrouping.CURRENCY: "The currency.",
    },
)
_describe(
    ActivityKind,
    "ActivityKind",
    "What an estimate is of.",
    {
        ActivityKind.ELECTRICITY: "Electricity that was used.",
        ActivityKind.FLIGHT: "A flight.",
        ActivityKind.AIR_FREIGHT: "Goods that were flown.",
        ActivityKind.GROUND_TRANSPORT: "A road vehicle that was driven.",
        ActivityKind.MASS: "Emissions that the caller worked out.",
    },
)
_describe(
    EnergyUnit,
    "EnergyUnit",
    "A unit of electrical energy.",
    {
        EnergyUnit.WATT_HOUR: "Wh.",
        EnergyUnit.KILOWATT_HOUR: "1,000 Wh.",
        EnergyUnit.MEGAWATT_HOUR: "1,000 kWh.",
        EnergyUnit.GIGAWATT_HOUR: "1,000 MWh.",
    },
)
_describe(
    DistanceUnit,
    "DistanceUnit",
    "A unit of distance.",
    {
        DistanceUnit.KILOMETRE: "1,000 metres.",
        DistanceUnit.MILE: "The international mile: 1,609.344 metres.",
        DistanceUnit.NAUTICAL_MILE: "1,852 metres.",
    },
)
_describe(
    CabinClass,
    "CabinClass",
    "The part of an aircraft that a passenger sits in; the more room, the more emissions.",
    {
        CabinClass.ECONOMY: "Economy.",
        CabinClass.PREMIUM_ECONOMY: "Premium economy.",
        CabinClass.BUSINESS: "Business.",
        CabinClass.FIRST: "First.",
    },
)
_describe(
    VehicleType,
    "VehicleType",
    "A road vehicle, counted whole, whoever is aboard.",
    {
        VehicleType.PASSENGER_CAR_VAN_OR_SUV: "A passenger car, van or SUV.",
        VehicleType.SMALL_BUS: "A small bus.",
        VehicleType.SCHOOL_BUS: "A school bus.",
        VehicleType.COACH_BUS: "A coach.",
    },
)
_describe(
    Outcome,
    "SimulationOutcome",
    "How an order of a test account is to stand; what has to come before happens as well.",
    {
        Outcome.PAY: "What it owes is paid.",
        Outcome.REFUSE_PAYMENT: "A payment of what it owes is refused, by the error `PAYMENT_REFUSED`: the attempt is "
        "in the timeline, the order stands.",
        Outcome.RUN_SHORT: "It waits for credits: those it has go back, and none come but by FULFIL. One that waits "
        "already stays as it is.",
        Outcome.FULFIL: "The credits that it waits for are made up, for this order alone.",
        Outcome.RETIRE: "Fulfilled, paid, and its retirement under way: all but the last of its credits are retired.",
        Outcome.COMPLETE: "Retired to the last gram, with its certificate.",
        Outcome.FAIL: "The seller could not deliver: credits and money go back.",
        Outcome.REFUND: "What was paid goes to the balance; the order keeps its credits.",
    },
)
_describe(
    Code,
    "ErrorCode",
    "Every way in which the service says no.",
    {code: reason.meaning for code, reason in REASONS.items()},
)
_describe(
    SerialForm,
    "SerialForm",
    "The way in which a registry writes serial numbers.",
    {
        SerialForm.PLAIN: "A text that ends in no digit, and a number: `OAK-1-100`.",
        SerialForm.VERRA: "Verra: `9801-122000101-122000200-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0`.",
        SerialForm.GOLD_STANDARD: "Gold Standard: `GS1-1-KE-GS7496-16-2025-30646-608-30350`.",
        SerialForm.CAR: "Climate Action Reserve: `CAR-1-US-1336-31-983-KS-2025-9206-1 to 5000`.",
        SerialForm.ACR: "American Carbon Registry: `ACR-FR-1130-2025-2918-30932 to 35143`.",
        SerialForm.ART: "ART and FCPF: `ART-GY-103-2021-11-2759599 to 2760598`.",
        SerialForm.BIOCARBON: "BioCarbon: `BCR-CO-262-14-001-2-2101-2112-0267454-0276278`.",
        SerialForm.CERCARBONO: "Cercarbono, a series with two numbers: `CDC_8_1_1_321_14_CO_1_1, 294000, 295999`.",
        SerialForm.PURO: "Puro: `PURO_PR_CORC100+_FI_577167_2020_055a3fbe-eabc-4535-b9cf-1028e7d18f80_1-100`, its uuid "
        "and numbers alone, or the first and last serial of 30 digits.",
        SerialForm.MARKIT: "Markit, now S&P Global: `CFS-VER-AR-100000000000391-01012017-31122017-1028-5885-MER-1-P`.",
        SerialForm.ERS: "Ecosystem Restoration Standard: `ERS-1-12-BR-VRU-2024-1-1-500`.",
        SerialForm.KYOTO: "Units of the Kyoto Protocol, among them CERs: `RW-5-1463954-2-2-0-7015 - "
        "RW-5-1467610-2-2-0-7015`.",
        SerialForm.NATIONAL: "National registries with the software of UNDP: `CA0001-NG-CH-12-1-500-2024`.",
        SerialForm.NONE: "A registry that numbers no credits, such as Isometric; the batch has a reference.",
    },
)
_describe(
    OffsetType,
    "OffsetType",
    "What a bundle's credits stand for.",
    {
        OffsetType.EMISSIONS_REDUCTION: "Emissions that did not happen.",
        OffsetType.CARBON_REMOVAL: "Carbon taken out of the air.",
    },
)
_describe(
    Approach,
    "Approach",
    "How proven a bundle's methods are.",
    {Approach.TRADITIONAL: "Done for decades.", Approach.INNOVATIVE: "Young, and still scarce."},
)
_describe(
    CarbonPermanence,
    "CarbonPermanence",
    "How long a bundle keeps carbon out of the air.",
    {
        CarbonPermanence.LONG_TERM: "A thousand years or more.",
        CarbonPermanence.SHORT_TERM: "Decades to centuries.",
        CarbonPermanence.NO_STORAGE: "Nothing is stored: the emissions were avoided.",
    },
)
_describe(
    Visibility,
    "ExternalPagesVisibility",
    "Whether pages about an account may be seen from outside.",
    {Visibility.PUBLIC: "By whoever has the address.", Visibility.HIDDEN: "By nobody."},
)
_describe(
    BalanceUse,
    "BalanceUse",
    "Whether an order is paid from the balance as it is placed.",
    {
        BalanceUse.NONE: "The balance is left alone; the whole order is owed.",
        BalanceUse.AVAILABLE: "Whatever there is pays as far as it reaches; the rest is owed.",
        BalanceUse.WHOLE: "The balance pays for all of it at once, or nothing is created.",
    },
)
_describe(
    InvoiceStatus,
    "InvoiceStatus",
    "Whether an invoice was paid.",
    {InvoiceStatus.PENDING: "Not yet.", InvoiceStatus.PAID: "In full, and with it its orders. An end state."},
)
_describe(
    LedgerAccount,
    "LedgerAccount",
    "Where money stands in the books.",
    {
        LedgerAccount.CASH: "What came in.",
        LedgerAccount.BALANCE: "What the customer has prepaid: a debt of the seller, so negative.",
        LedgerAccount.RECEIVABLE: "What the customer owes for orders.",
        LedgerAccount.SALES: "What credits were sold for: income, so negative.",
        LedgerAccount.COMMISSION: "What commission was earned: income, so negative.",
    },
)
_describe(
    Verb,
    "LedgerVerb",
    "What happened to the money.",
    {
        Verb.ORDER_PLACED: "An order was placed: its total is owed.",
        Verb.BALANCE_APPLIED: "The balance paid for an order as it was placed.",
        Verb.PAYMENT_RECORDED: "Money came in for an order.",
        Verb.BALANCE_TOPPED_UP: "Money came in for no order.",
        Verb.INVOICE_SETTLED: "An order's line of an invoice was paid.",
        Verb.ORDER_CANCELLED: "An order was cancelled: its sale is undone.",
        Verb.ORDER_REDUCED: "The part of an order that waited for credits was cancelled.",
        Verb.ORDER_REFUNDED: "An order was refunded: its sale is undone.",
        Verb.ORDER_FAILED: "An order could not be delivered: its sale is undone.",
    },
)
