"""What columns are called, in the languages people call them: heading → what the column holds."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

#: columns of one meaning, in the order in which they are preferred
_NAMES: Mapping[str, str] = {
    "email": """email, email address, e-mail, e-mail address, mail, mail address, email id, user email,
        subscriber email, contact email, primary email, primary email address, work email, e-mail 1 - value, emails,
        merge email, e-mail-adresse, mailadresse, mail-adresse, e-post, e-postadresse, e-postadress, epost,
        adresse e-mail, adresse email, adresse mail, adresse électronique, adresse de courriel, courriel, correo,
        correo electrónico,
        dirección de correo, dirección de correo electrónico, dirección email, dirección de email, indirizzo e-mail,
        indirizzo email, indirizzo mail, posta elettronica, indirizzo di posta elettronica, endereço de e-mail,
        endereço de email, endereço eletrônico, correio eletrônico, correio eletrónico, e-mailadres, emailadres,
        e-mail adres, mailadres, e-posta, e-posta adresi, sähköposti, sähköpostiosoite, adres e-mail, adres email,
        adres poczty elektronicznej, e-mailová adresa, emailová adresa, e-mail cím, email cím, adresă de e-mail,
        adresa de email, adresa e-pošte, e-mailadresse, электронная почта, адрес электронной почты, почта, эл. почта,
        електронна пошта, ηλεκτρονικό ταχυδρομείο, διεύθυνση email, メールアドレス, メール, eメール, 电子邮件, 电子邮箱,
        邮箱, 邮箱地址, 電子郵件, 電子郵件地址, 이메일, 이메일 주소, البريد الإلكتروني, דוא"ל, אימייל, ईमेल, อีเมล""",
    "weak email": "address, adresse, to, recipient, contact, member, username, login, user, delivery address",
    "first name": """first name, fname, given name, forename, merge first name, vorname, prénom, nombre, nome,
        voornaam, förnamn, fornavn, etunimi, imię, jméno, křestní jméno, keresztnév, prenume, имя, ім'я, όνομα, ad,
        名, 이름""",
    "last name": """last name, lname, surname, family name, merge last name, nachname, familienname, nom de famille,
        nom, apellido, apellidos, cognome, sobrenome, apelido, achternaam, efternamn, etternavn, efternavn, sukunimi,
        nazwisko, příjmení, vezetéknév, nume, фамилия, прізвище, επώνυμο, soyad, soyadı, 姓, 성""",
    "name": """name, full name, display name, nickname, contact name, subscriber name, name 1, your name, merge name,
        nom complet, nombre completo, nombre y apellidos, vollständiger name, nome completo, naam, namn, navn, ad soyad,
        imię i nazwisko, nimi, név, 氏名, お名前, 名前, 姓名""",
    "language": """language, lang, locale, preferred language, preferred locale, sprache, langue, idioma, lingua, taal,
        språk, sprog, kieli, język, jazyk, язык, 言語, 语言""",
    "time zone": """time zone, timezone, tz, contact timezone, zeitzone, fuseau horaire, zona horaria, fuso orario,
        tijdzone""",
    "given at": """confirm time, confirmation time, confirmed at, consent timestamp, email marketing consent timestamp,
        double opt-in date, optin time, opt-in time, opt-in date, opt in date, optin date, subscription time,
        consent date, date subscribed, subscribed at, subscription date, subscribe date, joined, start date,
        created at, created, date added, added time, created on, create date, date created, creation date, entered,
        date joined, signup date, sign-up date, registration date, profile created on, joined at, added at,
        anmeldedatum, angemeldet am, date d'inscription, fecha de alta, data di iscrizione, data de inscrição,
        inschrijfdatum""",
    "given from": """confirm ip, confirmation ip, optin ip, opt-in ip, subscription ip, signup ip, sign-up ip,
        consent ip, ip address, ip""",
}

#: parts of a heading that speak of a state
_SMELL = re.compile(
    r"status|statut|estado$|^stato|zustand|статус|subscri|suscri|iscri(tto|zione)|inscri|abonn|abmeld|anmeldestat|unsub|"
    r"opt(ed)?in|opt(ed)?out|consent|consenso|einwilligung|permission|bounc|rebond|rebot|complain|complaint|spam|"
    r"blo[ck]k|blocked|blacklist|suppress|disabled|enabled|inactive|isactive|^active$|^aktiv$|^actif$|^activo$|confirmed|"
    r"confirmado|bestatigt|verified|valid$|invalid|excluded|deliverab|cancel|donot|^dnc$|nomail|noemail|abgemeldet|"
    r"abbestell|desabonn|desinscri|disiscri|^baja|fechadebaja|descadastr|uitgeschreven|afgemeld|отпис|подпис|mailable|"
    r"acceptsmarketing|acceptsemail|emailallowed|^newsletter$|marketingemails?$|^deleted|deletedat|removedat|^left$|"
    r"leftat|cleaned|suspended|banned|配信停止|退会"
)
#: … unless they speak of something beside it
_BESIDE = re.compile(
    r"source$|^utm|url$|page$|link$|form$|count$|^numberof|campaign|(?<!val)id$|title$|referr|method$|plan$|tier$|lead|"
    r"country|agent$|device|version$|type$|subscribers?$|subscriptionip$|phone|sms|whatsapp"
)


@lru_cache(maxsize=4096)
def squash(text: str) -> str:
    """*text* as it is compared: letters and figures only, small, without accents."""
    plain = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def smells(heading: str) -> bool:
    """Whether the squashed *heading* speaks of a state."""
    return bool(_SMELL.search(heading)) and not _BESIDE.search(heading)


def meaning(heading: str) -> str:
    """What a column of the squashed *heading* holds; empty where nothing that is kept."""
    return _MEANINGS.get(heading, "")


def preference(heading: str) -> int:
    """Of two columns of one meaning the one with the smaller number is read."""
    return _ORDER.get(heading, len(_ORDER))


#: headings that name a province, or how anything stands, as often as a state of mail
PLACES = frozenset(
    map(
        squash,
        (
            *("state", "estado", "stato", "region", "state/province", "state/region", "state/province/region", "état"),
            *("stan", "stav", "stand", "situación", "situação", "situazione", "tila", "állapot", "durum", "stare"),
            *("κατάσταση", "ステータス", "状態", "状态", "狀態", "상태"),
        ),
    )
)

_MEANINGS: dict[str, str] = {}
_ORDER: dict[str, int] = {}
for _meaning, _headings in _NAMES.items():
    for _place, _heading in enumerate(_headings.split(",")):
        _MEANINGS.setdefault(squash(_heading), _meaning)
        _ORDER.setdefault(squash(_heading), _place)
