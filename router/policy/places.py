"""Finds policies, the files that they name, and their schema for editors.

It looks whether files are there, and reads none.
"""

from __future__ import annotations

import errno
import json
from pathlib import Path

from router.errors import Mistake, PolicyError
from router.policy.parsing.raw_policy import one_of
from router.policy.parsing.text_files import absent, unusable
from router.policy.schema import Policy


def policies_dir() -> Path:
    """Returns the folder of shipped policies, in the package or next to the sources."""
    package = Path(__file__).parents[1]
    # A wheel has the policies inside the package, a checkout has them next to it.
    packaged = package / "_policies"
    return packaged if packaged.is_dir() else package.parent / "policies"


def find_policy(name_or_path: str, folder: Path) -> Path:
    """Returns the file of a policy, given by path or by the name of one in `folder`.

    Raises PolicyError with the existing names.
    """
    by_path = Path(name_or_path)
    if by_path.is_file():
        return by_path
    names = policy_names(folder)
    if name_or_path in names:
        return folder / f"{name_or_path}.yaml"
    if by_path.suffix or len(by_path.parts) > 1 or (name_or_path and by_path.is_dir()):
        what = unusable(by_path) or absent(by_path)
        # The folder may be the user's own.
        expected = f"a policy file, or the name of a policy of {folder}: {', '.join(names)}"
        raise PolicyError((Mistake(name_or_path, 0, "(policy)", what, expected),))
    expected = f"a policy file, or {one_of(name_or_path, names)}"
    raise PolicyError((Mistake(str(folder), 0, "(policy)", repr(name_or_path), expected),))


def policy_names(folder: Path) -> list[str]:
    """Returns the names of the policies in a folder, without the price book."""
    price_book = Policy.model_fields["prices"].default
    return sorted(file.stem for file in folder.glob("*.yaml") if file.name != price_book)


def named_file(policy_path: Path, name: str) -> Path:
    """Returns the path of `name`: next to the policy, otherwise among the shipped files.

    Your own policy can thus use the shipped safe answers and templates until it has its own.
    """
    own = policy_path.parent / name
    shipped = policies_dir() / name
    try:
        own.stat()
    except (FileNotFoundError, NotADirectoryError):
        return shipped if shipped.exists() else own
    except (OSError, ValueError) as error:
        # No system has a file with such a name: it is none, and is shown cut.
        if isinstance(error, ValueError) or error.errno == errno.ENAMETOOLONG:
            return policy_path.parent / f"{name[:32]}...".replace("\0", "")
    return own


def json_schema() -> str:
    """Returns the JSON Schema of a policy file, the text of `policies/policy.schema.json`."""
    schema = Policy.model_json_schema()
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    schema["title"] = "Tiergate policy"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
