"""The grid on which pages are compared: points of 200 dpi, and boxes in millimetres from the page's top left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

DPI = 200
MM = DPI / 25.4
"""Points of the grid to a millimetre."""

Box = tuple[float, float, float, float]
"""Left, top, width and height in mm from the top left of the page."""
