"""Practices that wait for what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.incoming.road import Road, copied, send_papers


@pytest.fixture(scope="session")
def one_signer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A practice whose client signs both papers."""
    root = tmp_path_factory.mktemp("one-signer")
    send_papers(root, sponsored=False)
    return root


@pytest.fixture(scope="session")
def two_signers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A practice whose sponsor signs the quote, and whose client signs the consent declaration."""
    root = tmp_path_factory.mktemp("two-signers")
    send_papers(root, sponsored=True)
    return root


@pytest.fixture
def road(one_signer: Path, tmp_path: Path) -> Iterator[Road]:
    """A practice that waits for its client's papers."""
    with copied(one_signer, tmp_path) as made:
        yield made


@pytest.fixture
def sponsored(two_signers: Path, tmp_path: Path) -> Iterator[Road]:
    """A practice that waits for a paper of the client and one of the sponsor."""
    with copied(two_signers, tmp_path) as made:
        yield made
