"""The forms that applicants fill in."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.community.access.queries import Access
from backend.community.applications.errors import AnswersWrong, AnswerUnknown
from backend.community.applications.queries import get_form
from backend.community.applications.schemas import FormEdit, NewForm, Question
from backend.community.audit.actions import record
from backend.community.audit.origin import Origin
from backend.community.models import ApplicationForm


async def add_form(
    db: AsyncSession, new: NewForm, *, by: Access, origin: Origin
) -> ApplicationForm:
    form = ApplicationForm(**new.model_dump())
    db.add(form)
    await db.flush()
    await db.refresh(form)
    record(db, "form.added", actor=by.uid, target=None, origin=origin, form=str(form.id))
    return form


async def edit_form(
    db: AsyncSession, form_id: UUID, edit: FormEdit, *, by: Access, origin: Origin
) -> ApplicationForm:
    """Change, open or close a form; raises FormNotFound."""
    form = await get_form(db, form_id, lock=True)
    wanted = edit.model_dump(exclude_none=True)
    changed = sorted(name for name, value in wanted.items() if getattr(form, name) != value)
    for name in changed:
        setattr(form, name, wanted[name])
    if changed:
        record(
            db, "form.edited", actor=by.uid, target=None, origin=origin, form=str(form.id),
            changed=changed,
        )  # fmt: skip
    return form


def check_answers(form: ApplicationForm, answers: dict[str, str]) -> list[dict[str, Any]]:
    """Return each question with its answer; raises AnswersWrong, AnswerUnknown."""
    questions = [Question.model_validate(one) for one in form.questions]
    if answers.keys() - {question.key for question in questions}:
        raise AnswerUnknown
    for question in questions:
        answer = answers.get(question.key)
        if answer is None and question.required:
            raise AnswersWrong(question.label, "must be answered")
        if answer is not None and question.options and answer not in question.options:
            raise AnswersWrong(question.label, "must be answered with one of its options")
    return [
        {"key": question.key, "label": question.label, "answer": answers.get(question.key)}
        for question in questions
    ]
