"""The company of the demo, as data: who works there and whom they serve.

All of it is made up, the numbers too: +7 700 000 and four digits. Days count
from the day the demo is started, so that somebody is always abroad.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.domain.people import Role

#: Everybody's password. The demo listens on loopback only and holds nobody's data.
PASSWORD = "perezvon-demo"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Employee:
    login: str
    name: str
    role: Role
    team: str | None = None
    extension: str | None = None
    queues: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ("ru",)


#: What a talk came to, how often, and what is noted.
ENDINGS: tuple[tuple[str, int, str | None], ...] = (
    ("INFO_GIVEN", 6, "Рассказали про перелёт и визу"),
    ("OFFER_SENT", 5, "Выслали три отеля на почту"),
    ("HOTLINE_HELP", 5, "Встречающий нашёлся, едут в отель"),
    ("SALE", 2, "Внесли предоплату"),
    ("FEEDBACK_TAKEN", 2, "Довольны поездкой"),
    ("COMPLAINT", 1, "Номер не с той стороны"),
    ("REFUSED", 1, "Дорого"),
)

SALES, HOTLINE = "Продажи", "Горячая линия"

EMPLOYEES: tuple[Employee, ...] = (
    Employee(
        "dinara",
        "Динара Абенова",
        Role.AGENT,
        SALES,
        "1001",
        ("sales", "hotline"),
        ("хайнань", "вьетнам"),
        ("ru", "kk"),
    ),
    Employee("ruslan", "Руслан Касымов", Role.AGENT, SALES, "1002", ("sales",), ("хайнань", "дубай")),
    Employee("aliya", "Алия Жумабаева", Role.AGENT, SALES, "1003", ("sales",), ("анталья", "визы"), ("ru", "kk", "en")),
    Employee("timur", "Тимур Ахметов", Role.AGENT, SALES, "1004", ("sales",), ("дубай", "мальдивы"), ("ru", "en")),
    Employee("elena", "Елена Козлова", Role.AGENT, HOTLINE, "1005", ("hotline",), ("визы",)),
    Employee("farida", "Фарида Ысқақова", Role.AGENT, HOTLINE, "1006", ("hotline",), (), ("ru", "kk")),
    Employee("zhanar", "Жанар Искакова", Role.SUPERVISOR, SALES),
    Employee("viktor", "Виктор Ким", Role.SUPERVISOR, HOTLINE),
    Employee("admin", "Сауле Омарова", Role.ADMIN),
    Employee("owner", "Мурат Сагинтаев", Role.OWNER),
)


@dataclass(frozen=True, slots=True)
class Relative:
    name: str
    relation: str
    born: str | None = None  # ISO date
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Trip:
    """From and to in days from today; negative is the past."""

    destination: str
    hotel: str
    starts_in: int
    ends_in: int
    adults: int = 2
    children: int = 0
    zone: str | None = None
    transfer: bool | None = True
    note: str | None = None

    @property
    def title(self) -> str:
        return f"{self.destination}, {self.hotel}"


@dataclass(frozen=True, slots=True)
class Deal:
    title: str
    stage: str
    amount: int
    currency: str = "KZT"
    next_step: str | None = None
    due_in: int | None = None  # days from today


@dataclass(frozen=True, slots=True)
class DemoClient:
    name: str
    tail: str  # the last four digits of +7 700 000 ....
    owner: str | None  # login
    service_class: str = "B"
    language: str = "ru"
    hint: str | None = None
    family: tuple[Relative, ...] = ()
    trips: tuple[Trip, ...] = ()
    deals: tuple[Deal, ...] = ()
    promise: tuple[str, int] | None = None  # what, and in how many minutes it is due
    shares_number_with: str | None = None  # the tail of a relative's number they both answer

    @property
    def since(self) -> int:
        """The year of the first contact."""
        return 2019 + int(self.tail) // 10 % 7

    @property
    def phone(self) -> str:
        return f"+7700000{self.shares_number_with or self.tail}"

    @property
    def email(self) -> str:
        return f"client{self.tail}@example.com"


HAINAN, ANTALYA, DUBAI, BALI = "Хайнань", "Анталья", "Дубай", "Бали"
_CHINA, _TURKEY, _EMIRATES, _BALI = "Asia/Shanghai", "Europe/Istanbul", "Asia/Dubai", "Asia/Makassar"
_THAI, _VIETNAM, _EGYPT, _GEORGIA = "Asia/Bangkok", "Asia/Ho_Chi_Minh", "Africa/Cairo", "Asia/Tbilisi"

CLIENTS: tuple[DemoClient, ...] = (
    DemoClient(
        "Айгерим Сулейменова",
        "4567",
        "dinara",
        "A",
        hint="Сначала решение, потом объяснения. Доплаты называть сразу.",
        family=(
            Relative("Ерлан", "husband", "1985-03-11"),
            Relative("Амина", "daughter", "2018-02-14"),
            Relative("Алихан", "son", "2023-06-30", "аллергия на орехи"),
        ),
        trips=(
            Trip(HAINAN, "«Жемчужная бухта» 5*", -5, 4, 2, 2, _CHINA, transfer=False, note="Просит вид на море"),
            Trip(ANTALYA, "Rixos Premium 5*", -210, -198, 2, 2, _TURKEY),
        ),
        deals=(Deal("Новый год в Дубае", "подбор", 3_200_000, next_step="ждёт двух вариантов", due_in=3),),
        promise=("Ответ отеля: номер с видом на море", -4),
    ),
    DemoClient(
        "Ольга Ким",
        "1802",
        "dinara",
        "B",
        hint="Решают вдвоём, вечером. Предлагайте два варианта, не больше.",
        family=(
            Relative("Марат", "husband", "1982-09-02"),
            Relative("София", "daughter", "2017-05-20"),
            Relative("Тимур", "son", "2023-10-08", "паспорт до 01.2027"),
        ),
        trips=(Trip("Белек", "Calista Luxury 5*", -400, -390, 2, 2, _TURKEY),),
        deals=(Deal("Новый год в Анталье", "предложение", 1_900_000, next_step="выслать подборку", due_in=1),),
        promise=("Отправить подборку по Анталье", 18),
    ),
    DemoClient(
        "Нурлан Байжанов",
        "2211",
        "ruslan",
        "A",
        hint="Говорит мало, ценит скорость.",
        family=(Relative("Гульнара", "wife", "1979-01-19"),),
        trips=(Trip(DUBAI, "Atlantis The Palm 5*", -2, 5, 2, 0, _EMIRATES),),
        promise=("Перебронировать экскурсию в Абу-Даби", 45),
    ),
    DemoClient(
        "Гүлнәр Өтегенова",
        "3141",
        "aliya",
        "B",
        "kk",
        family=(Relative("Айбек", "son", "2010-12-01"),),
        deals=(Deal("Каникулы в Грузии", "подбор", 640_000, due_in=6),),
    ),
    DemoClient(
        "Сергей Волков", "5520", "timur", "C", trips=(Trip("Шарм-эш-Шейх", "Albatros 4*", -90, -83, 1, 0, _EGYPT),)
    ),
    DemoClient(
        "Мадина Ахметжанова",
        "6677",
        "dinara",
        "A",
        hint="Летает с мамой: нужны места рядом.",
        family=(Relative("Роза Тлеуовна", "mother", "1951-08-25", "нужна коляска в аэропорту"),),
        trips=(Trip("Карловы Вары", "Imperial 5*", 12, 26, 2, 0, "Europe/Prague"),),
        promise=("Уточнить коляску в аэропорту Праги", 130),
    ),
    DemoClient(
        "Ержан Тулегенов",
        "7001",
        "ruslan",
        "B",
        deals=(Deal("Мальдивы на двоих", "договор", 4_100_000, next_step="подписать договор", due_in=0),),
        promise=("Выслать договор на подпись", -1),
    ),
    DemoClient(
        "Анна Петрова",
        "7345",
        "elena",
        "B",
        family=(Relative("Игорь", "husband"), Relative("Варя", "daughter", "2016-04-04")),
        trips=(Trip("Пхукет", "Kata Palm 4*", -9, 2, 2, 1, _THAI, transfer=False),),
    ),
    DemoClient("Бауыржан Сейітов", "8123", "aliya", "C", "kk"),
    DemoClient("Лариса Новикова", "8456", "timur", "B", trips=(Trip("Нячанг", "Vinpearl 5*", 20, 31, 2, 0, _VIETNAM),)),
    DemoClient(
        "Данияр Әлімов",
        "9012",
        "ruslan",
        "B",
        "kk",
        deals=(Deal("Корпоратив в Тбилиси", "подбор", 5_600_000, due_in=9),),
    ),
    DemoClient("Камила Ибраева", "9345", "dinara", "C"),
    DemoClient(
        "Виталий Шин",
        "1023",
        "timur",
        "B",
        family=(Relative("Елена Шин", "wife"),),
        trips=(Trip(BALI, "Ayodya 5*", -30, -18, 2, 0, _BALI),),
    ),
    DemoClient(
        "Елена Шин", "1024", "timur", "B", shares_number_with="1023", family=(Relative("Виталий Шин", "husband"),)
    ),
    DemoClient(
        "Асель Нурпеисова",
        "1156",
        "aliya",
        "A",
        hint="Постоянный клиент. Подарок на день рождения.",
        family=(Relative("Дамир", "son", "2014-07-07"), Relative("Дана", "daughter", "2012-03-21")),
        trips=(Trip(ANTALYA, "Maxx Royal 5*", 34, 44, 1, 2, _TURKEY),),
        promise=("Подтвердить детский клуб в Maxx Royal", 240),
    ),
    DemoClient("Игорь Захаров", "1278", "ruslan", "C"),
    DemoClient("Жанель Сарсенбаева", "1390", None, "B"),
    DemoClient(
        "Олжас Кенжебеков", "1412", "ruslan", "B", trips=(Trip(DUBAI, "Rove Marina 3*", -160, -155, 2, 0, _EMIRATES),)
    ),
    DemoClient(
        "Татьяна Ли",
        "1534",
        "timur",
        "A",
        family=(Relative("Михаил Ли", "husband"),),
        deals=(Deal("Юбилей на Бали", "предложение", 2_750_000, next_step="сравнить два отеля", due_in=2),),
    ),
    DemoClient("Михаил Ли", "1535", "timur", "A", shares_number_with="1534"),
    DemoClient(
        "Салтанат Абдрахманова", "1656", "dinara", "B", trips=(Trip(HAINAN, "Sanya Marriott 5*", 7, 17, 2, 1, _CHINA),)
    ),
    DemoClient("Рустам Юсупов", "1778", "aliya", "C"),
    DemoClient("Наталья Белова", "1890", "timur", "C"),
    DemoClient(
        "Арман Досжанов", "1912", "ruslan", "B", deals=(Deal("Горные лыжи в Гудаури", "подбор", 890_000, due_in=5),)
    ),
    DemoClient(
        "Динара Оспанова",
        "2034",
        "elena",
        "B",
        trips=(Trip("Пхукет", "Kata Palm 4*", -4, 7, 2, 0, _THAI, note="Просила вегетарианское питание"),),
    ),
    DemoClient("Алексей Ермаков", "2156", "farida", "C"),
    DemoClient("Перизат Маратқызы", "2278", "aliya", "B", "kk"),
    DemoClient(
        "Константин Цой",
        "2390",
        "timur",
        "A",
        hint="Звонить после 18:00.",
        trips=(Trip("Токио", "Keio Plaza 4*", 50, 60, 2, 0, "Asia/Tokyo"),),
    ),
    DemoClient("Юлия Смирнова", "2412", None, "C"),
    DemoClient("Бекзат Төлеген", "2534", "ruslan", "C", "kk"),
    DemoClient(
        "Айнур Жумабаева", "2656", "dinara", "B", trips=(Trip("Белек", "Regnum Carya 5*", -75, -65, 2, 2, _TURKEY),)
    ),
    DemoClient("Дмитрий Орлов", "2778", "timur", "B"),
    DemoClient(
        "Зарина Мусаева", "2890", "farida", "B", trips=(Trip("Тбилиси", "Rooms Hotel 4*", -1, 3, 2, 0, _GEORGIA),)
    ),
    DemoClient(
        "Канат Исабеков",
        "2912",
        "ruslan",
        "A",
        deals=(Deal("Сафари в Кении", "подбор", 7_300_000, next_step="рассчитать рейсы", due_in=8),),
    ),
    DemoClient("Вера Хан", "3034", "aliya", "C"),
    DemoClient("Мейрам Қасымов", "3156", "dinara", "C", "kk"),
    DemoClient(
        "Светлана Громова",
        "3278",
        "elena",
        "B",
        trips=(Trip("Хургада", "Sunrise 5*", -3, 8, 2, 1, _EGYPT, transfer=False),),
    ),
    DemoClient("Тимур Валиев", "3390", "timur", "B"),
    DemoClient(
        "Инкар Сәрсенбаева",
        "3412",
        "aliya",
        "B",
        "kk",
        deals=(Deal("Отпуск в Нячанге", "договор", 1_450_000, due_in=0),),
    ),
    DemoClient("Павел Дмитриев", "3534", None, "C"),
)
