"""Signing in through a provider of OpenID Connect: the code flow with PKCE, as real providers do it.

What is pending is kept here and not in a cookie, one row for each tab. Who somebody is, is (issuer, subject);
an address only links an account the first time, and only where the provider says true that it was verified.
"""

import hmac
import secrets as randomness
import time
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Database

from newsletter import logs
from newsletter.config import OpenId
from newsletter.errors import BadInput, NewsletterError
from newsletter.staff import acts, secrets, sessions, users
from newsletter.staff.acts import Doer
from newsletter.staff.models import Identity, PendingSignIn, Role, User
from newsletter.staff.signing_in import Entered

log = logs.get_logger(__name__)

#: how long somebody may stay at the provider
PATIENCE = timedelta(minutes=10)
_LEEWAY = 120
_TIMEOUT = httpx.Timeout(10)
#: what a key set is asked for again at most once in, in seconds
_KEYS_EVERY = 60
#: signatures made with a key of the provider's; never "none", never one made with our own secret
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class Away(NewsletterError):
    """The provider can't be reached, or answers nonsense."""


@dataclass
class Provider:
    """What the provider says of itself, asked when it is first needed and kept while the process lives."""

    settings: OpenId
    said: dict[str, Any] = field(default_factory=dict)
    keys: KeySet | None = None
    keys_at: float = 0.0

    def door(self, name: str) -> str:
        """The address of one of its doors; empty where it has none."""
        return str(self._discovered().get(name) or "")

    def announces(self, name: str) -> Any:
        return self._discovered().get(name)

    def _discovered(self) -> dict[str, Any]:
        if not self.said:
            said = _json("GET", f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
            if said.get("issuer") != self.settings.issuer:
                raise Away(
                    f"The provider calls itself {said.get('issuer')!r}, and the settings say {self.settings.issuer!r}:"
                    " the two must be the same to the final slash."
                )
            self.said = said
        return self.said


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send the browser, and the cookie by which it is known again."""

    to: str
    browser: str


def leave(
    session: Database, provider: Provider, *, back: str, browser: str, goes_to: str, prompt: str = "", now: datetime
) -> Departure:
    """Send somebody to *provider*, who comes back to *back*; *browser* is the cookie of an earlier tab, if any."""
    state, nonce, verifier = (randomness.token_urlsafe(size) for size in (32, 24, 48))
    browser = browser or secrets.token()
    session.add(
        PendingSignIn(
            digest=secrets.digest(state),
            browser=secrets.digest(browser),
            nonce=nonce,
            verifier=verifier,
            goes_to=goes_to[:500],
            at=now,
        )
    )
    asked = {
        "response_type": "code",
        "client_id": provider.settings.client_id,
        "redirect_uri": back,
        "scope": provider.settings.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if prompt:
        asked["prompt"] = prompt
    door = provider.door("authorization_endpoint")
    return Departure(f"{door}{'&' if '?' in door else '?'}{urlencode(asked)}", browser)


class StartAgain(BadInput):
    """What came back belongs to no sign-in of this browser that is pending: too late, reloaded, another tab's."""


def expected(session: Database, answer: Mapping[str, str], *, browser: str, now: datetime) -> PendingSignIn:
    """The pending sign-in that *answer* belongs to, which is none from now on; raises StartAgain."""
    pending = session.get(PendingSignIn, secrets.digest(answer.get("state", "")))
    if pending is None or not hmac.compare_digest(pending.browser, secrets.digest(browser)):
        raise StartAgain("That sign-in is over: start again.")
    session.delete(pending)
    session.flush()
    if now - pending.at > PATIENCE:
        raise StartAgain("That sign-in took too long: start again.")
    return pending


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider vouches for."""

    issuer: str
    subject: str
    email: str
    #: the provider says true that the address is theirs; "true" in quotes is not true
    is_verified: bool
    name: str
    id_token: str


def fetch(provider: Provider, answer: Mapping[str, str], pending: PendingSignIn, *, back: str) -> Claims:
    """Who stands behind *answer*. Talks to the provider; raises BadInput or Away, in one sentence each."""
    if answer.get("error"):
        said = answer.get("error_description") or answer["error"]
        raise BadInput(f"The provider did not let you in: {said[:200]}")
    named = answer.get("iss", "")
    if named != provider.settings.issuer and (
        named or provider.announces("authorization_response_iss_parameter_supported") is True
    ):
        raise BadInput("That answer came from another provider than the one you were sent to: start again.")
    tokens = _exchange(provider, answer.get("code", ""), pending.verifier, back)
    id_token = str(tokens.get("id_token") or "")
    try:
        claims = _checked(provider, id_token, pending.nonce)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        log.warning("an id_token was refused", why=f"{type(error).__name__}: {error}"[:300])
        raise BadInput("The provider's answer can't be trusted: start again, or tell your admin.") from error
    told = dict(claims)
    if "email" not in told and provider.door("userinfo_endpoint") and tokens.get("access_token"):
        told |= _userinfo(provider, str(tokens["access_token"]), claims["sub"])
    return Claims(
        provider.settings.issuer,
        str(claims["sub"]),
        str(told.get("email") or "")[:320],
        told.get("email_verified") is True,
        str(told.get("name") or "")[:200],
        id_token,
    )


def enter(session: Database, claims: Claims, settings: OpenId, *, secret: str, browser: str, now: datetime) -> Entered:
    """Sign in whom *claims* vouch for; raises BadInput, which says whom to ask, where they have no account here."""
    user = _known(session, claims) or _linked(session, claims, settings, now=now)
    if user.closed_at is not None:
        raise BadInput("Your account here is closed: ask an admin to open it again.")
    halfway, sealed = bool(user.sealed_totp), secrets.seal(secret, claims.id_token)
    cookie = sessions.begin(session, user, browser=browser, halfway=halfway, sealed_id_token=sealed, now=now)
    return Entered(cookie, halfway)


def farewell(provider: Provider, sealed_id_token: str, *, back: str, secret: str) -> str:
    """Where to end the provider's session too; empty where that can't be done. Ours is over before."""
    if not sealed_id_token:
        return ""
    try:
        door = provider.door("end_session_endpoint")
        hint = secrets.unseal(secret, sealed_id_token)
    except NewsletterError:
        return ""
    asked = {"id_token_hint": hint, "post_logout_redirect_uri": back, "client_id": provider.settings.client_id}
    return f"{door}{'&' if '?' in door else '?'}{urlencode(asked)}" if door else ""


def forget(session: Database, *, now: datetime) -> None:
    """Who did not come back."""
    session.execute(delete(PendingSignIn).where(PendingSignIn.at < now - PATIENCE))


def _known(session: Database, claims: Claims) -> User | None:
    query = select(User).join(Identity, Identity.user_id == User.id)
    return session.scalar(query.where(Identity.issuer == claims.issuer, Identity.subject == claims.subject))


def _linked(session: Database, claims: Claims, settings: OpenId, *, now: datetime) -> User:
    """The account of the same address, if that was verified and nobody else at the provider has it; or a new one."""
    if not claims.email or not claims.is_verified:
        raise BadInput(
            "The provider did not say that your address is verified, so nobody knows which account is yours:"
            " verify it there, or ask an admin for a link."
        )
    user = users.find(session, claims.email)
    if user is not None:
        taken = select(Identity.id).where(Identity.user_id == user.id, Identity.issuer == claims.issuer)
        if session.scalar(taken) is not None:
            raise BadInput("Somebody else at the provider signs in to that account: ask an admin.")
    else:
        domain = claims.email.rpartition("@")[2].casefold()
        if not settings.new_users or domain not in {each.casefold() for each in settings.domains}:
            raise BadInput(f"{claims.email} has no account here: ask an admin to make one.")
        by = Doer(settings.name, "desk")
        user = users.add(session, claims.email, Role(settings.new_users), name=claims.name, by=by, now=now)
    session.add(Identity(user_id=user.id, issuer=claims.issuer, subject=claims.subject, since=now))
    acts.note(session, acts.of(user), "linked to a provider", user.email, now=now, issuer=claims.issuer)
    return user


def _exchange(provider: Provider, code: str, verifier: str, back: str) -> dict[str, Any]:
    client, secret = provider.settings.client_id, provider.settings.client_secret.get_secret_value()
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    ways = provider.announces("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    headers = {}
    if not secret:
        body["client_id"] = client
    elif "client_secret_post" in ways:
        body |= {"client_id": client, "client_secret": secret}
    else:
        # RFC 6749 section 2.3.1: both are quoted as in a form first
        pair = f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()
        headers["Authorization"] = f"Basic {b64encode(pair).decode()}"
    return _json("POST", provider.door("token_endpoint"), data=body, headers=headers)


def _checked(provider: Provider, id_token: str, nonce: str) -> dict[str, Any]:
    """The claims of *id_token*, whose signature and every claim of OpenID Connect Core section 3.1.3.7 hold."""
    claims = dict(_decoded(provider, id_token).claims)
    client = provider.settings.client_id
    registry = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY,
        iss={"essential": True, "value": provider.settings.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": client},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    registry.validate(claims)
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims.get("azp", client) != client or (len(audience) > 1 and "azp" not in claims):
        raise ValueError("the token was made for another client")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise ValueError("the subject is no text of up to 255 characters")
    return claims


def _decoded(provider: Provider, id_token: str) -> jwt.Token:
    """A new key is asked for once, also where it hides under the name of an old one."""
    try:
        return jwt.decode(id_token, _keys(provider), algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        if not _may_ask_again(provider):
            raise
        return jwt.decode(id_token, _keys(provider, again=True), algorithms=_ALGORITHMS)


def _keys(provider: Provider, *, again: bool = False) -> KeySet:
    if provider.keys is None or again:
        found = _json("GET", provider.door("jwks_uri"))
        try:
            # keys of kinds we don't know are no reason to know none
            usable = [key for key in found["keys"] if key.get("kty") in {"RSA", "EC", "OKP"}]
            provider.keys = KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise Away("The provider's keys can't be read: tell your admin.") from error
        provider.keys_at = time.monotonic()
    return provider.keys


def _may_ask_again(provider: Provider) -> bool:
    return time.monotonic() - provider.keys_at > _KEYS_EVERY


def _userinfo(provider: Provider, access_token: str, subject: str) -> dict[str, Any]:
    door = provider.door("userinfo_endpoint")
    told = _json("GET", door, headers={"Authorization": f"Bearer {access_token}"})
    if told.get("sub") != subject:  # OpenID Connect Core section 5.3.2
        raise BadInput("The provider's two answers are about two people: start again, or tell your admin.")
    return told


def _json(method: str, url: str, **more: Any) -> dict[str, Any]:
    if not url.startswith(("https://", "http://")):
        raise Away("The provider does not say where its doors are: tell your admin.")
    try:
        answer = httpx.request(method, url, timeout=_TIMEOUT, follow_redirects=False, **more)
    except httpx.HTTPError as error:
        log.warning("the provider of sign-in is away", why=f"{type(error).__name__}: {error}"[:300])
        raise Away("The provider can't be reached just now: try again, or sign in with your password.") from error
    try:
        told = answer.json()
    except ValueError:
        told = None
    if answer.status_code >= 400 or not isinstance(told, dict):
        refusal = str(told.get("error"))[:200] if isinstance(told, dict) else ""
        log.warning("the provider of sign-in refused", status=answer.status_code, error=refusal)
        if refusal in {"invalid_grant", "invalid_request"}:
            raise StartAgain("That sign-in was used already or took too long: start again.")
        raise Away("The provider answers in a way we don't understand: tell your admin.")
    return told
