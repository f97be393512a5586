"""Loans, their borrowers and carbon prices: the stress of one borrower and of a book, with financed emissions."""
