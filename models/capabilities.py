"""What a model can do. A model says what it can do, a page says what it needs.

attention      maps of its attention can be recorded
convolutions   maps of its convolutions and stages can be recorded
contrastive    its image tower was trained together with text, as CLIP's and SigLIP's are
text           it reads text: a language model, or a model with a text tower too
logits         its output is a score for each of its classes
"""

from __future__ import annotations

from typing import TypeAlias

Can: TypeAlias = frozenset[str]

MAPS = frozenset({"attention", "convolutions"})
CAPABILITIES = MAPS | {"contrastive", "text", "logits"}


def fits(can: Can, needs: Can) -> bool:
    """Whether a model that can do `can` has all that a page needs; one that needs nothing in
    particular is for maps of photos."""
    return needs <= can if needs else bool(can & MAPS)


def surplus(can: Can, needs: Can) -> int:
    """How much else can be seen of a model: a page lists its own kind of model first."""
    return len((can - needs) & (MAPS | {"contrastive"}))
