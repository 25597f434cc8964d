"""Opens the embedding models of upstreams that the default policy names, at their first use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from router.errors import PolicyError
from router.policy.parsing.environment import secret
from router.policy.sections.answering.embedders import EmbedderSection
from router.specialists.booked_vectors import Inputs
from router.types import OutsideVectors

if TYPE_CHECKING:
    from tiers.upstream.embeddings import UpstreamEmbedder


class OutsideEmbedders:
    """Holds one client for each model that was asked; keys come from the environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._open: dict[str, tuple[EmbedderSection, UpstreamEmbedder]] = {}
        self._replaced: list[UpstreamEmbedder] = []  # those with calls under way go on

    async def embed(
        self, section: EmbedderSection, texts: Inputs, dimensions: int | None
    ) -> OutsideVectors:
        """Returns vectors of texts or token ids. Raises UpstreamError and its kin, Overloaded."""
        known = self._open.get(section.name)
        if known is None or known[0] != section:  # the policy changed
            from tiers.upstream.embeddings import UpstreamEmbedder

            if known is not None:
                self._replaced.append(known[1])
            known = (section, UpstreamEmbedder(section, self._key(section)))
            self._open[section.name] = known
            await self._close_idle()
        return await known[1].embed(texts, dimensions)

    async def _close_idle(self) -> None:
        """Closes replaced clients that have no call under way; closing would end such a call."""
        idle = [embedder for embedder in self._replaced if embedder.is_idle]
        self._replaced = [embedder for embedder in self._replaced if embedder not in idle]
        for embedder in idle:
            await embedder.close()

    def _key(self, section: EmbedderSection) -> str | None:
        try:
            return secret(section.api_key, self._environ)
        except PolicyError:  # unset: the upstream refuses the call, and says so
            return None

    async def close(self) -> None:
        """Closes all clients."""
        for embedder in (*self._replaced, *(embedder for _, embedder in self._open.values())):
            await embedder.close()
