"""What a photo is everywhere in Heedmap: an (H, W, 3) uint8 array, RGB."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Picture: TypeAlias = NDArray[np.uint8]
