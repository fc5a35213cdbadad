"""GraphQL descriptions of the enumerations by which lists are sorted, selected and grouped."""

from service.api.graphql.types.enums import described
from service.domain.catalogue_listing import BatchSortField, BundleListing, NamedSortField
from service.domain.listing import AccountSortField, InvoiceSortField, OrderSortField, PaymentSortField
from service.domain.statistics import OrderGrouping

described(
    OrderSortField,
    "OrderSortField",
    "Property by which a list of orders is sorted. Orders with equal values are sorted by id, so that pages neither "
    "overlap nor omit orders.",
    {
        OrderSortField.CREATED_AT: "Time at which the order was placed.",
        OrderSortField.MASS: "Mass of the order: the sum of its lines.",
        OrderSortField.TOTAL_COST: "Total cost in the currency's smallest unit. Costs are compared as numbers without "
        "regard to their currency, so filter by one currency as well.",
    },
)
described(
    AccountSortField,
    "AccountSortField",
    "Property by which a list of accounts is sorted. Accounts with equal values are sorted by id, so that pages "
    "neither overlap nor omit accounts.",
    {
        AccountSortField.CREATED_AT: "Time at which the account was created.",
        AccountSortField.NAME: "Name of the account, in the alphabetical order of the database (its collation).",
    },
)
described(
    PaymentSortField,
    "PaymentSortField",
    "Property by which a list of payments is sorted. Payments with equal values are sorted by id, so that pages "
    "neither overlap nor omit payments.",
    {
        PaymentSortField.CREATED_AT: "Time at which the payment was recorded.",
        PaymentSortField.AMOUNT: "Amount in the currency's smallest unit. Amounts are compared as numbers without "
        "regard to their currency, so filter by one currency as well.",
    },
)
described(
    InvoiceSortField,
    "InvoiceSortField",
    "Property by which a list of invoices is sorted. Invoices with equal values are sorted by id, so that pages "
    "neither overlap nor omit invoices.",
    {
        InvoiceSortField.CREATED_AT: "Time at which the invoice was issued.",
        InvoiceSortField.DUE_AT: "Time by which the invoice must be paid.",
        InvoiceSortField.TOTAL: "Total in the currency's smallest unit. Totals are compared as numbers without regard "
        "to their currency, so filter by one currency as well.",
    },
)
described(
    NamedSortField,
    "CatalogueSortField",
    "Property by which a list of projects or bundles is sorted.",
    {
        NamedSortField.CREATED_AT: "Time at which the project or bundle was added to the catalogue.",
        NamedSortField.NAME: "Name, in the database's alphabetical order.",
    },
)
described(
    BatchSortField,
    "CreditBatchSortField",
    "Property by which a list of credit batches is sorted.",
    {
        BatchSortField.CREATED_AT: "Time at which the batch was received.",
        BatchSortField.VINTAGE: "Vintage of the credits, a year.",
    },
)
described(
    BundleListing,
    "BundleListing",
    "Bundles that a list contains.",
    {
        BundleListing.ON_SALE: "Bundles that are on sale and have a price in the currency.",
        BundleListing.DISABLED: "Bundles that are off sale, with or without a price. Needs scope `operator`.",
        BundleListing.ALL: "All bundles, with or without a price. Needs scope `operator`.",
    },
)
described(
    OrderGrouping,
    "OrderGrouping",
    "Property by which orders are grouped for statistics.",
    {
        OrderGrouping.STATUS: "One group for each order status.",
        OrderGrouping.PAYMENT_STATUS: "One group for each payment status.",
        OrderGrouping.MONTH: "One group for each month (UTC) in which orders were placed.",
        OrderGrouping.DAY: "One group for each day (UTC) on which orders were placed.",
        OrderGrouping.BUNDLE: "One group for each bundle. An order with several bundles counts in the group of each "
        "bundle.",
        OrderGrouping.PROJECT: "One group for each project whose credits are set aside for orders. An order with "
        "credits of several projects counts in the group of each project.",
        OrderGrouping.CUSTOMER: "One group for each value of the order's `customer`. Values that differ in one letter "
        "belong to different groups.",
        OrderGrouping.CURRENCY: "One group for each currency of orders.",
    },
)
