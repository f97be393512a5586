"""Loan books in partitions: on one machine or shared by workers, with the same bytes."""
