"""Takes the comments out of styles and scripts, in time that grows as the text does."""

import re

_OF_STYLE = re.compile(r"/\*")
_OF_SCRIPT = re.compile(r"/\*|(?<!:)//")  # an address is no comment


def without_comments(text: str, of_script: bool = False) -> str:
    """`text` without `/* … */`, and without `// …` where it is a script's. A comment that is not
    closed stays, as does all that a string makes look like none.
    """
    kept: list[str] = []
    place, last_close = 0, text.rfind("*/")
    for start in (_OF_SCRIPT if of_script else _OF_STYLE).finditer(text):
        if start.start() < place:
            continue
        if start[0] == "//":
            line_end = text.find("\n", start.end())
            end = line_end if line_end >= 0 else len(text)
        elif start.end() <= last_close:
            end = text.find("*/", start.end()) + 2
        else:  # asked of each, so that no one looks to the end in vain
            continue
        kept.append(text[place : start.start()])
        place = end
    kept.append(text[place:])
    return "".join(kept)
