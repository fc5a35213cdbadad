"""Endpoints for projects: what their seller states of them, with the bundles that contain their credits."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from msgspec import structs

from service.api.rest.contract import Answer, Call, Endpoint
from service.api.rest.lune.bundles import BundleSummary, ProjectSummary, bundle_views, project_summary
from service.api.rest.lune.ids import uuid_or_none
from service.api.rest.lune.models import Page, PageQuery
from service.api.rest.lune.paging import page_of, page_request
from service.domain.catalogue import Project
from service.domain.catalogue_listing import ProjectFilter
from service.domain.texts import NAME_LENGTH_MAX, kept_text
from service.errors import Code, Refused
from service.kit.keyset import PageRequest, Position
from service.operations.read_catalogue import list_bundles, list_projects, projects_of_ids

HEADERS = ("Lune-Account", "Lune-Version")
BUNDLES_MAX = 100


class ProjectView(ProjectSummary, kw_only=True):
    """A project, with the bundles on sale that contain its credits. A member whose value is not known is null."""

    bundles: list[BundleSummary]
    impact_summary: None = None
    datasets: None = None
    quality_assessment: None = None
    links_and_news: None = None
    carbon_credits: None = None
    timeline: None = None
    carbon_storage_over_time: None = None


class ProjectsQuery(PageQuery, kw_only=True):
    """Selection of projects to list. `recently_disabled` changes nothing, because projects cannot be disabled. `limit`
    is the number of projects: 1 to 100, by default 10. `after` is the `next_cursor` of the previous page or the id of a
    project.
    """

    recently_disabled: bool | None = None


async def list_all_projects(call: Call[None, ProjectsQuery]) -> Answer:
    async def stands(project_id: UUID) -> Position | None:
        project = (await projects_of_ids(resources, call.caller, [project_id])).get(project_id)
        return None if project is None else Position(project.created_at, project.id)

    resources = call.context.resources
    rows = await list_projects(resources, call.caller, await page_request(call.query, stands))
    return Answer(page_of(rows, await _views(call, rows.items)))


async def get_project(call: Call[None, None]) -> Answer:
    project_id = uuid_or_none(call.path["id"])
    found = await projects_of_ids(call.context.resources, call.caller, [project_id] if project_id else [])
    return await _shown(call, list(found.values()))


async def get_project_by_slug(call: Call[None, None]) -> Answer:
    try:
        slug = kept_text(call.path["slug"], NAME_LENGTH_MAX)
    except Refused:
        raise _absent() from None
    wanted, after = ProjectFilter(text_contains=slug), None
    while True:
        request = PageRequest(BUNDLES_MAX, after=after)
        rows = await list_projects(call.context.resources, call.caller, request, wanted)
        found = [project for project in rows.items if project.slug == slug]
        if found or not rows.has_next:
            return await _shown(call, found)
        after = Position(rows.items[-1].created_at, rows.items[-1].id)


async def _shown(call: Call[None, None], found: Sequence[Project]) -> Answer:
    views = await _views(call, found)
    if not views:
        raise _absent()
    return Answer(views[0])


def _absent() -> Refused:
    return Refused(Code.NOT_FOUND, "There is no such project.")


async def _views(call: Call[None, None] | Call[None, ProjectsQuery], projects: Sequence[Project]) -> list[ProjectView]:
    if not projects:
        return []
    on_sale = await list_bundles(call.context.resources, call.caller, PageRequest(BUNDLES_MAX))
    bundles: dict[str, list[BundleSummary]] = defaultdict(list)
    for view in await bundle_views(call, on_sale.items):
        summary = BundleSummary(**{name: getattr(view, name) for name in BundleSummary.__struct_fields__})
        for project in view.projects:
            bundles[project.id].append(summary)
    summaries = [project_summary(project) for project in projects]
    return [ProjectView(**structs.asdict(each), bundles=bundles[each.id]) for each in summaries]


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        method="GET",
        path="/v1/projects",
        operation_id="list_all_projects",
        summary="List projects.",
        handler=list_all_projects,
        query=ProjectsQuery,
        responses={200: Page[ProjectView]},
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/projects/by-slug/{slug}",
        operation_id="get_project_by_slug",
        summary="Get a project by its slug.",
        handler=get_project_by_slug,
        responses={200: ProjectView},
        refusals=frozenset({404}),
        request_headers=HEADERS,
    ),
    Endpoint(
        method="GET",
        path="/v1/projects/{id}",
        operation_id="get_project",
        summary="Get a project.",
        handler=get_project,
        responses={200: ProjectView},
        refusals=frozenset({404}),
        request_headers=HEADERS,
    ),
)
