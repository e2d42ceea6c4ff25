"""Every system's files: whose they are, and how everybody in them stands."""

import io
from pathlib import Path

import pytest

from subscribers.moving import importing
from subscribers.moving.importing import Survey
from subscribers.moving.recognising import Options
from subscribers.moving.states import CODES
from tests.moving.samples import SAMPLES, Sample


def states(found: Survey) -> dict[str, str]:
    return {key: CODES[state] for key, state in found.spool.addresses()}


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_systems_file_is_known_and_everybody_in_it_stands_as_it_says(sample: Sample) -> None:
    with importing.survey(
        Path(sample.file), io.BytesIO(sample.content), options=Options(), lists=["weekly"], known=["weekly"]
    ) as found:
        assert (
            [part.system.title for part in found.parts],
            states(found),
            bool(found.questions),
            found.questions[:1],
        ) == (
            [sample.title],
            sample.states,
            sample.asks,
            found.questions[:1],
        )
