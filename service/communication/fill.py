"""Which cells of the communication workbook our results of an installation go to."""

from __future__ import annotations

from cbam.installation import InstallationResult
from cbam.plant import Installation
from models.errors import Text
from service.communication.blocks import cell_of
from service.communication.known import layout
from service.communication.surgical import Edit

#: Rows of the list of processes, and of the list of bought precursors, in ``A_InstData``.
_PROCESS_ROW, _PRECURSOR_ROW = 83, 102


def edits_of(plant: Installation, found: InstallationResult) -> list[Edit]:
    """
    Return the cells to write, process by process and lot by lot, in the order of the input.

    Only inputs of the template are written: names, categories, tonnes,
    attributable emissions, precursors with their direct SEE. Its own formulas
    work out the summary. More processes or lots than the template has room for
    are left out; ``left_out`` names them.
    """
    made: list[Edit] = []
    categories, most = layout()["categories"], layout()["blocks"]
    number_of: dict[str, int] = {}
    for number, (key, one) in enumerate(list(found.processes.items())[: most["D_Processes"]["most"]], 1):
        number_of[key] = number
        row = _PROCESS_ROW + number - 1
        origin = Text(f"工序“{key}”", f"process '{key}'")
        if category := categories.get(one.good.category):
            made.append(Edit("A_InstData", f"E{row}", category, origin))
        made += [
            Edit("A_InstData", f"L{row}", key, origin),
            Edit("D_Processes", cell_of("D_Processes", "production_t", number, -8), one.process.activity_t, origin),
            Edit("D_Processes", cell_of("D_Processes", "direct_t", number), one.attributed_t, origin),
        ]
    for number, lot in enumerate(plant.purchases[: most["E_PurchPrec"]["most"]], 1):
        row = _PRECURSOR_ROW + number - 1
        origin = Text(f"采购“{lot.id}”", f"lot '{lot.id}'")
        made += [
            Edit("A_InstData", f"F{row}", lot.origin or "", origin),
            Edit("A_InstData", f"L{row}", lot.material, origin),
            Edit("E_PurchPrec", cell_of("E_PurchPrec", "purchased_t", number, -8), lot.bought_t, origin),
        ]
        if lot.see_direct_tco2e_per_t is not None:
            made.append(
                Edit("E_PurchPrec", cell_of("E_PurchPrec", "see_direct", number), lot.see_direct_tco2e_per_t, origin)
            )
        for use in plant.uses:
            if use.material == lot.material and use.process in number_of:
                at = cell_of("E_PurchPrec", "consumed_t", number, number_of[use.process] - 1)
                made.append(Edit("E_PurchPrec", at, use.mass_t, origin))
    return [edit for edit in made if edit.value != ""]


def left_out(plant: Installation, found: InstallationResult) -> list[str]:
    """Return the names of processes and lots that the template has no room for, and lots whose material has several."""
    most = layout()["blocks"]
    names = list(found.processes)[most["D_Processes"]["most"] :]
    names += [lot.id for lot in plant.purchases[most["E_PurchPrec"]["most"] :]]
    materials = [lot.material for lot in plant.purchases]
    return names + sorted({f"{m}" for m in materials if materials.count(m) > 1})
