"""Where answers are looked for, from what a server lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.edges.mailbox import Folder
from pipeline.errors import ConfigError
from pipeline.incoming.places import watched


def listed(*names: str, **uses: str) -> list[Folder]:
    """Give folders with `/` between the parts; a use is by the first letters of the name: `Ver="sent"`."""
    return [
        Folder(
            name,
            frozenset(f"\\{use}" for begin, use in uses.items() if name.startswith(begin)),
            name.rpartition("/")[2],
        )
        for name in names
    ]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (listed("Archive", "Sent", "INBOX", "Klanten"), ["INBOX", "Archive", "Klanten"]),
        (listed("Inbox", "Uit", "Weg", "Half", Uit="sent", Weg="trash", Half="drafts"), ["Inbox"]),
        (listed("INBOX", "INBOX/Verzonden Items", "INBOX/Prullenbak", "INBOX/CONCEPTEN"), ["INBOX"]),
        (listed("INBOX", "Gmail", "Gmail/Spam", "Gmail/All", "Label", Gmail="noselect"), ["INBOX", "Label"]),
        (
            listed("INBOX", "All Mail", "Spam", "Label", "Bin", All="all", Spam="junk", Bin="trash"),
            ["INBOX", "All Mail", "Spam"],
        ),
        (listed("INBOX", "Trash", "Sent", Trash="archive", Sent="junk"), ["INBOX", "Trash", "Sent"]),
        (listed("INBOX", "Ongewenst", "Verzonden aan Jansen"), ["INBOX", "Ongewenst", "Verzonden aan Jansen"]),
    ],
)
def test_everywhere_but_where_our_own_mail_is_written_kept_or_thrown_away(
    there: list[Folder], expected: list[str]
) -> None:
    assert watched(there) == expected


def test_a_hidden_folder_of_all_mail_changes_nothing() -> None:
    there = [Folder("INBOX", frozenset(), "INBOX"), Folder("A", frozenset({"\\all", "\\noselect"}), "A")]
    assert watched([*there, Folder("B", frozenset(), "B")]) == ["INBOX", "B"]


def test_named_folders_are_looked_in_whatever_they_are_and_inbox_has_one_name() -> None:
    there = listed("INBOX", "Sent", "A")
    assert watched(there, ["Sent", "inbox", "Sent"]) == ["Sent", "INBOX"]
    with pytest.raises(ConfigError, match=r"no folder a, B; there are: INBOX, Sent, A"):
        watched(there, ["a", "A", "B"])


@given(st.lists(st.builds(Folder, st.text(max_size=8), st.frozensets(st.just("\\all")), st.text(max_size=8))))
def test_inbox_is_never_left_out(folders: list[Folder]) -> None:
    assert "INBOX" in watched([*folders, *listed("INBOX")])
