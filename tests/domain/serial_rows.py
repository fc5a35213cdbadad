"""Forty ranges of serial numbers as registries print them, with altered numbers, and where each is cut in half."""

import re
from collections.abc import Callable

import pytest

from service.domain.serials.block import SerialBlock
from service.domain.serials.forms import SerialForm
from service.domain.serials.reading import read_columns, read_pair, read_range
from service.errors import Code, Refused

_TABLE = """
1 verra D1 9801-{122000101-122000200}-VCS-VCU-1491-VER-IN-1-612-01012019-31122019-0 | 122000150/122000151
2 verra D6 0001-{000001-000100}-VCS-VCU-003-VER-US-0003-01012020-31122020-1 | 000050/000051
3 verra D1 8041-{449402276-449402276}-VCU-042-MER-PE-14-1361-01072013-30062014-1 | one
4 verra D1 241-{7863590-7889020}-VCU-003-APX-IN-1-102-01042006-18032007-0 | 7876304/7876305
5 verra D1 15313-{681393913-681394012}-VCS-VCU-208-VER-CA-3-930-01012018-31122018-O | 681393962/681393963
6 verra D1 19386-{999999950-1000000049}-VCS-VCU-1507-VER-ET-14-1341-01012020-31122020-1 | 999999999/1000000000
7 gold_standard D1 GS1-1-KE-GS7496-16-2025-30646-{608-30350} | 15478/15479
8 gold_standard D1 GS1-1-MX-GS2442-16-2018-17439-{328-328} | one
9 gold_standard D1 GS1-1-CN-GS7605-3-2020-21290-{1-99} | 49/50
10 gold_standard D1 GS1-1-KE-GS98-16-2019-778-{1001-2000} | 1500/1501
11 kyoto F1 RW-5-{1463954}-2-2-0-7015 - RW-5-{1467610}-2-2-0-7015 | 1465781/1465782
12 kyoto F1 CN-5-{300000001}-1-1-0-1234 - CN-5-{300000500}-1-1-0-1234 | 300000250/300000251
13 car T1 CAR-1-US-1336-31-983-KS-2025-9206-{1 to 5000} | 2500/2501
14 car T1 CAR-ROC-US-1317-105-276-CA-2025-9389-{1 to 1} | one
15 car T1 CAR-1-US-294-1-120-CA-2006-103-{1 to 29250} | 14625/14626
16 car T1 CAR-1-MX-1942-42-1869-DG-2024-8410-{1882 to 1883} | 1882/1883
17 acr T1 ACR-FR-1130-2025-2918-{30932 to 35143} | 33037/33038
18 acr D1 ACR-US-193-2010-204-{1-5000} | 2500/2501
19 acr T1 ACR-US-935-2024-2892-{58384 to 58673} | 58528/58529
20 art T1 ART-GY-103-2021-11-{2759599 to 2760598} | 2760098/2760099
21 art T1 FCPF-CI-131-2023-21-{1 to 46404} | 23202/23203
22 biocarbon D7 BCR-CO-262-14-001-2-2101-2112-{0267454-0276278} | 0271865/0271866
23 biocarbon D7 PCR-CO-BFY-14-002-2-2101-2112-{0000001-0299564} | 0149782/0149783
24 biocarbon D7 BCR-CO-260-14-005-2-2310-2312-{0000001-0000841} | 0000420/0000421
25 cercarbono C1 CDC_8_1_1_321_14_CO_1_1, {294000}, {295999} | 294999/295000
26 cercarbono C1 CDC_2_1_1_321_14_1, {0}, {999} | 499/500
27 cercarbono C1 CDC_9_3_1_323_14_CO_1_2_2018_BF, {1}, {10} | 5/6
28 puro D1 PURO_PR_CORC100+_FI_577167_2020_055a3fbe-eabc-4535-b9cf-1028e7d18f80_{1-100} | 50/51
29 puro D1 40980b1a-cff7-4c78-9cc5-a3a2f18c7e0e_{1000-1001} | 1000/1001
30 puro F12 643002406555908611{000000140219}-643002406555908611{000000140238} | 000000140228/000000140229
31 puro D1 PURO_PR_CORC_100_SE_123457_2022_0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f0f12_{99-102} | 100/101
32 markit D1 CFS-VER-AR-100000000000391-01012017-31122017-{1028-5885}-MER-1-P | 3456/3457
33 markit D1 WCC-WCU-GB-104000000012345-01012011-31122020-{1-600}-MER-0-P | 300/301
34 ers D1 ERS-1-12-BR-VRU-2024-1-{1-500} | 250/251
35 national D1 VU-ITMO-11-357-2022-0-{27-35} | 30/31
36 national D1 CA0001-NG-CH-12-{1-500}-2024 | 250/251
37 national D1 CA0001-NG-CH-12-{501-501}-2024 | one
38 plain P1 A{345}, A{567} | 455/456
39 plain P1 OAK-{1}, OAK-{100} | 50/51
40 plain D1 WCC-77-{1-100} | 50/51
"""


class Row:
    """A row of the table: D one range with dash, T with "to", F two serials in a text, P two in fields, C columns."""

    def __init__(self, line: str) -> None:
        number, form, kind, rest = line.split(" ", 3)
        written, self.cut = rest.split(" | ")
        self.number, self.form, self.kind, self.width = int(number), SerialForm(form), kind[0], int(kind[1:])
        self.text = written.replace("{", "").replace("}", "")
        digits = re.findall(r"[0-9]+", " ".join(re.findall(r"\{(.*?)\}", written)))
        self.first, self.last = digits[0], digits[-1]
        self._written = written

    def read(self) -> SerialBlock:
        if self.kind == "P":
            return read_pair(self.form, *self.text.split(", "))
        if self.kind == "C":
            return read_columns(self.form, *self.text.split(", "))
        return read_range(self.form, self.text)

    def with_numbers(self, first: str, last: str) -> tuple[str, ...]:
        """The row as its registry prints another range of the same block."""
        texts = self._written.split(", ") if self.kind == "P" else [self._written]
        numbers = iter([first, last])
        return tuple(
            re.sub(
                r"\{(.*?)\}",
                lambda braces: re.sub(r"[0-9]+", lambda _: next(numbers), braces[1]),
                text,
            )
            for text in texts
        )


ROWS = [Row(line) for line in _TABLE.strip().splitlines()]


def by_number(number: int) -> Row:
    return ROWS[number - 1]


def refusal_of(read: Callable[..., object], *arguments, **members) -> tuple[Code, str, tuple[str | int, ...]]:
    with pytest.raises(Refused) as caught:
        read(*arguments, **members)
    return caught.value.code, caught.value.message, caught.value.path
