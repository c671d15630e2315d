"""What made-up people are called and do."""

FIRST = (
    "Andromeda", "Bo", "Calypso", "Dorian", "Elena", "Farid", "Galina", "Hana", "Ivo", "Juno",
    "Kaspar", "Lia", "Mika", "Noor", "Odile", "Pavel", "Quinn", "Rosa", "Sven", "Talia",
    "Umar", "Vera", "Wanda", "Xenia", "Yusuf", "Zora", "Aiko", "Bruno", "Chiara", "Dmitri",
    "Esra", "Felix", "Greta", "Hugo", "Imani", "Jonas", "Keiko", "Lars", "Marta", "Nils",
    "Olga", "Petra", "Rafael", "Selma", "Tomas", "Ulla", "Viktor", "Wei", "Yara", "Zeno",
    "Amara", "Basil", "Celine", "Daria", "Emil", "Freya", "Gideon", "Helga", "Isla", "Jasper",
)  # fmt: skip
LAST = (
    "Vale", "Hendricks", "Reed", "Achterberg", "Sokolova", "Haddad", "Petrov", "Kimura",
    "Lindqvist", "Okafor", "Weiss", "Marchetti", "Virtanen", "al-Amin", "Fontaine", "Novak",
    "Abernathy", "Delgado", "Halvorsen", "Brandt", "Castillo", "Dubois", "Eriksen", "Ferrari",
    "Goldberg", "Hoshino", "Ivanov", "Jansen", "Kowalski", "Larsen", "Moreau", "Nakamura",
    "Oliveira", "Popescu", "Quintero", "Rossi", "Svensson", "Tanaka", "Ueda", "Vargas",
    "Winter", "Yilmaz", "Zhang", "Adeyemi", "Bauer", "Costa", "Dvorak", "Engel", "Fischer",
    "Garnier", "Hughes", "Ito", "Jovanovic", "Keller", "Lopez", "Meyer", "Nguyen", "Ortega",
    "Park", "Rahman",
)  # fmt: skip
# Two lists whose lengths have no common step, so that every pair is another mission.
OPERATIONS = (
    "Iron", "Silent", "Long", "Red", "Northern", "Broken", "Amber", "Cold", "Second", "Glass",
)  # fmt: skip
PLACES = ("Dawn", "Orbit", "Horizon", "Relay")
# Title, level, for how many days a pass counts, points, and what it requires.
TRAININGS = (
    ("Basic Flight", 1, None, 10, None),
    ("Docking", 1, None, 10, "basic-flight"),
    ("Radio", 1, None, 10, None),
    ("Navigation", 2, None, 20, "basic-flight"),
    ("Field Medicine", 1, 365, 20, None),
    ("Combat Medic", 2, 365, 40, "field-medicine"),
    ("Gunnery", 1, 180, 20, "basic-flight"),
    ("Formation Flight", 2, None, 30, "navigation"),
    ("Boarding", 2, 180, 30, "docking"),
    ("Squad Leader", 3, 730, 60, "radio"),
    ("Engineer", 2, None, 30, None),
    ("Instructor", 4, 365, 80, "squad-leader"),
)
RANKS = ("recruit", "member", "member", "member", "veteran", "veteran", "captain")
ROLES = ("pilot", "gunner", "medic", "engineer", "squad_lead")


def slug(title: str) -> str:
    return title.lower().replace(" ", "-")
