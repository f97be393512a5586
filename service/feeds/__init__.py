"""Quotes and rates fetched from the exchanges and the European Central Bank."""
