"""Factors that an organisation hands in, their review by somebody else in it, and the map of national and provincial ids."""
