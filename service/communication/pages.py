"""The page of the communication workbook: hand it in, see the direct SEE and each cell that is amiss, take a filled copy."""

from __future__ import annotations

import io
import zipfile
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, Response, UploadFile

from models.errors import YuetanError
from service.batch.routes import content_of, plain_name
from service.communication.reader import Communication, read_communication
from service.communication.routes import plant_of
from service.communication.use import filled
from service.pages.frame import Lang, PageRoute, page
from service.provide import Law
from service.safety import MULTIPART_LIMIT

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/communication")
def empty(request: Request, lang: Lang) -> Response:
    """Show the form."""
    return page(request, lang, "communication.html", found=None, name="", error=None)


@router.post("/communication", max_body_size=MULTIPART_LIMIT)
def read(
    request: Request,
    lang: Lang,
    law: Law,
    file: Annotated[UploadFile, File()],
    installation: Annotated[UploadFile | None, File()] = None,
    overwrite: Annotated[str, Form(max_length=20_000)] = "",
) -> Response:
    """Read the workbook, or with an installation fill a copy of it; the copy comes with the list of its cells as a zip."""
    found: Communication | None = None
    error: YuetanError | None = None
    name = plain_name(file.filename)
    try:
        data = content_of(file)
        if installation is not None and installation.filename:
            allowed = [line.strip() for line in overwrite.splitlines() if line.strip()]
            made = filled(data, plant_of(content_of(installation).decode("utf-8", "replace")), law, allowed)
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(f"filled-{name}", made.data)
                archive.writestr("cells.csv", made.companion())
            headers = {"Content-Disposition": "attachment; filename=communication-filled.zip"}
            return Response(out.getvalue(), media_type="application/zip", headers=headers)
        found = read_communication(data, law.book())
    except YuetanError as refusal:
        error = refusal
    return page(request, lang, "communication.html", 422 if error else 200, found=found, name=name, error=error)
