"""How mail programs announce a quote, a forward or a signature: one table a form, the languages
side by side. French, English, German and Spanish whole; of others what their programs write most.

Each pattern looks at one line, or at a few joined, and steps through them once.
"""

import re
from typing import Final

# Last words of "Le … a écrit :", "Am … schrieb …:", or its middle.
_VERBS: Final = (
    "a écrit", "wrote", r"schrieb(?:en)?", "escribió",
    "ha scritto", "escreveu", "schreef", "geschreven", "skrev", r"napisał(?:\(a\)|a)?",
    r"написала?", r"написал\(а\)", "пишет", "пише", "написав",
)  # fmt: skip
VERB: Final = re.compile(rf"(?<!\w)(?:{'|'.join(_VERBS)})(?!\w)", re.IGNORECASE)
VERB_AT_END: Final = re.compile(rf"(?<!\w)(?:{'|'.join(_VERBS)})\s?:$", re.IGNORECASE)

OPENING: Final = re.compile(
    r"(?:le|on|am|el|at|il|em|op|den|dnia|w dniu)\s(?=.{0,60}\d)", re.IGNORECASE
)
"""How an attribution begins that names its date."""
DATE_FIRST: Final = re.compile(r"\d{1,4}(?:[-/.]\d{1,2}[-/.]\d{1,4}\b|\.?\s\w{3,12}\.?\s\d{4}\b)")
"""And one that begins with it."""
OLD_GMAIL: Final = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2} "
    r"(?:\d{1,2}:\d\d GMT[+-]\d\d:\d\d \S|[^<>]{1,200}<[^<>@]+@[^<>]+>:?$)"
)
"""An attribution without a verb: "2016-03-03 17:21 GMT+01:00 Jean <jean@dupont.example>:"."""
TIME: Final = re.compile(r"\d{1,2}\s?[:.h]\s?\d\d")
DIGIT: Final = re.compile(r"\d")

_ANNOUNCED: Final = (
    r"message d['’]origine", "original message", "ursprüngliche nachricht", "mensaje original",
    "message transféré", "forwarded message", "weitergeleitete nachricht", "mensaje reenviado",
    "message réexpédié", "original appointment", r"rendez-vous d['’]origine",
    "ursprünglicher termin", "cita original", "messaggio originale", "messaggio inoltrato",
    "mensagem original", "mensagem encaminhada", "oorspronkelijk bericht", "doorgestuurd bericht",
)  # fmt: skip
SEPARATOR: Final = re.compile(
    rf"[*\s]*[-_ ]{{2,}}\s?(?:{'|'.join(_ANNOUNCED)})\s?[-_ ]{{2,}}[*\s]*"
    rf"|-{{2,}}\s[^\n]{{1,300}}\s(?:{'|'.join(_VERBS)})\s?-{{2,}}$"
    r"|(?:begin forwarded message|début du message (?:réexpédié|transféré)"
    r"|anfang der weitergeleiteten (?:nachricht|e-mail)|inicio del mensaje reenviado)\s?:",
    re.IGNORECASE,
)

HEADER: Final = re.compile(
    r"[>*\s]*(?:"
    r"(?P<from>de|from|von|expéditeur|da|från|fra|van|od|от)"
    r"|(?P<sent>envoyé(?: le| par)?|sent|gesendet(?: am)?|enviado(?: el| em)?|date|datum|fecha"
    r"|inviato(?: il)?|data|skickat|sendt|verzonden)"
    r"|(?P<to>à|a|to|an|para|destinataires?|cc|copie|till|til|aan|кому)"
    r"|(?P<subject>objet|subject|betreff|asunto|sujet|oggetto|assunto|ämne|emne|onderwerp|тема)"
    r")\s?\*?\s?:",
    re.IGNORECASE,
)
"""A line of the header that Outlook quotes."""

RULE: Final = re.compile(r"[_\-—*=]{5,}$")
DELIMITER: Final = re.compile(r"[-_*=#~+—–ᐧ]+$")
"""A line that only divides: at the end of what was written it divides from nothing."""

_DEVICES: Final = (
    r"(?:sent|get) (?:from|via|with|by|outlook|\[outlook)\b.{1,150}",
    r"(?:\w{1,20} )?from (?:my )?(?:mobile|phone|iphone|ipad|android)(?: \w{1,10})?",
    r"envoyé (?:de(?:puis)? (?:mon|ma|mes|l['’])|à partir d|avec |via |sur mon).{1,150}",
    r"(?:obtenir|obtenez|télécharge[rz]) \[?outlook pour .{1,150}",
    r"(?:gesendet (?:von|mit|über|aus)|von (?:meinem|unterwegs|mobil)).{1,150}",
    r"diese nachricht wurde .{1,80} gesendet\.?",
    r"\[?outlook für (?:ios|android).{0,80} (?:beziehen|holen|herunterladen).{0,80}",
    r"(?:holen|laden) sie (?:sich )?\[?outlook für .{1,150}",
    r"enviado (?:desde|de|con|por) .{1,150}",
    r"(?:obtener|obtén|descargar) \[?outlook para .{1,150}",
    r"inviato (?:da|dal|con) .{1,150}",
    r"(?:verzonden|verstuurd) (?:met|vanaf|via) .{1,150}",
    r"(?:sendt|skickat|lähetetty) (?:fra|från|min).{1,150}",
    r"wysłane z .{1,150}",
    r"(?:從我的|从我的).{1,40}(?:傳送|发送)",
)
DEVICE: Final = re.compile(rf"[<(\[]{{0,2}}(?:{'|'.join(_DEVICES)})", re.IGNORECASE)
"""What a phone or a program writes under everything."""
