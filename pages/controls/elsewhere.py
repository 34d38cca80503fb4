"""Links to other pages that show the same photo in the same model."""

from __future__ import annotations

from heedmap import models
from heedmap.pages.frame import link
from heedmap.pages.frame.head import links
from heedmap.pages.frame.page import Page, pages_of
from heedmap.pages.language import told, tr
from heedmap.views.request import Request


def offer_why(request: Request, **settings: str) -> None:
    """Show a link that asks why of a photo in a model."""
    links().page_link(
        "pages/why.py", label=tr("Ask why"), icon=":material/help_center:",
        query_params=_carried(request) | settings, help=tr("What counted, by several methods"),
    )  # fmt: skip


def offer_pages(page: Page, request: Request) -> None:
    """Show links to the other pages that can show a model."""
    for other in pages_of(models.record(request.model)):
        if other != page:
            links().page_link(
                other.script,
                label=told(other.title),
                icon=other.icon,
                query_params=_carried(request),
                help=tr("{title} of this photo", title=other.title),
            )


def _carried(request: Request) -> dict[str, str]:
    return link.shared_query() | {
        "photo": request.photo, "model": request.model, "size": str(request.size),
        "fit": request.fit,
    }  # fmt: skip
