"""An import contract: other slices enter a slice by its public doors, the composition root by its entrance."""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class SlicePrivacy(Contract):
    """Forbid imports between slices except into `public` modules, and from `outside` except into `entrance`."""

    slices = fields.StringField()
    public = fields.ListField(subfield=fields.StringField())
    entrance = fields.StringField()
    outside = fields.StringField()

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect every import that passes a wall."""
        root: str = self.slices  # type: ignore[assignment]
        bad: list[tuple[str, str]] = []
        for importer in graph.modules:
            for imported in graph.find_modules_directly_imported_by(importer):
                if imported.startswith(f"{root}.") and not self._allowed(root, importer, imported):
                    bad.append((importer, imported))
        return ContractCheck(kept=not bad, metadata={"bad": sorted(bad)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each wall that was passed."""
        for importer, imported in check.metadata["bad"]:
            output.print_error(f"{importer} reaches into {imported}")

    def _allowed(self, root: str, importer: str, imported: str) -> bool:
        owner, _, inside = imported.removeprefix(f"{root}.").partition(".")
        if importer.startswith(f"{root}.{owner}.") or importer == f"{root}.{owner}":
            return True
        door = inside.partition(".")[0]
        outside: Any = self.outside
        if importer == outside or importer.startswith(f"{outside}."):
            return door == self.entrance
        return door in self.public  # type: ignore[operator]
