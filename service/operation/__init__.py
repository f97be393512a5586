"""Running the service: its log, its figures for monitoring, its backups."""
