"""Registers: certificates, recognition, verifiers, credits, statuses, standards, lists, grading schemes, with their evidence."""
