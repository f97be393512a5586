"""A change of law: editions side by side, what moved for goods, recomputation, and the note on one line."""
