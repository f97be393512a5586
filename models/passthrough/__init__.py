"""Carbon cost pass-through: derived from a market's structure, estimated from prices, and written into contracts."""
