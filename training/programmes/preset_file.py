"""A preset as a YAML file: read with every quotation held to the document and every mistake named by its line,
and written so that reading it gives the same preset back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from training.programmes.money import wan
from training.programmes.preset import Preset
from training.programmes.rule import squeezed

PRESETS = Path(__file__).parent / "presets"
DOCUMENTS = PRESETS / "documents"
MOST_PROBLEMS: Final = 50  # of one file that are named


class _Loader(yaml.SafeLoader):
    """Dates stay text: the schema reads them, and names the line of one that is none."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class PresetError(Exception):
    """A preset that cannot be used; `line` counts from 1, 0 when there is no line to point at.

    `problems` are all that were found, (line, message) in the order of the file, at least the one that
    the error itself names.
    """

    def __init__(self, file: str, line: int, message: str, problems: Sequence[tuple[int, str]] = ()) -> None:
        super().__init__(located(line, message, file=file))
        self.file = file
        self.line = line
        self.message = message
        self.problems = tuple(problems) or ((line, message),)


def located(line: int, message: str, *, file: str = "") -> str:
    """The message behind the place that it is about."""
    told = {"file": file, "line": line, "message": message}
    if not file:
        return _("第 %(line)s 行：%(message)s") % told if line else message
    return (_("%(file)s 第 %(line)s 行：%(message)s") if line else _("%(file)s：%(message)s")) % told


def load_preset(path_or_name: str | Path) -> Preset:
    """Read a preset by file, or by name from those that come with the program ("shicheng").

    Where the county's document lies in `documents/` beside the file, each quotation is held against it.
    """
    path = _path(path_or_name)
    return read_preset(path.name, _read(path), documents=path.parent / "documents")


def read_preset(name: str, data: bytes, *, documents: Path = DOCUMENTS) -> Preset:
    """Read the bytes of a file called `name`; raises PresetError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise PresetError(name, 0, _("文件不是 UTF-8 编码，请另存为 UTF-8")) from broken
    node = _compose(name, text)
    try:
        values = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader
        return Preset.model_validate(values, context=checks(_document_file(node), documents=documents))
    except yaml.MarkedYAMLError as broken:
        raise _yaml_error(name, broken) from broken
    except ValidationError as refused:
        raise _told(name, node, refused) from refused
    except ValueError as broken:  # of a value with a tag that does not fit it, such as !!int 一
        raise PresetError(name, 0, _("有一个值与它的 YAML 标签不符")) from broken


def checks(document_file: str, *, documents: Path = DOCUMENTS) -> dict[str, str | None]:
    """The validation context under which notes are demanded, and quotations held to the document if it is here."""
    return {"document": _words_of(documents / Path(document_file).name) if document_file else None}


def write_preset(preset: Preset) -> str:
    """The preset as a file; money as people write it, what is not said left out."""
    body = _as_written(preset.model_dump(mode="json", exclude_defaults=True))
    return yaml.safe_dump(body, allow_unicode=True, sort_keys=False, width=110)


def _as_written(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _as_written(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_as_written(each) for each in value]
    return f"{wan(value)} 万元" if name.endswith("_fen") else value


def _path(path_or_name: str | Path) -> Path:
    if isinstance(path_or_name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", path_or_name):
        return PRESETS / f"{path_or_name}.yaml"
    return Path(path_or_name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as missing:
        raise PresetError(path.name, 0, _("文件打不开，请检查文件名和位置")) from missing


def preset_names() -> list[str]:
    """Those that come with the program."""
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def _document_file(node: yaml.Node) -> str:
    file = _at(_at(node, "document")[0], "file")[0]
    return str(file.value) if isinstance(file, yaml.ScalarNode) else ""


@lru_cache(maxsize=8)
def _words_of(document: Path) -> str | None:
    """The words of the county's document, squeezed once for all quotations."""
    return squeezed(document.read_text(encoding="utf-8")) if document.is_file() else None


def _compose(name: str, text: str) -> yaml.Node:
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as broken:
        raise _yaml_error(name, broken) from broken
    except yaml.YAMLError as broken:
        raise PresetError(name, 0, _("文件里有 YAML 不允许的字符")) from broken
    if not isinstance(node, yaml.MappingNode):
        raise PresetError(name, 1, _("文件是空的，或者不是“字段: 值”的形式"))
    for each in _nodes(node, set()):
        if isinstance(each, yaml.MappingNode):
            _refuse_twin_keys(name, each)
    return node


def _nodes(node: yaml.Node, seen: set[int]) -> Iterator[yaml.Node]:
    """Every value once, however often aliases (even to itself) lead there."""
    if id(node) in seen:
        return
    seen.add(id(node))
    yield node
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        yield from _nodes(child[1] if isinstance(child, tuple) else child, seen)


