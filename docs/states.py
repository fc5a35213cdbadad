"""The drawing of an order's states. The boxes are placed by hand; the arrows come from the table of allowed moves."""
# ruff: noqa: INP001 - a folder of pages, not a package

from service.domain.order import MOVES, OrderStatus

WIDTH, HEIGHT = 816, 312
BOX_WIDTH, BOX_HEIGHT = 168, 60
PLACES: dict[OrderStatus, tuple[int, int, str]] = {
    OrderStatus.PLACED: (8, 126, "credits are missing"),
    OrderStatus.FULFILLED: (216, 126, "all credits are allocated"),
    OrderStatus.RETIRING: (424, 126, "retirement has started"),
    OrderStatus.COMPLETE: (632, 126, "all credits are retired"),
    OrderStatus.FAILED: (112, 8, "the seller cannot deliver"),
    OrderStatus.CANCELLED: (112, 244, "the customer cancelled it"),
}
HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 8 4 0 8z"/></marker></defs>'
)
STYLE = """
  text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; fill: #1b2a22; }
  .name { font-size: 15px; font-weight: 600; }
  .note { font-size: 12px; fill: #46554c; }
  rect { fill: #f4f6f4; stroke: #54645b; }
  .end rect { fill: #dcfce7; stroke: #166534; stroke-width: 2; }
  .ended rect { fill: #fee2e2; stroke: #b91c1c; }
  line { stroke: #54645b; stroke-width: 1.5; marker-end: url(#head); }
  #head path { fill: #54645b; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e3ebe6; }
    .note { fill: #b6c4bb; }
    rect { fill: #18211c; stroke: #a3b3a9; }
    .end rect { fill: #0b2a18; stroke: #86efac; }
    .ended rect { fill: #3b1212; stroke: #fca5a5; }
    line { stroke: #a3b3a9; }
    #head path { fill: #a3b3a9; }
  }
"""


def order_states() -> str:
    """Return the SVG, which is readable on a light and on a dark page."""
    moves = [(current, wanted) for current, allowed in MOVES.items() for wanted in sorted(allowed)]
    told = "; ".join(f"{current} to {wanted}" for current, wanted in moves)
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="t d">',
        '<title id="t">The states of an order</title>',
        f'<desc id="d">Allowed moves: {told}.</desc>',
        f"<style>{STYLE}</style>",
        HEAD,
        *(_arrow(current, wanted) for current, wanted in moves),
        *(_box(status) for status in PLACES),
        "</svg>\n",
    ))  # fmt: skip


def _box(status: OrderStatus) -> str:
    x, y, note = PLACES[status]
    kind = {OrderStatus.COMPLETE: "end", OrderStatus.CANCELLED: "ended", OrderStatus.FAILED: "ended"}.get(status, "way")
    middle = x + BOX_WIDTH // 2
    return (
        f'<g class="{kind}"><rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{middle}" y="{y + 26}" text-anchor="middle">{status}</text>'
        f'<text class="note" x="{middle}" y="{y + 45}" text-anchor="middle">{note}</text></g>'
    )


def _arrow(current: OrderStatus, wanted: OrderStatus) -> str:
    """Return a line between the middles of the sides with which the two boxes face each other."""
    (x1, y1, _), (x2, y2, _) = PLACES[current], PLACES[wanted]
    if y1 == y2:
        start, end = (x1 + BOX_WIDTH, y1 + BOX_HEIGHT // 2), (x2, y2 + BOX_HEIGHT // 2)
    else:
        down = y2 > y1
        start = (x1 + BOX_WIDTH // 2, y1 + BOX_HEIGHT * down)
        end = (x2 + BOX_WIDTH // 2 + (-36 if x1 < x2 else 36), y2 + BOX_HEIGHT * (not down))
    return f'<line id="{current}-{wanted}" x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}"/>'
