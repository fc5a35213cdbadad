"""GraphQL descriptions of the domain's enumerations. Clients must expect further values in later releases."""

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
from service.domain.vintages import VintageFault
from service.errors import REASONS, Code
from service.operations.simulate_order import Outcome

E = TypeVar("E", bound=type[Enum])


def _describe(enum: E, name: str, description: str, values: Mapping[Any, str]) -> E:
    """Add the enumeration to the schema. A member without a description is a KeyError when the service starts."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[enum[value.name]]
    return enum


_describe(
    MassUnit,
    "MassUnit",
    "A unit for masses of CO2 equivalent.",
    {
        MassUnit.GRAM: "One gram: the smallest mass that is sold.",
        MassUnit.KILOGRAM: "One kilogram: 1,000 grams, or 0.001 carbon credits.",
        MassUnit.TONNE: "One tonne: 1,000,000 grams, or one carbon credit.",
    },
)
_describe(
    Mode,
    "Mode",
    "Mode of an account or a batch. Live accounts buy live credits only, test accounts buy test credits only.",
    {
        Mode.LIVE: "Real credits, paid for with real money.",
        Mode.TEST: "Made-up credits for integration tests: nothing is really bought or retired.",
    },
)
_describe(
    OrderStatus,
    "OrderStatus",
    "State of an order, from its acceptance to the retirement of its credits.",
    {
        OrderStatus.PLACED: "Accepted, but some of its credits are not in stock yet (a backorder).",
        OrderStatus.FULFILLED: "All credits of the order are set aside for it.",
        OrderStatus.RETIRING: "The credits are being retired. The order can no longer be cancelled.",
        OrderStatus.COMPLETE: "All credits of the order are retired. This state is final.",
        OrderStatus.CANCELLED: "The order was cancelled: credits went back to stock, payments to the balance. This "
        "state is final.",
        OrderStatus.FAILED: "The seller could not deliver: credits went back to stock, payments to the balance. This "
        "state is final.",
    },
)
_describe(
    PaymentStatus,
    "PaymentStatus",
    "State of an order's payment.",
    {
        PaymentStatus.ISSUED: "The order is not paid in full and is on no invoice.",
        PaymentStatus.BILLED: "The order is on an invoice that is not paid yet.",
        PaymentStatus.PAID: "The whole total of the order is paid.",
        PaymentStatus.REFUNDED: "The amount paid for the order was returned to the account's balance.",
    },
)
_describe(
    OrderKind,
    "OrderKind",
    "Kind of request that determined the mass of an order or a quote.",
    {
        OrderKind.MASS: "The caller gave a mass, or one mass for each bundle.",
        OrderKind.VALUE: "The caller gave the maximum sum of money to spend.",
        OrderKind.ESTIMATE: "The caller gave an estimate of an activity's emissions.",
    },
)
_describe(
    Source,
    "OrderSource",
    "The API through which an order was placed.",
    {
        Source.GRAPHQL: "Placed through this GraphQL API.",
        Source.LUNE: "Placed through the Lune REST API.",
        Source.CARBON_ENGINE: "Placed through the carbon-engine REST API.",
        Source.CARBONEXT: "Placed through the Carbonext REST API.",
        Source.IMPORT: "Imported from the history of another system.",
    },
)
_describe(
    EntryKind,
    "CreditEntryKind",
    "Direction in which credits moved between a batch and an order.",
    {
        EntryKind.GIVEN: "The credits moved from the batch to the order.",
        EntryKind.RETURNED: "The credits moved from the order back to the batch.",
    },
)
_describe(
    OrderSortField,
    "OrderSortField",
    "Field by which a list of orders is sorted. Orders with equal values are sorted by id, so that pages are stable.",
    {
        OrderSortField.CREATED_AT: "Time at which the order was placed.",
        OrderSortField.MASS: "Mass of the order, as ordered.",
        OrderSortField.TOTAL_COST: "Total cost in minor units, compared as a number whatever the currency. Filter by "
        "one currency as well.",
    },
)
_describe(
    OrderGrouping,
    "OrderGrouping",
    "Property by which orders are grouped for statistics.",
    {
        OrderGrouping.STATUS: "One group for each order status.",
        OrderGrouping.PAYMENT_STATUS: "One group for each payment status.",
        OrderGrouping.MONTH: "One group for each month (UTC) in which orders were placed.",
        OrderGrouping.DAY: "One group for each day (UTC) on which orders were placed.",
        OrderGrouping.BUNDLE: "One group for each bundle. An order of several bundles counts in each of their groups.",
        OrderGrouping.PROJECT: "One group for each project whose credits are set aside for orders. An order with "
        "credits of several projects counts in each of their groups.",
        OrderGrouping.CUSTOMER: "One group for each value of the order's `customer`; values that differ in one letter "
        "are different groups.",
        OrderGrouping.CURRENCY: "One group for each currency of orders.",
    },
)
_describe(
    ActivityKind,
    "ActivityKind",
    "Kind of activity whose emissions are estimated.",
    {
        ActivityKind.ELECTRICITY: "Use of electricity from a country's grid.",
        ActivityKind.FLIGHT: "A flight of one or more passengers.",
        ActivityKind.AIR_FREIGHT: "Transport of goods by aircraft.",
        ActivityKind.GROUND_TRANSPORT: "A journey of one road vehicle.",
        ActivityKind.MASS: "Emissions that the caller calculated.",
    },
)
_describe(
    EnergyUnit,
    "EnergyUnit",
    "A unit of electrical energy.",
    {
        EnergyUnit.WATT_HOUR: "One watt-hour (Wh): 3,600 joules.",
        EnergyUnit.KILOWATT_HOUR: "One kilowatt-hour (kWh): 1,000 Wh.",
        EnergyUnit.MEGAWATT_HOUR: "One megawatt-hour (MWh): 1,000 kWh.",
        EnergyUnit.GIGAWATT_HOUR: "One gigawatt-hour (GWh): 1,000 MWh.",
    },
)
_describe(
    DistanceUnit,
    "DistanceUnit",
    "A unit for distances of travel and transport.",
    {
        DistanceUnit.KILOMETRE: "One kilometre: 1,000 metres.",
        DistanceUnit.MILE: "One international mile: 1,609.344 metres.",
        DistanceUnit.NAUTICAL_MILE: "One nautical mile: 1,852 metres.",
    },
)
_describe(
    CabinClass,
    "CabinClass",
    "Cabin class of a passenger. A class with more space per seat has higher emissions per passenger.",
    {
        CabinClass.ECONOMY: "A seat in the economy cabin of an aircraft.",
        CabinClass.PREMIUM_ECONOMY: "A seat in the premium economy cabin of an aircraft.",
        CabinClass.BUSINESS: "A seat in the business cabin of an aircraft.",
        CabinClass.FIRST: "A seat in the first-class cabin of an aircraft.",
    },
)
_describe(
    VehicleType,
    "VehicleType",
    "Kind of road vehicle. The emissions are those of the whole vehicle, whatever the number of passengers.",
    {
        VehicleType.PASSENGER_CAR_VAN_OR_SUV: "A passenger car, a van or a sport utility vehicle (SUV).",
        VehicleType.SMALL_BUS: "A small bus, such as a minibus.",
        VehicleType.SCHOOL_BUS: "A bus for the transport of pupils.",
        VehicleType.COACH_BUS: "A coach for long-distance travel.",
    },
)
_describe(
    Outcome,
    "SimulationOutcome",
    "Outcome to which an order of a test account is driven. The steps that lead to it are carried out as well.",
    {
        Outcome.PAY: "Pay the amount that the order owes.",
        Outcome.REFUSE_PAYMENT: "Let a payment for the order fail. The mutation returns the error `PAYMENT_REFUSED`, "
        "the timeline records the attempt, and the order and its debt stay as they are.",
        Outcome.RUN_SHORT: "Let the order wait for credits: the credits set aside for it go back to stock, and only "
        "the outcome FULFIL brings new ones. An order that waits already stays as it is.",
        Outcome.FULFIL: "Create the test credits that the order waits for and set them aside for this order only.",
        Outcome.RETIRE: "Fulfil and pay the order, and retire all of its credits but the last gram.",
        Outcome.COMPLETE: "Retire all credits of the order and issue its certificate.",
        Outcome.FAIL: "Let the delivery fail: credits go back to stock, payments to the balance.",
        Outcome.REFUND: "Return what was paid to the balance. The order keeps its state and its credits.",
    },
)
_describe(
    Code,
    "ErrorCode",
    "Code of an error. Every error of the service has one of these codes.",
    {code: reason.meaning for code, reason in REASONS.items()},
)
_describe(
    VintageFault,
    "RetirementRefusal",
    "A reason why credits may be neither sold nor retired.",
    {
        VintageFault.EX_ANTE: "Ex ante credits, issued for reductions that are only expected.",
        VintageFault.PENDING: "Pending credits, which the registry has not verified.",
        VintageFault.PERIOD_NOT_OVER: "The monitoring period is not over.",
        VintageFault.YEAR_NOT_OVER: "The vintage year is not over, and the end of the monitoring period is unknown.",
        VintageFault.YEAR_AFTER_PERIOD: "The vintage year is after the monitoring period.",
    },
)
_describe(
    SerialForm,
    "SerialForm",
    "Format in which a registry writes serial numbers.",
    {
        SerialForm.PLAIN: "A prefix that does not end in a digit, followed by a number: `OAK-1-100`.",
        SerialForm.VERRA: "Verra: `9801-122000101-122000200-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0`.",
        SerialForm.GOLD_STANDARD: "Gold Standard: `GS1-1-KE-GS7496-16-2025-30646-608-30350`.",
        SerialForm.CAR: "Climate Action Reserve: `CAR-1-US-1336-31-983-KS-2025-9206-1 to 5000`.",
        SerialForm.ACR: "American Carbon Registry: `ACR-FR-1130-2025-2918-30932 to 35143`.",
        SerialForm.ART: "ART and FCPF: `ART-GY-103-2021-11-2759599 to 2760598`.",
        SerialForm.BIOCARBON: "BioCarbon: `BCR-CO-262-14-001-2-2101-2112-0267454-0276278`.",
        SerialForm.CERCARBONO: "Cercarbono, where each credit has a serial with a series and two numbers: "
        "`CDC_8_1_1_321_14_CO_1_1, 294000, 295999`.",
        SerialForm.PURO: "Puro: `PURO_PR_CORC100+_FI_577167_2020_055a3fbe-eabc-4535-b9cf-1028e7d18f80_1-100`, or only "
        "the UUID with the numbers, or the first and the last serial of 30 digits each.",
        SerialForm.MARKIT: "Markit, now S&P Global: `CFS-VER-AR-100000000000391-01012017-31122017-1028-5885-MER-1-P`.",
        SerialForm.ERS: "Ecosystem Restoration Standard: `ERS-1-12-BR-VRU-2024-1-1-500`.",
        SerialForm.KYOTO: "Units of the Kyoto Protocol, such as CERs: `RW-5-1463954-2-2-0-7015 - "
        "RW-5-1467610-2-2-0-7015`.",
        SerialForm.NATIONAL: "National registries that run the software of UNDP: `CA0001-NG-CH-12-1-500-2024`.",
        SerialForm.NONE: "Registries that do not number credits, such as Isometric. The batch has a registry reference "
        "instead.",
    },
)
_describe(
    OffsetType,
    "OffsetType",
    "Climate effect that a bundle's credits stand for.",
    {
        OffsetType.EMISSIONS_REDUCTION: "Emissions that a project avoided or reduced.",
        OffsetType.CARBON_REMOVAL: "Carbon that a project removed from the air.",
    },
)
_describe(
    Approach,
    "Approach",
    "Maturity of the methods that a bundle's projects use.",
    {
        Approach.TRADITIONAL: "Methods that have been in use for decades.",
        Approach.INNOVATIVE: "New methods, whose credits are still scarce.",
    },
)
_describe(
    CarbonPermanence,
    "CarbonPermanence",
    "Duration for which a bundle's projects keep carbon out of the air.",
    {
        CarbonPermanence.LONG_TERM: "Carbon is stored for a thousand years or more.",
        CarbonPermanence.SHORT_TERM: "Carbon is stored for decades to centuries.",
        CarbonPermanence.NO_STORAGE: "No carbon is stored, because emissions were avoided.",
    },
)
_describe(
    Visibility,
    "ExternalPagesVisibility",
    "Visibility of the pages and files of an account's certificates and receipts to readers without an API key.",
    {
        Visibility.PUBLIC: "Anybody who has the address can read the pages and files.",
        Visibility.HIDDEN: "Nobody can read them: every address returns 404.",
    },
)
_describe(
    BalanceUse,
    "BalanceUse",
    "Part of an order's total that is paid from the account's balance at once.",
    {
        BalanceUse.NONE: "Nothing is paid from the balance. The whole total is owed.",
        BalanceUse.AVAILABLE: "The balance pays as much of the total as it can. The rest is owed.",
        BalanceUse.WHOLE: "The balance pays the whole total. If it is too low, the order is refused and nothing is "
        "created.",
    },
)
_describe(
    InvoiceStatus,
    "InvoiceStatus",
    "State of an invoice: pending or paid.",
    {
        InvoiceStatus.PENDING: "The invoice is not paid yet.",
        InvoiceStatus.PAID: "The invoice and all its orders are paid in full. This state is final.",
    },
)
_describe(
    LedgerAccount,
    "LedgerAccount",
    "Account of the ledger that a posting is booked on.",
    {
        LedgerAccount.CASH: "Money that the seller received from the customer.",
        LedgerAccount.BALANCE: "Money that the customer has prepaid. The seller owes it, so its postings are negative "
        "(credits) when money is added.",
        LedgerAccount.RECEIVABLE: "Money that the customer owes for orders.",
        LedgerAccount.SALES: "Income from the sale of credits. A sale is a negative posting (a credit).",
        LedgerAccount.COMMISSION: "Income from commission. A sale is a negative posting (a credit).",
    },
)
_describe(
    Verb,
    "LedgerVerb",
    "Event that a journal records in the ledger.",
    {
        Verb.ORDER_PLACED: "An order was placed, and its total became due.",
        Verb.BALANCE_APPLIED: "The balance paid an order, or a part of it, as the order was placed.",
        Verb.PAYMENT_RECORDED: "A payment for an order was received.",
        Verb.BALANCE_TOPPED_UP: "A payment without an order was received and added to the balance.",
        Verb.INVOICE_SETTLED: "An invoice was paid. One such journal is written for each of its orders.",
        Verb.ORDER_CANCELLED: "An order was cancelled, and its sale was reversed.",
        Verb.ORDER_REDUCED: "The part of an order that waited for credits was cancelled, and its sale was reversed.",
        Verb.ORDER_REFUNDED: "An order was refunded, and its sale was reversed.",
        Verb.ORDER_FAILED: "An order could not be delivered, and its sale was reversed.",
    },
)
