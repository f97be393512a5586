"""Scoring policies: checked by line, compared over stored cases, kept as versions."""
