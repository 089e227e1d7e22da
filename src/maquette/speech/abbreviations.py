"""Abbreviations: how they are said, and which of them a sentence may end with."""

from collections.abc import Mapping


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# How the English ones are said; voices would otherwise pause at the dot, or spell them.
SPOKEN: Mapping[str, Mapping[str, str]] = {
    "en": {
        "Mr.": "Mister",
        "Mrs.": "Missus",
        "Ms.": "Miz",
        "Dr.": "Doctor",
        "Prof.": "Professor",
        "Capt.": "Captain",
        "Lt.": "Lieutenant",
        "Sgt.": "Sergeant",
        "Rev.": "Reverend",
        "Jr.": "Junior",
        "Sr.": "Senior",
        "e.g.": "for example",
        "i.e.": "that is",
        "etc.": "et cetera",
        "vs.": "versus",
        "approx.": "approximately",
        "dept.": "department",
        "Inc.": "Incorporated",
        "Ltd.": "Limited",
        "Corp.": "Corporation",
    }
}
# After these a sentence goes on, whatever comes.
NEVER_LAST: Mapping[str, frozenset[str]] = {
    "en": _set(
        "mr. mrs. ms. dr. prof. gen. capt. lt. sgt. rev. sen. st. e.g. i.e. vs. cf. approx. ",
        "fig. ed. eds. vol. viz. al.",
    ),
    "de": _set(
        "z.b. d.h. u.a. bzw. ca. dr. prof. hr. fr. nr. str. vgl. s. abs. inkl. evtl. ggf. ",
        "sog. st. bspw. geb.",
    ),
    "fr": _set("m. mm. mme. mlle. dr. pr. p. ex. av. bd. env. cf. st. ste. art."),
    "es": _set("sr. sra. srta. dr. dra. d. dña. ud. uds. pág. p. ej. av. núm. art."),
    "it": _set("sig. sig.ra dott. prof. ing. avv. pag. es. art. n."),
    "pt": _set("sr. sra. dr. dra. prof. pág. ex. av. art. n."),
    "nl": _set("dhr. mevr. dr. prof. bijv. bv. nr. blz. ca. d.w.z. o.a."),
    "ru": _set("г. гг. ул. д. кв. стр. см. им. т.е. т.к. др. проф. руб."),
}
# After these it goes on with a number: "No. 5", "Nov. 3".
BEFORE_NUMBERS = _set(
    "no. nos. nr. vol. ch. sec. fig. p. pp. art. jan. feb. mar. apr. jun. jul. aug. sep. sept. ",
    "oct. nov. dec.",
)
