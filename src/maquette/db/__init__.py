"""The one database: PostgreSQL, the one that pip brings or yours, and its migrations."""
