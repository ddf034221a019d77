"""The house reads the same in every room: files, sizes, words of the database, papers that exist."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "ansimnet"
SLICES = sorted(p.parent.name for p in (SRC / "slices").glob("*/wiring.py"))
ROOMS = {"model", "rules", "store", "queries", "service", "api", "jobs", "wiring"}
"""What a slice may consist of; each is a file or a folder."""
MEDIA = {"relay", "archive", "recording", "masking", "evidence", "onvif", "inspection", "uplink"}
"""What footage has besides: the media itself, which lives in processes and files of its own."""

PREFIX = {"cameras": "camera"}
"""Tables are named by their slice; where its word is a plural, by the thing."""

MOST_LINES = 600
ALONE = {"tools/verify_clip.py": 675}
"""What travels as one file with every export."""


def tracked(*patterns: str) -> list[Path]:
    """Return files that git knows, or all where this is no checkout."""
    try:
        said = subprocess.run(
            ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split("\n")
    except (OSError, subprocess.CalledProcessError):
        return [p for pattern in patterns for p in ROOT.rglob(pattern) if ".venv" not in p.parts]
    return [ROOT / line for line in said if line and (ROOT / line).is_file()]


def test_there_are_slices() -> None:
    assert {"policy", "cameras", "footage", "supervision", "dispatch", "notifications"} <= set(SLICES)


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_has_its_readme_and_known_rooms_alone(name: str) -> None:
    home = SRC / "slices" / name
    readme = (home / "README.md").read_text("utf-8")
    assert readme.startswith(f"# {name}\n")
    assert len(readme.split()) > 40
    found = {p.stem for p in home.iterdir() if p.name not in {"README.md", "__init__.py", "__pycache__"}}
    allowed = ROOMS | MEDIA if name == "footage" else ROOMS
    assert found <= allowed, found - allowed
    assert "wiring" in found


@pytest.mark.parametrize("name", SLICES)
def test_what_a_readme_promises_stands_in_the_requirements(name: str) -> None:
    known = set(re.findall(r"^([A-Z]{2}-\d{2})", (ROOT / "docs" / "requirements.txt").read_text("utf-8"), re.M))
    readme = (SRC / "slices" / name / "README.md").read_text("utf-8")
    assert set(re.findall(r"\b[A-Z]{2}-\d{2}\b", readme)) <= known


def tables_of(name: str) -> str:
    return PREFIX.get(name, name)


def sql_of(file: Path) -> list[str]:
    """Return every text of a file that looks like SQL, f-strings joined."""
    out = []
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr):
            text = "".join(v.value for v in node.values if isinstance(v, ast.Constant) and isinstance(v.value, str))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if re.search(r"\b(select|insert into|update|delete from|copy|from|join)\b", text):
            out.append(text)
    return out


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_speaks_only_of_its_own_tables(name: str) -> None:
    """`select … from other_table` in a slice is a side door around the other slice's queries."""
    others = {tables_of(other) for other in SLICES if other != name}
    words = re.compile(
        rf"\b(?:from|join|into|update|copy|table|using)\s+((?:{'|'.join(sorted(others))})_?[a-z_]*)", re.I
    )
    schema = set(re.findall(r"CREATE TABLE public\.(\w+)", (ROOT / "contracts" / "schema.sql").read_text("utf-8")))
    found = [
        f"{file.relative_to(SRC)}: {table}"
        for file in (SRC / "slices" / name).rglob("*.py")
        for text in sql_of(file)
        for table in words.findall(text)
        if table in schema
    ]
    assert found == []


def test_every_table_belongs_to_a_slice_or_the_platform_and_to_a_centre() -> None:
    schema = (ROOT / "contracts" / "schema.sql").read_text("utf-8")
    platform = ("ledger_", "reader_", "link_", "schema_migration", "migration", "centre", "tenant")
    slices = tuple(tables_of(s) for s in SLICES)
    for table, body in re.findall(r"CREATE TABLE public\.(\w+) \((.*?)\n\);", schema, re.S):
        assert table.startswith((*platform, *slices)), table
        if table.startswith(slices):
            assert re.search(r"^\s+centre_id uuid DEFAULT public\.my_centre\(\) NOT NULL", body, re.M), table
            assert f"ALTER TABLE ONLY public.{table} FORCE ROW LEVEL SECURITY" in schema, table


def test_no_file_is_longer_than_a_person_reads() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in tracked("*.py")
        if (n := len(p.read_text("utf-8").splitlines())) > ALONE.get(str(p.relative_to(ROOT)), MOST_LINES)
    }
    assert long == {}


def test_only_the_clock_asks_for_the_time() -> None:
    asking = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|date\.today|time\.(?:time|time_ns|monotonic))\(")
    allowed = {SRC / "kernel" / "clock.py", SRC / "kernel" / "ids.py"}
    found = [
        str(p.relative_to(SRC)) for p in SRC.rglob("*.py") if p not in allowed and asking.search(p.read_text("utf-8"))
    ]
    assert found == []


def test_every_paper_that_is_named_exists() -> None:
    named = re.compile(
        r"(?<![\w/])((?:docs|contracts|examples|evaluation|benchmarks|tools|migrations)/[\w./-]*\w\.\w+)"
    )
    missing = []
    for file in tracked("*.py", "*.md", "*.toml", "Makefile", "*.sh"):
        if "node_modules" in file.parts:
            continue
        for path in named.findall(file.read_text("utf-8")):
            if not (ROOT / path).exists() and not (file.parent / path).exists():
                missing.append(f"{file.relative_to(ROOT)}: {path}")
    assert missing == []


def test_links_between_papers_lead_somewhere() -> None:
    broken = []
    for file in tracked("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", file.read_text("utf-8")):
            if "://" not in target and not target.startswith("mailto:") and not (file.parent / target).exists():
                broken.append(f"{file.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_measurement_and_example_says_what_it_is() -> None:
    for folder in ("benchmarks", "evaluation", "examples", "tools"):
        for file in (ROOT / folder).glob("*.py"):
            if file.name.startswith("_"):
                continue
            said = ast.get_docstring(ast.parse(file.read_text("utf-8")))
            assert said, file.name


def test_every_mark_names_a_requirement_that_exists() -> None:
    known = set(re.findall(r"^([A-Z]{2}-\d{2})", (ROOT / "docs" / "requirements.txt").read_text("utf-8"), re.M))
    marked = {
        word
        for file in (ROOT / "tests").rglob("*.py")
        for call in re.findall(r"mark\.requirement\(([^)]*)\)", file.read_text("utf-8"))
        for word in re.findall(r"[A-Z]{2}-\d{2}", call)
    }
    assert marked <= known