def _refuse_twin_keys(name: str, mapping: yaml.MappingNode) -> None:
    """YAML readers keep the last of two equal keys without a word."""
    seen: set[str] = set()
    for key, _value in mapping.value:
        if not isinstance(key, yaml.ScalarNode) or key.value in seen:
            raise PresetError(
                name, _line(key), _("字段“%(key)s”写了两次，或者不是一个词") % {"key": key.value}
            )
        seen.add(key.value)


def _yaml_error(name: str, broken: yaml.MarkedYAMLError) -> PresetError:
    mark = broken.problem_mark or broken.context_mark
    said = _("YAML 写法有误（%(problem)s）") % {"problem": broken.problem}
    return PresetError(name, mark.line + 1 if mark else 0, said)


def _told(name: str, node: yaml.Node, refused: ValidationError) -> PresetError:
    """The first mistake, with all of them as `problems`."""
    found = sorted(
        # A missing field comes last: as a rule it is there, misspelt, and that is said first.
        (error["type"] == "missing", _line_of(node, error), _with_field(error))
        for error in refused.errors()
    )
    _missing, line, message = found[0]
    problems = sorted((at, said) for _missing, at, said in found)[:MOST_PROBLEMS]
    if len(found) > 1:
        message = _("%(message)s（另有 %(count)s 处错误）") % {"message": message, "count": len(found) - 1}
    return PresetError(name, line, message, problems)


def _line_of(node: yaml.Node, error: ErrorDetails) -> int:
    """Follow the error's `loc` as far as the file goes; tags of unions and missing fields are not in it.

    From there to the word that the error names, the last one where it stands more than once.
    """
    line = _line(node)
    for step in error["loc"]:
        child, mark = _at(node, step)
        if child is not None:
            node, line = child, _line(mark or child)
    word = error.get("ctx", {}).get("at")
    return max((_line(each) for each in _nodes(node, set()) if word and each.value == word), default=line)


def _at(node: yaml.Node | None, step: int | str) -> tuple[yaml.Node | None, yaml.Node | None]:
    """The child under `step` and the node to point at for it."""
    if isinstance(node, yaml.MappingNode):
        return next(
            ((value, key) for key, value in node.value if key.value == step),
            (None, None),
        )
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    return None, None


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


SAID: Final[Mapping[str, Any]] = {
    "missing": gettext_lazy("缺少这个字段"),
    "extra_forbidden": gettext_lazy("没有这个字段，请检查拼写"),
    "string_type": gettext_lazy("应当是文字（数字样的文字请加引号）"),
    "string_too_short": gettext_lazy("不能为空"),
    "string_too_long": gettext_lazy("太长，最多 %(max_length)s 个字"),
    "string_pattern_mismatch": gettext_lazy("格式不对，应符合 %(pattern)s"),
    "int_type": gettext_lazy("应当是整数"),
    "int_parsing": gettext_lazy("应当是整数"),
    "int_from_float": gettext_lazy("应当是整数"),
    "float_type": gettext_lazy("应当是数字"),
    "float_parsing": gettext_lazy("应当是数字"),
    "bool_type": gettext_lazy("应当是 true 或 false"),
    "bool_parsing": gettext_lazy("应当是 true 或 false"),
    "date_type": gettext_lazy("应当是日期，例如 2020-04-01"),
    "date_parsing": gettext_lazy("应当是日期，例如 2020-04-01"),
    "date_from_datetime_parsing": gettext_lazy("应当是日期，例如 2020-04-01"),
    "date_from_datetime_inexact": gettext_lazy("应当是日期，不带时刻"),
    "literal_error": gettext_lazy("只能是 %(expected)s"),
    "tuple_type": gettext_lazy("应当是列表"),
    "too_short": gettext_lazy("至少要有 %(min_length)s 项"),
    "model_type": gettext_lazy("下面应当是若干“字段: 值”"),
    "model_attributes_type": gettext_lazy("下面应当是若干“字段: 值”"),
    "greater_than": gettext_lazy("应当大于 %(gt)s"),
    "greater_than_equal": gettext_lazy("应当不小于 %(ge)s"),
    "less_than": gettext_lazy("应当小于 %(lt)s"),
    "less_than_equal": gettext_lazy("应当不大于 %(le)s"),
}


def in_words(error: ErrorDetails) -> str:
    """What the value should be; an error type not listed keeps its English."""
    context = {
        name: f"{value:g}" if isinstance(value, float) else value
        for name, value in error.get("ctx", {}).items()
    }
    said = SAID.get(error["type"])
    return str(said) % context if said is not None else error["msg"]


def _with_field(error: ErrorDetails) -> str:
    names = [str(step) for step in error["loc"] if not str(step).startswith("#")]  # tags of unions
    said = {"name": ".".join(names), "message": in_words(error)}
    return _("%(name)s：%(message)s") % said if names else said["message"]
