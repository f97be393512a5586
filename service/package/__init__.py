"""Packages that leave the bank: the application as one signed zip, the disclosure annex, before and after of an equipment loan."""
