"""The second factor: codes of six figures that an authenticator app shows (RFC 6238), and recovery codes."""

import hmac
import secrets as randomness
from datetime import datetime

import pyotp
import segno
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session as Database

from newsletter.errors import BadInput
from newsletter.staff import acts, secrets
from newsletter.staff.acts import Doer
from newsletter.staff.models import RecoveryCode, User

RECOVERY_CODES = 10
_STEP = 30
#: letters and figures that nobody takes for another one
_CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"
_WRONG = "That code is not right, or was used already: wait for the next one, and look at the clock of your phone."


def propose() -> str:
    """A new secret, which is nobody's until `adopt`."""
    return pyotp.random_base32()


def address(user: User, proposed: str, *, issuer: str) -> str:
    """The otpauth address that apps read."""
    return pyotp.TOTP(proposed).provisioning_uri(name=user.email, issuer_name=issuer)


def picture(address: str) -> str:
    """*address* as a QR code to point a phone at: an SVG as a data URI, black on white in the dark too."""
    return segno.make(address, error="m").svg_data_uri(scale=5, border=3, dark="#000", light="#fff")


def adopt(session: Database, user: User, proposed: str, code: str, *, secret: str, now: datetime) -> list[str]:
    """From now on *user* is asked for codes of *proposed*; returns fresh recovery codes, shown this once.

    Raises BadInput where *code* does not show that their app has it.
    """
    step = _step_of(proposed, code, now)
    if step is None:
        raise BadInput(_WRONG)
    user.sealed_totp, user.totp_step = secrets.seal(secret, proposed), step
    acts.note(session, acts.of(user), "set up a second factor", user.email, now=now)
    return renew_recovery(session, user, by=acts.of(user), now=now)


def drop(session: Database, user: User, *, by: Doer, now: datetime) -> None:
    """*user* is asked for no second factor any more."""
    user.sealed_totp = ""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    acts.note(session, by, "removed a second factor", user.email, now=now)


def renew_recovery(session: Database, user: User, *, by: Doer, now: datetime) -> list[str]:
    """Ten new recovery codes, in place of all there were."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = ["-".join(_word() for _ in range(3)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(user_id=user.id, digest=secrets.digest(code)) for code in codes)
    acts.note(session, by, "made recovery codes", user.email, now=now)
    return codes


def recovery_left(session: Database, user: User) -> int:
    """How many recovery codes are still good."""
    query = select(RecoveryCode.id).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return len(session.scalars(query).all())


def prove(session: Database, user: User, given: str, *, secret: str, now: datetime) -> bool:
    """Whether *given* is a code of *user*'s app or one of their recovery codes; each is good once."""
    code = "".join(given.split()).lower()
    if code.isdigit() and len(code) == 6:
        step = _step_of(secrets.unseal(secret, user.sealed_totp), code, now)
        if step is None:
            return False
        newer = update(User).where(User.id == user.id, User.totp_step < step).values(totp_step=step)
        return session.connection().execute(newer).rowcount == 1
    spend = update(RecoveryCode).where(
        RecoveryCode.user_id == user.id,
        RecoveryCode.digest == secrets.digest(code),
        RecoveryCode.used_at.is_(None),
    )
    is_good = session.connection().execute(spend.values(used_at=now)).rowcount == 1
    if is_good:
        acts.note(session, acts.of(user), "used a recovery code", user.email, now=now)
    return is_good


def _step_of(proposed: str, code: str, now: datetime) -> int | None:
    """The time step that *code* belongs to: this one, or the one before or after (RFC 6238 section 5.2)."""
    code = "".join(code.split())
    totp, step = pyotp.TOTP(proposed), int(now.timestamp()) // _STEP
    fitting = [near for near in (step - 1, step, step + 1) if hmac.compare_digest(totp.generate_otp(near), code[:6])]
    return max(fitting, default=None) if len(code) == 6 and code.isascii() else None


def _word() -> str:
    return "".join(randomness.choice(_CLEAR) for _ in range(4))
