"""Keeps versions of models: heads, calibrators, certificates, match tables, adapters, encoders.

    registry = open_registry(".tiergate/models")
    made = registry.add(ModelKind.HEAD, "support_head", [Path("support.json")])
    registry.promote(made.id, ModelState.CANARY, by="learn")
    registry.promote(made.id)                    # now `support_head@active`
    registry.rollback("support_head")            # back to the version that was active before
    registry.path("support_head@active")         # its first file, after checking every sha256

It knows nothing about policies, nor about what the files mean.
"""

from __future__ import annotations

from router.registry.model import ModelChange, ModelFile, ModelKind, ModelState, ModelVersion
from router.registry.opening import open_registry, registry_of
from router.registry.reference import Reference
from router.registry.registry import About, Registry
from router.registry.store import FolderStore, Store

__all__ = [
    "About",
    "FolderStore",
    "ModelChange",
    "ModelFile",
    "ModelKind",
    "ModelState",
    "ModelVersion",
    "Reference",
    "Registry",
    "Store",
    "open_registry",
    "registry_of",
]
