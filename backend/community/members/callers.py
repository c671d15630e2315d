from typing import Annotated

from backend.community.access.callers import Needs
from backend.community.access.permissions import Permission
from backend.community.access.queries import Access

MaySeeMembers = Annotated[Access, Needs(Permission.MEMBERS_READ)]
