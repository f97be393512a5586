"""Who someone is: organisations, people, machine clients, how they come in, and what they may do."""
