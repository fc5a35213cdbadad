"""Names of the models in the OpenAPI document, from which generated clients name their types.

The names stay, whatever the classes are called.
"""

from collections.abc import Mapping
from typing import Any

from service.api.rest.lune.accounts import (
    AccountView,
    ClientAccountChange,
    ClientAccountPatch,
    ClientsQuery,
    NewClientAccount,
)
from service.api.rest.lune.bundles import BundlesQuery, BundleSummary, BundleView, ProjectSummary
from service.api.rest.lune.errors import Error, Errors
from service.api.rest.lune.estimates import (
    Consumption,
    ElectricityRequest,
    EstimatedMass,
    EstimateView,
    FlightRequest,
    Route,
)
from service.api.rest.lune.logos import LogoView, NewLogo
from service.api.rest.lune.models import (
    BundleMass,
    BundleShare,
    Mass,
    OrderBundleView,
    OrderByEstimate,
    OrderByMass,
    OrderByValue,
    OrderProjectView,
    OrdersQuery,
    OrderView,
    Page,
    QuoteByMass,
    QuoteByValue,
    QuoteView,
)
from service.api.rest.lune.projects import ProjectsQuery, ProjectView
from service.api.rest.lune.selections import BundlePercentage, BundlePortfolioView, ChosenPortfolio
from service.api.rest.lune.sustainability_pages import (
    DescribedByEquivalent,
    DescribedByGoals,
    DescribedByText,
    PageBundle,
    PageBundleShare,
    PublicSustainabilityPage,
    SustainabilityPageRequest,
    SustainabilityPageView,
    TitleByPrice,
    TitleByVolume,
)
from service.api.rest.lune.webhooks import NewWebhook, WebhookChange, WebhookFullSecret, WebhooksQuery, WebhookView

COMPONENTS: Mapping[Any, str] = {
    Errors: "Errors",
    Error: "Error",
    OrderByMass: "OrderByMass",
    BundleShare: "BundleShare",
    Mass: "Mass",
    BundleMass: "BundleMass",
    OrderView: "OrderView",
    OrderBundleView: "OrderBundleView",
    OrderProjectView: "OrderProjectView",
    OrderByValue: "OrderByValue",
    OrderByEstimate: "OrderByEstimate",
    QuoteByMass: "QuoteByMass",
    QuoteView: "QuoteView",
    QuoteByValue: "QuoteByValue",
    OrdersQuery: "OrdersQuery",
    Page[OrderView]: "Page[OrderView]",
    ElectricityRequest: "ElectricityRequest",
    Consumption: "Consumption",
    EstimateView: "EstimateView",
    EstimatedMass: "EstimatedMass",
    FlightRequest: "FlightRequest",
    Route: "Route",
    BundlesQuery: "BundlesQuery",
    Page[BundleView]: "Page[BundleView]",
    BundleView: "BundleView",
    ProjectSummary: "ProjectSummary",
    BundleSummary: "BundleSummary",
    ProjectsQuery: "ProjectsQuery",
    Page[ProjectView]: "Page[ProjectView]",
    ProjectView: "ProjectView",
    BundlePercentage: "BundlePercentage",
    BundlePortfolioView: "BundlePortfolioView",
    ChosenPortfolio: "ChosenPortfolio",
    AccountView: "AccountView",
    NewClientAccount: "NewClientAccount",
    ClientsQuery: "ClientsQuery",
    Page[AccountView]: "Page[AccountView]",
    ClientAccountPatch: "ClientAccountPatch",
    ClientAccountChange: "ClientAccountChange",
    NewLogo: "NewLogo",
    LogoView: "LogoView",
    SustainabilityPageRequest: "SustainabilityPageRequest",
    SustainabilityPageView: "SustainabilityPageView",
    PublicSustainabilityPage: "PublicSustainabilityPage",
    TitleByVolume: "TitleByVolume",
    TitleByPrice: "TitleByPrice",
    DescribedByEquivalent: "DescribedByEquivalent",
    DescribedByGoals: "DescribedByGoals",
    DescribedByText: "DescribedByText",
    PageBundleShare: "PageBundleShare",
    PageBundle: "PageBundle",
    WebhookView: "Webhook",
    WebhookFullSecret: "WebhookFullSecret",
    NewWebhook: "NewWebhook",
    WebhookChange: "WebhookChange",
    WebhooksQuery: "WebhooksQuery",
}
