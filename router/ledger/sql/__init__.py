"""The databases: schema, migrations, SQLite, PostgreSQL. No other folder imports a driver."""
