"""Buying and sharing: the roll-up of a park, and offers compared by price and carbon."""
