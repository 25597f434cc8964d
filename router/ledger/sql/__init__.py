"""Speaks to the databases: schema, migrations, two drivers, which no other folder imports."""
