"""What an organisation lets another one read: a version of a record, field by field, for a purpose, until a day."""
