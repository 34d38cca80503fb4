"""The classes that a model knows, their shares in a photo, and the best of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from heedmap.languages import Phrase


@dataclass(frozen=True, eq=False)
class Classes:
    """The classes of a model, and the share of each in one photo.

    Attributes:
        names: of all classes, no two alike; they are what links say.
        shares: (classes,) float64, calibrated where the model is; they sum to 1.
        threshold: the share below which the best class is taken for none of them.
    """

    names: tuple[str, ...]
    shares: np.ndarray
    threshold: float = 0.0

    def best(self, count: int = 5) -> list[tuple[str, float]]:
        """The most probable classes, as (name, share)."""
        order = np.argsort(-self.shares, kind="stable")[:count]
        return [(self.names[i], float(self.shares[i])) for i in order]

    def index(self, name: str) -> int:
        """The index of a class in the logits."""
        return self.names.index(name)

    @property
    def verdict(self) -> str:
        """Among how many classes the prediction is, and whether it is one."""
        return verdict(float(self.shares.max()), len(self.names), self.threshold)


def classes_of(
    logits: np.ndarray,
    names: Sequence[str] | None,
    temperature: float = 1.0,
    threshold: float = 0.0,
) -> Classes:
    """The classes of logits (classes,), which are divided by the temperature first."""
    scaled = logits.astype(np.float64) / temperature
    weights = np.exp(scaled - scaled.max())
    known = names if names is not None and len(names) == len(logits) else None
    told = unlike(known or [f"class {index}" for index in range(len(logits))])
    return Classes(told, weights / weights.sum(), threshold)


def verdict(best: float, count: int, threshold: float) -> str:
    """Among how many classes a prediction with the share `best` is, and whether it is one."""
    if best < threshold:
        return Phrase(
            "None of the {count} things it knows; the nearest of {count} classes:", count=count
        )
    return Phrase("The most probable of {count} classes:", count=count)


def unlike(names: Sequence[str]) -> tuple[str, ...]:
    """Names told apart by their index where two are alike, as ImageNet's two cranes."""
    often = Counter(names)
    return tuple(
        f"{name} ({index})" if often[name] > 1 else name for index, name in enumerate(names)
    )


def rounded(share: float) -> str:
    """A share on a button or a tag, in whole percent."""
    return f"{share:.0%}" if share >= 0.01 else "<1%"
