"""Language models' servers that listen on this machine, looked for when someone asks."""

import asyncio
from dataclasses import dataclass

from maquette.core.errors import InvalidRequest, RemoteUnavailable
from maquette.engines.remote_server import Patience, RemoteServer, TextServer

# Where they usually listen, by the program.
USUAL_PORTS = {"Ollama": 11434, "vLLM": 8000, "llama.cpp": 8080, "LM Studio": 1234}
OURS = "maquette"  # who owns the models of a studio, which is none of them
SHORT = Patience(connect_s=0.5, silent_s=2.0)


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server, the program that usually listens there, and its models."""

    program: str
    url: str
    models: list[str]


def find_servers(host: str = "127.0.0.1", patience: Patience = SHORT) -> list[FoundServer]:
    """Those that listen where they usually do. They are only found, never used unasked."""
    return asyncio.run(_find(host, patience))


async def _find(host: str, patience: Patience) -> list[FoundServer]:
    async def ask(program: str, port: int) -> FoundServer | None:
        url = f"http://{host}:{port}/v1"
        try:
            found = await RemoteServer(TextServer(url), patience).list_models()
        except (RemoteUnavailable, InvalidRequest):
            return None
        is_studio = any(owner == OURS for _, owner in found)
        return None if is_studio else FoundServer(program, url, [name for name, _ in found])

    asked = await asyncio.gather(*(ask(*one) for one in USUAL_PORTS.items()))
    return [one for one in asked if one is not None]
