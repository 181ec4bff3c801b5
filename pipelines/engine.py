"""The engine that the settings ask for."""

from assets.engine.resource import Engine
from pipelines.settings import Settings


def engine_of(settings: Settings) -> Engine:
    """Where items run, for the definitions and for commands that need no Dagster."""
    return Engine(
        mode=settings.engine_mode,
        n_workers=settings.engine_workers,
        address=settings.engine_address,
        tls_ca=settings.engine_tls_ca,
        tls_cert=settings.engine_tls_cert,
        tls_key=settings.engine_tls_key,
        drain_s=settings.engine_drain_s,
    )
