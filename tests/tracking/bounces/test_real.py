"""Bounces of real servers, shortened, with the readers' details replaced: what each says, and what it teaches."""

from pathlib import Path

import pytest

from newsletter.tracking.bounces.judgement import Lesson
from newsletter.tracking.bounces.understanding import understand

REAL = Path(__file__).parent / "real"


@pytest.mark.parametrize(
    ("name", "said", "lesson", "address", "copy"),
    [
        ("dma-dot550", "failed dead 5.1.1", Lesson.SUPPRESS, "dot550@hop.test", "e12-s5"),
        ("dma-dot554", "failed policy 5.7.1", Lesson.ALARM, "dot554@hop.test", "e12-s7"),
        ("dma-rcpt550", "failed dead 5.1.1", Lesson.SUPPRESS, "rcpt550@hop.test", "e12-s1"),
        ("dma-rcpt552", "failed full 5.2.2", Lesson.COUNT, "rcpt552@hop.test", "e12-s3"),
        ("dma-rcpt554", "failed policy 5.7.1", Lesson.ALARM, "rcpt554@hop.test", "e12-s4"),
        ("exim-big", "failed too large 5.3.4", Lesson.ALARM, "big@small.example", "e12-s34"),
        ("exim-d450", "failed temporary 4.2.0", Lesson.COUNT, "d450@dest.example", "e12-s34"),
        ("exim-d511", "failed dead 5.1.1", Lesson.SUPPRESS, "d511@dest.example", "e12-s34"),
        ("exim-d522", "failed full 5.2.2", Lesson.COUNT, "d522@dest.example", "e12-s34"),
        ("exim-d571", "failed policy 5.7.1", Lesson.ALARM, "d571@dest.example", "e12-s34"),
        ("exim-r511", "failed dead 5.1.1", Lesson.SUPPRESS, "r511@dest.example", "e12-s34"),
        ("exim-r522", "failed full 5.2.2", Lesson.COUNT, "r522@dest.example", "e12-s34"),
        ("exim-r571", "failed policy 5.7.1", Lesson.ALARM, "r571@dest.example", "e12-s34"),
        ("exim-rml", "failed policy 5.7.26", Lesson.ALARM, "rml@dest.example", "e12-s34"),
        ("exim-rold", "failed dead 550", Lesson.SUPPRESS, "rold@dest.example", "e12-s34"),
        ("exim-x-dead", "failed temporary", Lesson.COUNT, "x@dead.example", "e12-s34"),
        ("haraka-big", "failed too large 5.3.4", Lesson.ALARM, "big@small.example", "e12-s34"),
        ("haraka-d511", "failed dead 5.1.1", Lesson.SUPPRESS, "d511@dest.example", "e12-s34"),
        ("haraka-d522", "failed full 5.2.2", Lesson.COUNT, "d522@dest.example", "e12-s34"),
        ("haraka-d571", "failed policy 5.7.1", Lesson.ALARM, "d571@dest.example", "e12-s34"),
        ("haraka-r511", "failed dead 5.1.1", Lesson.SUPPRESS, "r511@dest.example", "e12-s34"),
        ("haraka-r522", "failed full 5.2.2", Lesson.COUNT, "r522@dest.example", "e12-s34"),
        ("haraka-r571", "failed policy 5.7.1", Lesson.ALARM, "r571@dest.example", "e12-s34"),
        ("haraka-x-nosuchhost", "failed no host 5.1.2", Lesson.COUNT, "x@nosuchhost.invalid", "e12-s34"),
        ("opensmtpd-dot450", "delayed temporary 4.3.0", Lesson.NONE, "dot450@hop.test", "e12-s9"),
        ("opensmtpd-dot550", "failed dead 5.1.1", Lesson.SUPPRESS, "dot550@hop.test", "e12-s5"),
        ("opensmtpd-dot552", "failed full 5.2.2", Lesson.COUNT, "dot552@hop.test", "e12-s6"),
        ("opensmtpd-nohost", "failed no host 5.1.2", Lesson.COUNT, "someone@no-such-host.invalid", "e12-s12"),
        ("opensmtpd-rcpt450", "delayed temporary 4.2.0", Lesson.NONE, "rcpt450@hop.test", "e12-s8"),
        ("opensmtpd-rcpt550", "failed dead 5.1.1", Lesson.SUPPRESS, "rcpt550@hop.test", "e12-s1"),
        ("opensmtpd-rcpt552", "failed full 5.2.2", Lesson.COUNT, "rcpt552@hop.test", "e12-s3"),
        ("opensmtpd-rcpt554", "failed policy 5.7.1", Lesson.ALARM, "rcpt554@hop.test", "e12-s4"),
        ("opensmtpd-rcptml550", "failed dead 5.1.1", Lesson.SUPPRESS, "rcptml550@hop.test", "e12-s2"),
        ("opensmtpd-toobig", "failed too large 5.3.4", Lesson.ALARM, "someone@toobig.test", "e12-s10"),
        ("postfix-dot450", "delayed temporary 4.3.0", Lesson.NONE, "dot450@hop.test", "e12-s9"),
        ("postfix-dot550", "failed dead 5.1.1", Lesson.SUPPRESS, "dot550@hop.test", "e12-s5"),
        ("postfix-dot552", "failed full 5.2.2", Lesson.COUNT, "dot552@hop.test", "e12-s6"),
        ("postfix-dot554", "failed policy 5.7.1", Lesson.ALARM, "dot554@hop.test", "e12-s7"),
        ("postfix-loop", "failed loop 5.4.0", Lesson.ALARM, "someone@loop.test", "e12-s11"),
        ("postfix-rcpt450", "delayed temporary 4.2.0", Lesson.NONE, "rcpt450@hop.test", "e12-s8"),
        ("postfix-rcpt550", "failed dead 5.1.1", Lesson.SUPPRESS, "rcpt550@hop.test", "e12-s1"),
        ("postfix-rcpt552", "failed full 5.2.2", Lesson.COUNT, "rcpt552@hop.test", "e12-s3"),
        ("postfix-rcpt554", "failed policy 5.7.1", Lesson.ALARM, "rcpt554@hop.test", "e12-s4"),
        ("postfix-rcptml550", "failed dead 5.1.1", Lesson.SUPPRESS, "rcptml550@hop.test", "e12-s2"),
        ("postfix-toobig", "failed too large 5.3.4", Lesson.ALARM, "someone@toobig.test", "e12-s10"),
    ],
)
def test_what_a_real_server_says_is_understood(name: str, said: str, lesson: Lesson, address: str, copy: str) -> None:
    (found,) = understand((REAL / f"{name}.eml").read_bytes())
    assert (f"{found.action} {found.meaning} {found.code}".rstrip(), found.lesson) == (said, lesson)
    assert (found.address, found.token) == (address, f"{copy}-abcdef0123")


def test_every_real_bounce_is_in_the_table() -> None:
    marks = test_what_a_real_server_says_is_understood.pytestmark  # type: ignore[attr-defined]
    assert sorted(file.stem for file in REAL.iterdir()) == sorted(row[0] for row in marks[0].args[1])


@pytest.mark.parametrize("file", sorted(REAL.iterdir()), ids=lambda file: file.stem)
def test_the_edition_that_came_back_is_known_by_its_own_head(file: Path) -> None:
    (found,) = understand(file.read_bytes())
    assert found.message_id.endswith("@demo.example.com>")
    assert (found.list_id, found.feedback_id) == (
        "The Friday Five <friday.demo.example.com>",
        "1:friday:digest:demoexamplecom",
    )
