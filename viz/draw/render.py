"""A Matplotlib figure as the bytes of a PNG, PDF or SVG: the same for the same figure."""

from __future__ import annotations

import io
import threading

import matplotlib
from heedmap.errors import SettingError, short
from heedmap.viz import checks
from heedmap.viz.draw.fonts import with_letters
from heedmap.viz.draw.letters import missing, others, readable
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal
from matplotlib.text import Text

MAX_PIXELS = 200_000_000  # of a PNG: 0.8 GB while it is drawn

# Matplotlib shares fonts and settings between figures: one is drawn at a time.
_drawing = threading.Lock()


def to_png(figure: Figure, dpi: int = 200) -> bytes:
    """A figure as PNG.

    Raises:
        SettingError: no figure, dpi outside 20..1200, or more than 200 megapixels.
    """
    sentence = "A resolution of {} dpi is out of range: choose 20 to 1200."
    resolution = checks.number(dpi, sentence, lambda dpi: 20 <= dpi <= 1200)
    _check(figure)
    pixels = resolution**2 * figure.get_figwidth() * figure.get_figheight()
    if pixels > MAX_PIXELS:
        raise SettingError(
            "A figure of {pixels:.0f} megapixels cannot be drawn, at most {most}: choose "
            "fewer than {dpi} dpi.",
            pixels=pixels / 1e6,
            most=MAX_PIXELS // 1_000_000,
            dpi=short(dpi),
        )
    buffer = io.BytesIO()
    with _drawing:
        _prepare(figure, "auto")
        FigureCanvasAgg(figure)
        figure.savefig(buffer, format="png", dpi=resolution, pil_kwargs={"compress_level": 3})
    return buffer.getvalue()


def to_pdf(figure: Figure) -> bytes:
    """A figure as PDF: pictures in their own pixels, text as text, without dates.

    Fonts are embedded as TrueType, which journals ask for and drawing programs can edit. Text
    with letters that DejaVu Sans lacks is drawn as outlines, in a font of this machine.

    Raises:
        SettingError: no figure.
    """
    _check(figure)
    buffer = io.BytesIO()
    with _drawing, matplotlib.rc_context({"pdf.fonttype": 42}):
        _prepare(figure, "none")
        FigureCanvasPdf(figure)
        figure.savefig(buffer, format="pdf", metadata={"CreationDate": None})
    return buffer.getvalue()


def to_svg(figure: Figure) -> bytes:
    """A figure as SVG: pictures in their own pixels, text as text with the letters that it uses.

    Text with letters that DejaVu Sans lacks is drawn as outlines, in a font of this machine.

    Raises:
        SettingError: no figure.
    """
    _check(figure)
    buffer = io.StringIO()
    settings = {"svg.fonttype": "none", "svg.hashsalt": "heedmap"}
    with _drawing, matplotlib.rc_context(settings):
        _prepare(figure, "none")
        FigureCanvasSVG(figure)
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return with_letters(buffer.getvalue()).encode()


def missing_letters(figure: Figure) -> str:
    """The letters of a figure that no known font here holds, each once; they are drawn as �.

    Ask before it is drawn.

    Raises:
        SettingError: no figure.
    """
    _check(figure)
    return missing("".join(text.get_text() for text in figure.findobj(Text)))


def _check(figure: Figure) -> None:
    if not isinstance(figure, Figure):
        raise SettingError(
            "A figure is Matplotlib's, this is {figure}: make one with viz.grid_figure.",
            figure=short(figure),
        )


def _prepare(figure: Figure, interpolation: str) -> None:
    """PNG is resampled to its pixels; PDF and SVG keep the pictures' own. All letters are drawn."""
    for axes in figure.axes:
        for image in axes.images:
            image.set_interpolation(interpolation)
    for text in figure.findobj(Text):
        _letter(text)


def _letter(text: Text) -> None:
    """Find fonts for letters that the figure's lacks, and draw such a text as outlines.

    Embedded in a PDF, most of these fonts would not be TrueType, as it would claim, and to take
    a few letters out of one takes seconds.
    """
    told = text.get_text()
    if fonts := [font for font in others(told) if font not in text.get_fontfamily()]:
        text.set_fontfamily([*text.get_fontfamily(), *fonts])
        text.set_path_effects([*text.get_path_effects(), Normal()])
    if readable(told) != told:
        text.set_text(readable(told))
