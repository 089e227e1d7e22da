"""How Alembic runs our migrations: on the connection that `connect.migrate` hands it."""

from alembic import context

from maquette.db.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
