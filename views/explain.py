"""What the words of a page mean, each shown in the page's own picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from heedmap import viz
from heedmap.languages import Phrase
from heedmap.views import attention, render
from heedmap.views.attention import MEAN, Map
from heedmap.views.channels import Channel
from heedmap.views.reasons import Reason, on_one_scale
from heedmap.views.render import THUMBNAIL, Drawable, Look
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from typing import TypeAlias

    # term, two sentences, and what draws its picture (h, w, 3) uint8
    Word: TypeAlias = "tuple[str, str, Callable[[], np.ndarray]]"


def of_attention(shown: Map, look: Look) -> list[Word]:
    """Patch, token, CLS, head, layer and register, in an attention map."""
    source, (rows, columns) = shown.source, shown.values.shape
    prefix = shown.seen.prefix
    first = replace(shown, layer=0, head=MEAN)
    alone = _alone(shown)
    return [
        (Phrase("Patch"), Phrase(
            "The model sees the photo in squares, here {rows} × {columns} of them. The ring is "
            "around the patch that this map is strongest in.", rows=rows, columns=columns),
         lambda: _ringed(shown, look)),
        (Phrase("Token"), Phrase(
            "Each patch becomes a token, a list of numbers that every layer rewrites. With "
            "{prefix} more that belong to no patch, this photo is {count} tokens.",
            prefix=prefix, count=rows * columns + prefix),
         lambda: _grid(shown)),
        (Phrase("CLS"), _CLS if source.order.cls else _NO_CLS,
         lambda: render.drawn(shown, look, THUMBNAIL)),
        (Phrase("Head"), Phrase(
            "A layer reads in several ways at once, its heads, here {count}. This is {head} by "
            "itself; the mean hides how they differ.",
            count=source.heads(shown.layer), head=alone.head_name),
         lambda: render.drawn(alone, look, THUMBNAIL)),
        (Phrase("Layer"), Phrase(
            "Layers follow one another, here {count}; each reads what the one before has written. "
            "This is the first, which has little to go on but the patches themselves.",
            count=source.depth),
         lambda: render.drawn(first, look, THUMBNAIL)),
        (Phrase("Register"), _registers(prefix - source.order.cls),
         lambda: _grid(shown)),
    ]  # fmt: skip


def _registers(count: int) -> Phrase:
    if count <= 0:
        return Phrase(
            "Some models have tokens for notes on the whole photo; this one has none. Where they "
            "are missing, a few patches of plain background may outshine all others."
        )
    own = Phrase("1 token") if count == 1 else Phrase("{count} tokens", count=count)
    return Phrase(
        "This model has {own} of its own for notes on the whole photo. Without them, some models "
        "write such notes into patches of plain background, which then outshine all others.",
        own=own,
    )


def of_channel(shown: Channel, look: Look) -> list[Word]:
    """Channel, convolution and receptive field, in the map of a channel."""
    rows, columns = shown.values.shape
    return [
        (Phrase("Channel"), Phrase(
            "A layer looks for many patterns at once, here {count}: each has a channel, a map of "
            "where it is found. This is one of them.", count=shown.siblings),
         lambda: render.drawn(shown, look, THUMBNAIL)),
        (Phrase("Convolution"), Phrase(
            "The same small filter is moved over the whole photo, so that a pattern is found "
            "wherever it is. Here it has answered in {rows} × {columns} places.",
            rows=rows, columns=columns),
         lambda: _grid(shown)),
        (Phrase("Receptive field"), Phrase(
            "Each cell is computed from a region of the photo: at least what the ring is around, "
            "and mostly far more. It grows from layer to layer, and the cells grow coarser."),
         lambda: _ringed(shown, look)),
    ]  # fmt: skip


def of_reason(shown: Reason, look: Look) -> list[Word]:
    """Target, gradient, the common scale and random weights, in the map of a method."""
    return [
        (Phrase("Target"), Phrase(
            "A map answers for one score: of a class, of a text, or the strength of the features. "
            "Here it shows {about}.", about=shown.about),
         lambda: render.drawn(shown, look, THUMBNAIL)),
        (Phrase("Gradient"), Phrase(
            "How much that score would change if a value inside the model changed a little; here "
            "told for {count} places. Attention alone knows no class.", count=shown.values.size),
         lambda: _grid(shown)),
        (Phrase("Strongest place"), Phrase(
            "Where this method finds most: {place}. Another method may find another place: none "
            "is the reason itself.", place=shown.strongest),
         lambda: _ringed(shown, look)),
        (Phrase("Common scale"), Phrase(
            "Each method has a unit of its own. On the scale that all share, values are multiples "
            "of the mean of their map, so that a peaked map outshines an even one."),
         lambda: render.drawn(on_one_scale([shown])[0], look, THUMBNAIL)),
    ]  # fmt: skip


_CLS = Phrase(
    "CLS is one more token, without a patch: in it the model gathers what it says of the photo. "
    "Under “From CLS”, bright is where CLS reads."
)
_NO_CLS = Phrase(
    "Many models have one more token, CLS, to gather what they say of the photo; this one has "
    "none. Its maps show what patches read from one another, or what its pooling head reads."
)


def _alone(shown: Map) -> Map:
    """The head that is shown, or where that is the mean, the most concentrated of its layer."""
    heads = [each for each in attention.heads(shown) if each.head != MEAN]
    return shown if shown.head != MEAN else max(heads, key=lambda each: _peak(each.values))


def _peak(values: np.ndarray) -> float:
    return float(values.max() / max(float(values.sum(dtype=np.float64)), 1e-12))


def _grid(shown: Drawable) -> np.ndarray:
    """What the model saw, with lines between the patches."""
    base = render.base(shown.request, shown.seen, "photo", THUMBNAIL)
    return viz.Overlay(opacity=0.0, patch_grid=True)(base, shown.values)


def _ringed(shown: Drawable, look: Look) -> np.ndarray:
    """A map with a ring around its strongest cell."""
    image = Image.fromarray(render.drawn(shown, look, THUMBNAIL))
    rows, columns = shown.values.shape
    row, column = np.unravel_index(int(np.argmax(shown.values)), (rows, columns))
    wide, tall = image.width / columns, image.height / rows
    x, y = (column + 0.5) * wide, (row + 0.5) * tall
    radius = max(8.0, 0.75 * max(wide, tall))
    draw = ImageDraw.Draw(image)
    for width, color in ((6, "#14121e"), (2, "#ffffff")):
        around = radius + width / 2
        draw.ellipse((x - around, y - around, x + around, y + around), outline=color, width=width)
    return np.asarray(image)
