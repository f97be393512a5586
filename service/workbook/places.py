"""Names of places to ISO codes, from CLDR in Chinese and English, with the ways people also write them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from babel import Locale
from babel.core import get_global

from service.workbook.layout import fold

#: Written often and not in CLDR under that name.
_ALSO = {
    "中国大陆": "CN", "中华人民共和国": "CN", "prchina": "CN", "prc": "CN", "peoplesrepublicofchina": "CN",
    "mainlandchina": "CN", "中国台湾": "TW", "台湾省": "TW", "中国香港": "HK", "中国澳门": "MO", "韩国": "KR",
    "南韩": "KR", "大韩民国": "KR", "korea": "KR", "southkorea": "KR", "republicofkorea": "KR", "土耳其": "TR",
    "turkey": "TR", "turkiye": "TR", "türkiye": "TR", "俄国": "RU", "russianfederation": "RU", "越南社会主义共和国": "VN",
    "vietnam": "VN", "uk": "GB", "greatbritain": "GB", "england": "GB", "usa": "US", "unitedstatesofamerica": "US",
    "uae": "AE", "阿联酋": "AE", "northmacedonia": "MK", "macedonia": "MK", "bosnia": "BA", "czechrepublic": "CZ",
    "holland": "NL", "其他": "ZZ", "其他国家": "ZZ", "其他国家和地区": "ZZ", "othercountries": "ZZ",
    "布辛根": "DE-BUS", "büsingen": "DE-BUS", "busingen": "DE-BUS", "debus": "DE-BUS", "黑尔戈兰": "DE-HEL",
    "heligoland": "DE-HEL", "helgoland": "DE-HEL", "dehel": "DE-HEL", "利维尼奥": "IT-LIV", "livigno": "IT-LIV",
    "itliv": "IT-LIV", "休达": "ES-CE", "ceuta": "ES-CE", "esce": "ES-CE", "梅利利亚": "ES-ML", "melilla": "ES-ML",
    "esml": "ES-ML",
}  # fmt: skip


@cache
def places() -> Mapping[str, str]:
    """Return the code of every folded name."""
    found: dict[str, str] = {}
    codes = {
        c
        for c in Locale("en").territories
        if len(c) == 2 and c.isalpha() and c not in ("EU", "EZ", "UN", "XA", "XB", "QO")
    }
    for lang in ("en", "zh"):
        for code, name in Locale(lang).territories.items():
            if code in codes:
                found[fold(name)] = code
    for long, short in get_global("territory_aliases").items():
        if len(long) == 3 and long.isalpha() and len(short) == 1 and short[0] in codes:
            found[fold(long)] = short[0]
    found |= {fold(code): code for code in codes}
    return found | {fold(name): code for name, code in _ALSO.items()}


def name_of(code: str, lang: str) -> str:
    """Return the name of a place in one language; the code itself where CLDR has none."""
    return str(Locale(lang).territories.get(code[:2], code)) if "-" not in code else code
