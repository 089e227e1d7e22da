"""Documents: texts that someone works on, with their history, and as files for others."""

from datetime import datetime
from typing import Annotated, Literal, Self
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response, status
from pydantic import BaseModel, ConfigDict, Field

from maquette.api.dependencies import Account, Transaction
from maquette.api.schemas import Int, problems
from maquette.copydesk import documents
from maquette.copydesk.assignment import MOST_CHARACTERS as MOST_INPUT_CHARACTERS
from maquette.copydesk.documents import BY_HAND, MOST_CHARACTERS, About, Document, Version
from maquette.copydesk.export import MEDIA_TYPES, export
from maquette.copydesk.template import Language, Plain

router = APIRouter(prefix="/v1/documents", tags=["copy"])
PROBLEMS = problems(400, 404, 413)
# What was filled in and is to be named: a line each, by the names of a template's inputs.
Named = Annotated[
    dict[
        Annotated[str, Field(pattern="^[a-z_]{1,100}$")],
        Annotated[Plain, Field(max_length=MOST_INPUT_CHARACTERS["line"])],
    ],
    Field(max_length=20),
]
Number = Annotated[int, Path(ge=1, lt=2**31)]


class DocumentIn(BaseModel):
    """What a document is and says. `made_by` is the template that its text came by, or "hand"."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[Plain, Field(max_length=300)] = ""
    language: Language = "en"
    template: Annotated[str | None, Field(max_length=100)] = None
    voice_id: UUID | None = None
    inputs: Annotated[Named, Field(description="Those that the text must name.")] = {}
    text: Annotated[Plain, Field(max_length=MOST_CHARACTERS)]
    made_by: Annotated[str, Field(max_length=100)] = BY_HAND

    def about(self) -> About:
        """All but the text."""
        return About(self.title, self.language, self.template, self.voice_id, self.inputs)


class ChangeIn(DocumentIn):
    """The same, where it is not to go over what was changed elsewhere since a version."""

    based_on: Annotated[Int, Field(ge=1)] | None = None


class DocumentOut(BaseModel):
    """A document as it is now; `number` is that of its version."""

    document_id: UUID
    title: str
    language: Language
    template: str | None
    voice_id: UUID | None
    inputs: dict[str, str]
    number: int
    text: str
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, found: Document) -> "DocumentOut":
        about = found.about
        return cls(
            document_id=found.document_id,
            title=about.title,
            language=about.language,
            template=about.template,
            voice_id=about.voice_id,
            inputs=dict(about.inputs),
            number=found.number,
            text=found.text,
            created_at=found.created_at,
            changed_at=found.changed_at,
        )


class DocumentGist(BaseModel):
    """A document as lists have it."""

    document_id: UUID
    title: str
    language: Language
    template: str | None
    voice_id: UUID | None
    inputs: dict[str, str]
    number: int
    beginning: Annotated[str, Field(description="Its first 220 characters.")]
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, found: Document) -> "DocumentGist":
        whole = DocumentOut.of(found).model_dump()
        return cls(beginning=whole.pop("text"), **whole)


class VersionGist(BaseModel):
    """When a document was changed, and how: by a template, by hand, restored."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    made_by: str
    created_at: datetime

    @classmethod
    def of(cls, found: Version) -> Self:
        return cls.model_validate(found)


class VersionOut(VersionGist):
    """What a document said once."""

    text: str


@router.get("", responses=PROBLEMS)
def list_documents(
    connection: Transaction,
    account: Account,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    before: datetime | None = None,
) -> list[DocumentGist]:
    """Your documents, those first that were changed last; `before` is when the last one of the page
    before was changed.
    """
    found = documents.list_documents(connection, account, limit, before)
    return [DocumentGist.of(one) for one in found]


@router.post("", status_code=status.HTTP_201_CREATED, responses=PROBLEMS)
def add_document(asked: DocumentIn, connection: Transaction, account: Account) -> DocumentOut:
    """Keep a new document."""
    made = documents.add_document(connection, account, asked.about(), asked.text, asked.made_by)
    return DocumentOut.of(made)


@router.get("/{document_id}", responses=PROBLEMS)
def get_document(document_id: UUID, connection: Transaction, account: Account) -> DocumentOut:
    """One document."""
    return DocumentOut.of(documents.get_document(connection, account, document_id))


@router.put("/{document_id}", responses=PROBLEMS)
def change_document(
    document_id: UUID, asked: ChangeIn, connection: Transaction, account: Account
) -> DocumentOut:
    """Keep what it says now; where its text is new, that is a new version of it, or goes on with
    the last one, where that was made by hand less than ten minutes ago.
    """
    changed = documents.change_document(
        connection,
        account,
        document_id,
        asked.about(),
        asked.text,
        asked.made_by,
        asked.based_on,
    )
    return DocumentOut.of(changed)


@router.delete("/{document_id}", status_code=status.HTTP_204_NO_CONTENT, responses=PROBLEMS)
def delete_document(document_id: UUID, connection: Transaction, account: Account) -> None:
    """Delete a document with all its versions."""
    documents.delete_document(connection, account, document_id)


@router.get("/{document_id}/versions", responses=PROBLEMS)
def list_versions(
    document_id: UUID, connection: Transaction, account: Account
) -> list[VersionGist]:
    """When it was changed, the newest first."""
    found = documents.list_versions(connection, account, document_id)
    return [VersionGist.of(one) for one in found]


@router.get("/{document_id}/versions/{number}", responses=PROBLEMS)
def get_version(
    document_id: UUID, number: Number, connection: Transaction, account: Account
) -> VersionOut:
    """What it said then."""
    return VersionOut.of(documents.get_version(connection, account, document_id, number))


@router.post("/{document_id}/versions/{number}/restore", responses=PROBLEMS)
def restore_version(
    document_id: UUID, number: Number, connection: Transaction, account: Account
) -> DocumentOut:
    """Have it say again what it said then; that is a new version, so that nothing is lost."""
    return DocumentOut.of(documents.restore_version(connection, account, document_id, number))


@router.get(
    "/{document_id}/export",
    response_class=Response,
    responses=PROBLEMS | {200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}}},
)
def export_document(
    document_id: UUID,
    connection: Transaction,
    account: Account,
    format: Literal["md", "html", "docx"] = "md",
) -> Response:
    """The document as a file: Markdown as it is, a page of HTML, or DOCX."""
    found = documents.get_document(connection, account, document_id)
    title = found.about.title or "document"
    content = export(found.text, title, found.about.language, format)
    name = quote(f"{title[:80]}.{format}", safe="")
    saved = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(content, media_type=MEDIA_TYPES[format], headers=saved)
