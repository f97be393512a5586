"""Numbers and conversions."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
#: A float or a column of them: every formula takes either.
Numbers: TypeAlias = "float | FloatArray"

KG_PER_T = 1000.0
GJ_PER_TJ = 1000.0
GJ_PER_MWH = 3.6
#: Molar mass of CO2 over that of carbon.
CO2_PER_C = 44.0 / 12.0
