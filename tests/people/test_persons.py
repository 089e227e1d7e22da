"""Persons: an address is one person's, once they have shown it; of admins one stays."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from maquette.core.errors import InvalidRequest, NotAllowed
from maquette.ledger.accounts import open_account
from maquette.people.emails import read_email
from maquette.people.persons import (
    Person,
    add_person,
    change_person,
    find_unverified,
    find_verified,
    list_people,
    refuse_last_admin,
)


@pytest.mark.parametrize(
    "text",
    [
        *("", "ada", "ada@", "@example.org", "a b@example.org", "ada@example", "a\x00@example.org"),
        *("ada@example.org\nBcc: all@example.org", "\ud800@example.org"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is no e-mail address"):
        read_email(text)


def test_spellings_of_one_address_are_one() -> None:
    assert read_email(" Ada@Example.ORG ").key == read_email("ada@example.org").key
    assert read_email("小明@例子.中国").key == read_email("小明@xn--fsqu00a.xn--fiqs8s").key


def test_what_looks_alike_is_another_address() -> None:
    for one, other in (
        ("bob@straße.de", "bob@strasse.de"),
        ("bob@βόλος.gr", "bob@βόλοσ.gr"),  # whose last letters are two
        ("strauß@example.org", "strauss@example.org"),
    ):
        assert read_email(one).key != read_email(other).key
    for one, other in (
        ("BOB@STRASSE.DE", "bob@strasse.de"),
        ("bob@straße.de", "Bob@xn--strae-oqa.DE"),
        ("bob@βόλος.gr", "bob@xn--nxasmm1c.gr"),
    ):
        assert read_email(one).key == read_email(other).key, one


def test_many_may_say_an_address_is_theirs_and_one_may_have_shown_it(database: sa.Engine) -> None:
    email = read_email("ADA@example.org")
    with database.begin() as connection:
        for name in ("eve", "mallory"):
            open_account(connection, name)
            add_person(connection, name, email=email)
        known, said = find_verified(connection, email.key), find_unverified(connection, email.key)
        assert known is not None
        assert said is not None
        assert (known.account_id, said.account_id) == ("ada", "mallory")
        open_account(connection, "zoe")
        with pytest.raises(InvalidRequest, match="has an account"):
            add_person(connection, "zoe", email=email, verified=True)


def test_of_admins_one_stays(database: sa.Engine) -> None:
    with database.begin() as connection:
        change_person(connection, "ada", role="admin")
        with pytest.raises(NotAllowed, match="last admin"):
            refuse_last_admin(connection, "ada")
        refuse_last_admin(connection, "bob")  # who is none
        change_person(connection, "bob", role="admin", suspended_at=sa.func.now())
        with pytest.raises(NotAllowed, match="last admin"):  # for the other cannot come in
            refuse_last_admin(connection, "ada")
        change_person(connection, "bob", suspended_at=None)
        refuse_last_admin(connection, "ada")
        change_person(connection, "ada", password_hash="argon2id")
        with pytest.raises(NotAllowed, match="last admin"):  # for the other has no password
            refuse_last_admin(connection, "ada")
        refuse_last_admin(connection, "bob")
        change_person(connection, "bob", password_hash="argon2id")
        refuse_last_admin(connection, "ada")


def test_people_are_listed_a_page_at_a_time_and_found_by_words(database: sa.Engine) -> None:
    def ids(people: Sequence[Person]) -> list[str]:
        return [one.account_id for one in people]

    with database.begin() as connection:
        for name in ("cleo", "dora"):  # made at the same moment
            open_account(connection, name)
            add_person(connection, name, name=f"{name.title()} 100%")
        first = list_people(connection, 3)
        rest = list_people(connection, 3, first[-1].account_id)
        assert sorted(ids([*first, *rest])) == ["ada", "bob", "cleo", "dora"]
        assert len(first) == 3
        assert ids(list_people(connection, 9, words="BOB@")) == ["bob"]
        assert ids(list_people(connection, 9, words="0%")) == ["dora", "cleo"]
        assert ids(list_people(connection, 9, words="_")) == []
