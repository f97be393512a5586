"""Faults and loads that anyone can run: ``python -m drills --help``. Loopback only; nothing is ended but what was started here."""
