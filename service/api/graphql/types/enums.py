"""GraphQL descriptions of the domain's enumerations. Clients must expect further values in later releases."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

import strawberry

from service.domain.accounts import AccountContract, Visibility
from service.domain.amounts import MassUnit
from service.domain.api_keys import Scope
from service.domain.billing import InvoiceStatus
from service.domain.catalogue import Approach, CarbonPermanence, Mode, OffsetType
from service.domain.credit_notes import CreditReason
from service.domain.estimate import CabinClass, DistanceUnit, EnergyUnit, VehicleType
from service.domain.ledger import LedgerAccount, Verb
from service.domain.mail import MailKind
from service.domain.order import BalanceUse, EntryKind, OrderKind, OrderStatus, PaymentStatus, Source
from service.domain.parties import TaxCategory
from service.domain.recorded_estimate import ActivityKind
from service.domain.serials.forms import SerialForm
from service.domain.vintages import VintageFault
from service.errors import REASONS, Code
from service.operations.simulate_order import Outcome

E = TypeVar("E", bound=type[Enum])


def described(enum: E, name: str, description: str, values: Mapping[Any, str]) -> E:
    """Add the enumeration to the schema. Raises `KeyError` for a member without a description, when the service
    starts.
    """
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[enum[value.name]]
    return enum


described(
    Scope,
    "ApiKeyScope",
    "Permission of an API key: what its requests may do.",
    {
        Scope.ORDERS_READ: "`orders:read`: read orders, quotes, estimates, certificates, balances, payments, invoices "
        "and client accounts.",
        Scope.ORDERS_WRITE: "`orders:write`: create quotes, estimates, orders and client accounts; change and "
        "cancel orders; set the account's portfolio; simulate test orders.",
        Scope.CATALOGUE_READ: "`catalogue:read`: read projects, bundles, prices, portfolios and credit batches.",
        Scope.OPERATOR: "`operator`: act for the seller, in all accounts.",
        Scope.ACCOUNT_MANAGE: "`account:manage`: read, create and revoke API keys of the account; set its contacts, "
        "its portfolio and its client accounts.",
    },
)
described(
    MassUnit,
    "MassUnit",
    "A unit for masses of CO2 equivalent.",
    {
        MassUnit.GRAM: "One gram: the smallest mass that is sold.",
        MassUnit.KILOGRAM: "One kilogram: 1,000 grams, or 0.001 carbon credits.",
        MassUnit.TONNE: "One tonne: 1,000,000 grams, or one carbon credit.",
    },
)
described(
    Mode,
    "Mode",
    "Mode of an account or a credit batch. Live accounts buy only live credits. Test accounts buy only test credits.",
    {
        Mode.LIVE: "Real credits, paid for with real money.",
        Mode.TEST: "Made-up credits for testing an integration. Nothing is really bought or retired.",
    },
)
described(
    OrderStatus,
    "OrderStatus",
    "State of an order, from its acceptance to the retirement of its credits.",
    {
        OrderStatus.PLACED: "The order is accepted, but waits for credits that are not in stock yet (a backorder).",
        OrderStatus.FULFILLED: "All credits of the order are set aside, and their retirement has not started.",
        OrderStatus.RETIRING: "The credits are being retired. The order can no longer be cancelled.",
        OrderStatus.COMPLETE: "All credits of the order are retired. This state is final.",
        OrderStatus.CANCELLED: "The order was cancelled. Its credits went back to stock, and its payments to the "
        "balance. This state is final.",
        OrderStatus.FAILED: "The seller could not deliver the order. Its credits went back to stock, and its payments "
        "to the balance. This state is final.",
    },
)
described(
    PaymentStatus,
    "PaymentStatus",
    "State of the payment for an order.",
    {
        PaymentStatus.ISSUED: "The order is not paid in full, and no invoice contains it.",
        PaymentStatus.BILLED: "The order is on an invoice, and the order is not paid in full.",
        PaymentStatus.PAID: "The whole total of the order is paid. Tax is owed on the invoice, not on the order.",
        PaymentStatus.REFUNDED: "The amount paid for the order was given back: to the rest of its invoice, then to the "
        "account's balance.",
    },
)
described(
    OrderKind,
    "OrderKind",
    "Kind of input that determined the mass of an order or a quote.",
    {
        OrderKind.MASS: "The caller gave a mass, or one mass for each bundle.",
        OrderKind.VALUE: "The caller gave a maximum sum of money to spend.",
        OrderKind.ESTIMATE: "The caller gave an estimate of an activity's emissions.",
    },
)
described(
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
described(
    EntryKind,
    "CreditEntryKind",
    "Direction in which credits moved between a batch and an order.",
    {
        EntryKind.GIVEN: "The credits moved from the batch to the order.",
        EntryKind.RETURNED: "The credits moved from the order back to the batch.",
    },
)
described(
    ActivityKind,
    "ActivityKind",
    "Kind of activity whose emissions are estimated.",
    {
        ActivityKind.ELECTRICITY: "Use of electricity from a public grid.",
        ActivityKind.FLIGHT: "A flight of one or more passengers.",
        ActivityKind.AIR_FREIGHT: "Transport of goods by aircraft.",
        ActivityKind.GROUND_TRANSPORT: "A journey of one road vehicle.",
        ActivityKind.MASS: "Emissions that the caller calculated and gave as a mass.",
    },
)
described(
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
described(
    DistanceUnit,
    "DistanceUnit",
    "A unit for the distance of a flight.",
    {
        DistanceUnit.KILOMETRE: "One kilometre: 1,000 metres.",
        DistanceUnit.MILE: "One international mile: 1,609.344 metres.",
        DistanceUnit.NAUTICAL_MILE: "One nautical mile: 1,852 metres.",
    },
)
described(
    CabinClass,
    "CabinClass",
    "Cabin class in which passengers fly. A class with more space per seat has higher emissions per passenger.",
    {
        CabinClass.ECONOMY: "A seat in the economy cabin of an aircraft.",
        CabinClass.PREMIUM_ECONOMY: "A seat in the premium economy cabin of an aircraft.",
        CabinClass.BUSINESS: "A seat in the business cabin of an aircraft.",
        CabinClass.FIRST: "A seat in the first-class cabin of an aircraft.",
    },
)
described(
    VehicleType,
    "VehicleType",
    "Kind of road vehicle. Emissions are those of the whole vehicle, for any number of passengers.",
    {
        VehicleType.PASSENGER_CAR_VAN_OR_SUV: "A passenger car, a van or a sport utility vehicle (SUV).",
        VehicleType.SMALL_BUS: "A small bus, such as a minibus.",
        VehicleType.SCHOOL_BUS: "A bus for the transport of pupils.",
        VehicleType.COACH_BUS: "A coach for long-distance travel.",
    },
)
described(
    Outcome,
    "SimulationOutcome",
    "Outcome to which an order of a test account is moved, with all steps that lead to it.",
    {
        Outcome.PAY: "Pay the amount that the order owes.",
        Outcome.REFUSE_PAYMENT: "Let a payment for the order fail. The mutation returns the error `PAYMENT_REFUSED`, "
        "and the timeline records the attempt. The order and its debt do not change.",
        Outcome.RUN_SHORT: "Let the order wait for credits. The credits that are set aside for the order go back to "
        "stock, and only the outcome FULFIL sets new credits aside. An order that already waits does not change.",
        Outcome.FULFIL: "Create the test credits that the order waits for, and set these credits aside for this order "
        "only.",
        Outcome.RETIRE: "Fulfil and pay the order, and start its retirement. All of its credits are retired except "
        "those of its last batch, so that the order stays `RETIRING`.",
        Outcome.COMPLETE: "Fulfil and pay the order, retire all of its credits and issue its certificate.",
        Outcome.FAIL: "Let the delivery fail. The order's credits go back to stock, and its payments are added to the "
        "balance.",
        Outcome.REFUND: "Add the amount paid for the order to the balance. The order keeps its state and its credits.",
    },
)
described(
    Code,
    "ErrorCode",
    "Code of an error, for use by programs. Every error of the service has one of these codes.",
    {code: reason.meaning for code, reason in REASONS.items()},
)
described(
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
described(
    SerialForm,
    "SerialForm",
    "Format in which a registry writes serial numbers. Each example is a range of serial numbers.",
    {
        SerialForm.PLAIN: "A prefix that does not end in a digit, followed by a number. The range `OAK-1-100` has the "
        "prefix `OAK-`, the first number 1 and the last number 100.",
        SerialForm.VERRA: "Verra: `9801-122000101-122000200-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0`. The "
        "second and the third part are the numbers of the first and the last credit.",
        SerialForm.GOLD_STANDARD: "Gold Standard: `GS1-1-KE-GS7496-16-2025-30646-608-30350`. The last two numbers are "
        "those of the first and the last credit.",
        SerialForm.CAR: "Climate Action Reserve: `CAR-1-US-1336-31-983-KS-2025-9206-1 to 5000`. The last two numbers "
        "are those of the first and the last credit.",
        SerialForm.ACR: "American Carbon Registry: `ACR-FR-1130-2025-2918-30932 to 35143`. The last two numbers are "
        "those of the first and the last credit.",
        SerialForm.ART: "ART and FCPF: `ART-GY-103-2021-11-2759599 to 2760598`. The last two numbers are those of the "
        "first and the last credit.",
        SerialForm.BIOCARBON: "BioCarbon: `BCR-CO-262-14-001-2-2101-2112-0267454-0276278`. The last two numbers are "
        "those of the first and the last credit.",
        SerialForm.CERCARBONO: "Cercarbono: a series, the number of the first credit and the number of the last "
        "credit, such as `CDC_8_1_1_321_14_CO_1_1, 294000, 295999`.",
        SerialForm.PURO: "Puro: `PURO_PR_CORC100+_FI_577167_2020_055a3fbe-eabc-4535-b9cf-1028e7d18f80_1-100`. The "
        "last two numbers are those of the first and the last credit. The range may also consist of only the UUID and "
        "these two numbers, or of the first and the last serial number with 30 digits each.",
        SerialForm.MARKIT: "Markit, now S&P Global: `CFS-VER-AR-100000000000391-01012017-31122017-1028-5885-MER-1-P`. "
        "The numbers of the first and the last credit follow the two dates.",
        SerialForm.ERS: "Ecosystem Restoration Standard: `ERS-1-12-BR-VRU-2024-1-1-500`. The last two numbers are "
        "those of the first and the last credit.",
        SerialForm.KYOTO: "Units of the Kyoto Protocol, such as CERs: `RW-5-1463954-2-2-0-7015 - "
        "RW-5-1467610-2-2-0-7015`. The range is the serial number of the first credit and that of the last credit. "
        "The third part of each serial number is the number of the credit.",
        SerialForm.NATIONAL: "National registries that use the software of UNDP: `CA0001-NG-CH-12-1-500-2024`. The "
        "two numbers before the year are those of the first and the last credit.",
        SerialForm.NONE: "Registries that do not number credits, such as Isometric. The batch has a registry "
        "reference instead of serial numbers.",
    },
)
described(
    OffsetType,
    "OffsetType",
    "Effect on the climate that a bundle's credits stand for.",
    {
        OffsetType.EMISSIONS_REDUCTION: "Emissions that a project avoided or reduced.",
        OffsetType.CARBON_REMOVAL: "Carbon that a project removed from the air.",
    },
)
described(
    Approach,
    "Approach",
    "Maturity of the methods that a bundle's projects use.",
    {
        Approach.TRADITIONAL: "Methods that have been in use for decades.",
        Approach.INNOVATIVE: "New methods. The credits of these methods are still scarce.",
    },
)
described(
    CarbonPermanence,
    "CarbonPermanence",
    "Time for which a bundle's projects keep carbon out of the air.",
    {
        CarbonPermanence.LONG_TERM: "Carbon is stored for a thousand years or more.",
        CarbonPermanence.SHORT_TERM: "Carbon is stored for decades to centuries.",
        CarbonPermanence.NO_STORAGE: "The projects avoid emissions, so no carbon is stored.",
    },
)
described(
    AccountContract,
    "AccountContract",
    "API that a customer's programs were written for.",
    {
        AccountContract.LUNE: "REST API in the format of Lune.",
        AccountContract.CARBON_ENGINE: "REST API in the format of carbon-engine.",
        AccountContract.CARBONEXT: "REST API in the format of Carbonext.",
        AccountContract.GRAPHQL: "GraphQL API of this service.",
    },
)
described(
    MailKind,
    "MailKind",
    "Kind of mail that a contact of an account can get.",
    {kind: kind.meaning for kind in MailKind},
)
described(
    Visibility,
    "ExternalPagesVisibility",
    "Visibility of the public pages and files of an account's certificates and receipts.",
    {
        Visibility.PUBLIC: "Anybody who has the address of a page or file can read it without an API key.",
        Visibility.HIDDEN: "Nobody can read the pages and files: every address returns HTTP 404.",
    },
)
described(
    BalanceUse,
    "BalanceUse",
    "Part of an order's total that the prepaid balance pays when the order is placed.",
    {
        BalanceUse.NONE: "Nothing is paid from the balance. The whole total is owed.",
        BalanceUse.AVAILABLE: "The balance pays as much of the total as it can. The rest of the total is owed.",
        BalanceUse.WHOLE: "The balance pays the whole total. If the balance is too low, the order is refused "
        "`INSUFFICIENT_BALANCE` and nothing is created.",
    },
)
described(
    InvoiceStatus,
    "InvoiceStatus",
    "State of an invoice: PENDING or PAID.",
    {
        InvoiceStatus.PENDING: "The invoice is not paid in full.",
        InvoiceStatus.PAID: "Net and tax of the invoice were paid or credited. This state is final.",
    },
)
described(
    LedgerAccount,
    "LedgerAccount",
    "Ledger account on which an amount is booked.",
    {
        LedgerAccount.CASH: "Money that the seller received from the customer.",
        LedgerAccount.BALANCE: "Money that the customer prepaid and that the seller therefore owes to the customer. A "
        "posting that adds money to the balance is negative (a credit).",
        LedgerAccount.RECEIVABLE: "Money that the customer owes for orders, and the tax on invoices.",
        LedgerAccount.SALES: "Income from the sale of credits. The posting of a sale is negative (a credit).",
        LedgerAccount.COMMISSION: "Income from commission. The posting of a commission is negative (a credit).",
        LedgerAccount.TAX: "Tax that the seller owes to its tax office. The posting of an invoice's tax is negative (a "
        "credit).",
    },
)
described(
    Verb,
    "LedgerVerb",
    "Event that a journal records in the ledger.",
    {
        Verb.ORDER_PLACED: "An order was placed, and its total is owed.",
        Verb.BALANCE_APPLIED: "An order, or a part of its total, was paid from the balance: when the order was placed, "
        "or after money for its invoice was added to the balance by a payment, or a credit note of another order.",
        Verb.PAYMENT_RECORDED: "A payment for an order or an invoice was received. A payment of an invoice is added to "
        "the balance, from which further journals pay its orders and its tax.",
        Verb.BALANCE_TOPPED_UP: "A payment without an order was received and added to the balance.",
        Verb.INVOICE_SETTLED: "The rest of an invoice was paid. Each order of the invoice has one such journal, "
        "and its tax has another one.",
        Verb.ORDER_CANCELLED: "An order was cancelled, and its sale was reversed.",
        Verb.ORDER_REDUCED: "The part of an order that waited for credits was cancelled, and the sale of this part "
        "was reversed.",
        Verb.ORDER_REFUNDED: "An order was refunded, and its sale was reversed.",
        Verb.ORDER_FAILED: "An order could not be delivered, and its sale was reversed.",
        Verb.TAX_BILLED: "An invoice was issued, and its tax is owed.",
        Verb.TAX_PAID: "Tax of an invoice was paid from the balance, after money for the invoice was added to the "
        "balance by a payment or by a credit note.",
        Verb.TAX_CREDITED: "A credit note took back tax of an invoice.",
    },
)
described(
    TaxCategory,
    "TaxCategory",
    "Category of the tax on an invoice. Each value names its code in the standard EN 16931.",
    {
        TaxCategory.STANDARD: "Taxed at a rate above zero (code S).",
        TaxCategory.ZERO_RATED: "Taxed at the rate zero (code Z).",
        TaxCategory.EXEMPT: "Exempt from the tax by law (code E).",
        TaxCategory.REVERSE_CHARGE: "The customer owes the tax to its own tax office: reverse charge (code AE).",
        TaxCategory.EXPORT: "Exported, and therefore not taxed (code G).",
        TaxCategory.OUT_OF_SCOPE: "Outside the scope of the tax (code O).",
    },
)
described(
    CreditReason,
    "CreditReason",
    "Cause of a credit note: the reason why sales on the invoice were undone.",
    {
        CreditReason.CANCELLED: "Orders on the invoice were cancelled.",
        CreditReason.REDUCED: "The parts of orders that waited for credits were cancelled.",
        CreditReason.FAILED: "The seller could not deliver an order.",
        CreditReason.REFUNDED: "An order on the invoice was refunded.",
    },
)
