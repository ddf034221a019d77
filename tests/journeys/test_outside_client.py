"""Given a running system, when a stranger with `httpx` alone speaks its open API, then a whole incident can be run."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from tests.journeys.conftest import small_world, whole_system

CLIENT = Path(__file__).parents[2] / "examples" / "outside_client.py"


@pytest.mark.timeout(240)
@pytest.mark.requirement("EM-06", "EM-14", "EM-17")
async def test_an_outside_client_runs_an_incident_from_registration_to_ledger(place: Path) -> None:
    async with whole_system(place, small_world()) as (stage, _):
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(CLIENT), "--base", stage.settings.public_url, "--password", stage.password,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = await asyncio.wait_for(process.communicate(), 180)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    assert process.returncode == 0, err.decode()
    told = json.loads(out.splitlines()[-1])
    assert told["alert_level"] == "certain"
    assert told["fragments"] >= 10, "a granted stream shows pictures"
    assert told["masking"] == "masked", "everybody is hidden until somebody may see"
    assert told["close_code"] == 4403, "closing ends every look"
    assert told["blocked_by"], "an incident closes only when its procedure is done"
    assert {"dispatch.incident.opened.v1", "dispatch.incident.closed.v1"} <= set(told["ledger_kinds"])
    assert len(stage.night.others.police) == 1, "112 was asked once"


def test_the_client_needs_nothing_but_the_standard_library_and_httpx() -> None:
    words = CLIENT.read_text(encoding="utf-8")
    imported = {line.split()[1].split(".")[0] for line in words.splitlines() if line.startswith(("import ", "from "))}
    assert imported - set(sys.stdlib_module_names) == {"httpx"}
