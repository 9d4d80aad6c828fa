"""What Alembic runs; the connection and its transaction belong to `daemon.store.versions`."""

from alembic import context

from daemon.store.migrations.compare import ours
from daemon.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    include_object=ours,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
