"""Lists units by their names, with exact factors to one unit of their kind.

Factors are the definitions of the international yard and pound (1959), of the US customary and
imperial gallons, and of SI. Units that mean several sizes ("ton", "gallon" alone in Britain) are
left out or named with their country.
"""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct


class Unit(Struct, frozen=True):
    """Holds a unit: value in the kind's own unit = number x `factor` + `offset`."""

    kind: str
    name: str  # for one
    plural: str
    factor: Fraction
    offset: Fraction = Fraction(0)


def _f(text: str) -> Fraction:
    return Fraction(text)


_INCH = _f("0.0254")
_POUND = _f("0.45359237")
_GALLON = 231 * _INCH**3 * 1000  # in litres
_IMPERIAL = _f("4.54609")

_ROWS: dict[str, tuple[tuple[str, str, Fraction, str], ...]] = {
    "length": (
        ("metre", "metres", _f("1"), "m meter meters"),
        ("kilometre", "kilometres", _f("1000"), "km kms kilometer kilometers"),
        ("centimetre", "centimetres", _f("0.01"), "cm cms centimeter centimeters"),
        ("millimetre", "millimetres", _f("0.001"), "mm millimeter millimeters"),
        ("mile", "miles", 63360 * _INCH, "mi"),
        ("yard", "yards", 36 * _INCH, "yd yds"),
        ("foot", "feet", 12 * _INCH, "ft '"),
        ("inch", "inches", _INCH, 'in ins "'),
        ("nautical mile", "nautical miles", _f("1852"), "nmi"),
    ),
    "mass": (
        ("kilogram", "kilograms", _f("1"), "kg kgs kilo kilos kilogramme kilogrammes"),
        ("gram", "grams", _f("0.001"), "g gr gramme grammes"),
        ("milligram", "milligrams", _f("0.000001"), "mg"),
        ("tonne", "tonnes", _f("1000"), "metric_ton metric_tons"),
        ("pound", "pounds", _POUND, "lb lbs"),
        ("ounce", "ounces", _POUND / 16, "oz"),
        ("stone", "stone", _POUND * 14, "stones st"),
    ),
    "volume": (
        ("litre", "litres", _f("1"), "l ltr liter liters"),
        ("millilitre", "millilitres", _f("0.001"), "ml milliliter milliliters"),
        ("centilitre", "centilitres", _f("0.01"), "cl centiliter centiliters"),
        ("cubic metre", "cubic metres", _f("1000"), "m3 cubic_meter cubic_meters"),
        ("US gallon", "US gallons", _GALLON, "gallon gallons gal us_gallon us_gallons"),
        (
            "imperial gallon",
            "imperial gallons",
            _IMPERIAL,
            "imperial_gallon imperial_gallons uk_gallon uk_gallons",
        ),
        ("US quart", "US quarts", _GALLON / 4, "quart quarts qt"),
        ("US pint", "US pints", _GALLON / 8, "us_pint us_pints"),
        ("imperial pint", "imperial pints", _IMPERIAL / 8, "uk_pint uk_pints imperial_pint"),
        ("US cup", "US cups", _GALLON / 16, "cup cups us_cup us_cups"),
        ("US fluid ounce", "US fluid ounces", _GALLON / 128, "fl_oz fluid_ounce fluid_ounces"),
        ("US tablespoon", "US tablespoons", _GALLON / 256, "tablespoon tablespoons tbsp"),
        ("US teaspoon", "US teaspoons", _GALLON / 768, "teaspoon teaspoons tsp"),
    ),
    "area": (
        ("square metre", "square metres", _f("1"), "m2 sqm sq_m square_meter square_meters"),
        ("square kilometre", "square kilometres", _f("1000000"), "km2 square_kilometers"),
        ("square foot", "square feet", 144 * _INCH**2, "sqft sq_ft ft2"),
        ("square mile", "square miles", (63360 * _INCH) ** 2, "sq_mi"),
        ("acre", "acres", 43560 * 144 * _INCH**2, ""),
        ("hectare", "hectares", _f("10000"), "ha"),
    ),
    "speed": (
        ("kilometre per hour", "km/h", _f("1000") / 3600, "km/h kmh kph km_per_hour"),
        ("mile per hour", "miles per hour", 63360 * _INCH / 3600, "mph miles_per_hour"),
        ("metre per second", "metres per second", _f("1"), "m/s meters_per_second"),
        ("knot", "knots", _f("1852") / 3600, "kn kt"),
    ),
    "time": (
        ("second", "seconds", _f("1"), "s sec secs"),
        ("minute", "minutes", _f("60"), "min mins"),
        ("hour", "hours", _f("3600"), "h hr hrs"),
        ("day", "days", _f("86400"), ""),
        ("week", "weeks", _f("604800"), ""),
    ),
    "data": (
        ("byte", "bytes", _f("1"), ""),
        ("kilobyte", "kilobytes (of 1,000 bytes)", _f("1000"), "kb kilobytes"),
        ("megabyte", "megabytes (of 1,000,000 bytes)", _f("1000000"), "mb megabytes"),
        ("gigabyte", "gigabytes (of 10^9 bytes)", _f("1000000000"), "gb gigabytes"),
        ("terabyte", "terabytes (of 10^12 bytes)", _f("1000000000000"), "tb terabytes"),
        ("kibibyte", "kibibytes", _f("1024"), "kib"),
        ("mebibyte", "mebibytes", _f("1048576"), "mib"),
        ("gibibyte", "gibibytes", _f("1073741824"), "gib"),
    ),
    "energy": (
        ("joule", "joules", _f("1"), "j"),
        ("kilojoule", "kilojoules", _f("1000"), "kj"),
        ("kilocalorie", "kilocalories", _f("4184"), "kcal kcals"),
        ("kilowatt hour", "kilowatt hours", _f("3600000"), "kwh kilowatt_hours"),
    ),
    "pressure": (
        ("bar", "bar", _f("100000"), "bars"),
        ("pascal", "pascals", _f("1"), "pa"),
        ("kilopascal", "kilopascals", _f("1000"), "kpa"),
        ("atmosphere", "atmospheres", _f("101325"), "atm"),
        ("psi", "psi", _POUND * _f("9.80665") / _INCH**2, "pounds_per_square_inch"),
    ),
}
_TEMPERATURES = (
    Unit("temperature", "°C", "°C", _f("1"), _f("0")),
    Unit("temperature", "°F", "°F", Fraction(5, 9), Fraction(-160, 9)),
    Unit("temperature", "kelvin", "kelvin", _f("1"), _f("-273.15")),
)
_TEMPERATURE_NAMES = (
    "c °c celsius centigrade degrees_celsius degrees_c degree_celsius deg_c",
    "f °f fahrenheit degrees_fahrenheit degrees_f degree_fahrenheit deg_f",
    "k kelvin kelvins",
)


def _table() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for kind, rows in _ROWS.items():
        for name, plural, factor, others in rows:
            unit = Unit(kind, name, plural, factor)
            for known in (name, plural, *others.split()):
                units[known.replace("_", " ").lower()] = unit
    for unit, names in zip(_TEMPERATURES, _TEMPERATURE_NAMES, strict=True):
        for known in names.split():
            units[known.replace("_", " ")] = unit
    return units


UNITS = _table()
"""Finds a unit by any of its names, lower case."""
