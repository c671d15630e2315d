from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, status

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access
from backend.community.applications import forms, queries
from backend.community.applications.schemas import FormDetails, FormEdit, FormList, NewForm
from backend.community.dependencies import RequestOrigin, Transaction
from backend.community.models import ApplicationForm
from backend.web.strict_json import StrictRoute

router = APIRouter(prefix="/api/application-forms", tags=["applications"], route_class=StrictRoute)

MayApply = Annotated[Access, Needs(Permission.APPLICATIONS_SUBMIT)]
MayManage = Annotated[Access, Needs(Permission.APPLICATIONS_MANAGE)]


@router.get("")
async def list_forms(db: Transaction, access: MayApply) -> FormList:
    """The forms that take applications; closed ones for those who manage them."""
    closed_too = access.may(Permission.APPLICATIONS_MANAGE)
    found = await queries.list_forms(db, closed_too=closed_too)
    return FormList(items=[FormDetails.model_validate(form) for form in found])


@router.post("", response_model=FormDetails, status_code=status.HTTP_201_CREATED)
async def add_form(
    db: Transaction, new: NewForm, by: MayManage, origin: RequestOrigin
) -> ApplicationForm:
    """Add a form."""
    return await forms.add_form(db, new, by=by, origin=origin)


@router.patch("/{form_id}", response_model=FormDetails)
async def edit_form(
    db: Transaction, form_id: UUID, edit: FormEdit, by: MayManage, origin: RequestOrigin
) -> ApplicationForm:
    """Change, open or close a form; applications keep the questions that they answered."""
    return await forms.edit_form(db, form_id, edit, by=by, origin=origin)
