from backend.auth.models import Base
from backend.schema.settings import MigrationSettings
from backend.settings import read_settings
from migrations.environment import run

run(Base.metadata, lambda: read_settings(MigrationSettings).migration_auth_database_url)
