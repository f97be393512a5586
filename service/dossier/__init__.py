"""The deduction dossier: what carbon price was paid at home, what of it counts, and what shows it."""
