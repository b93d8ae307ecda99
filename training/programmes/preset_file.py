"""Reading a preset from its YAML file: every quotation held to the document, every mistake named by its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from training.programmes.preset import Preset
from training.programmes.rule import squeezed

PRESETS = Path(__file__).parent / "presets"


class _Loader(yaml.SafeLoader):
    """Dates stay text: the schema reads them, and names the line of one that is none."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class PresetError(Exception):
    """A preset that cannot be used; `line` counts from 1, 0 when there is no line to point at."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file} 第 {line} 行：{message}" if line else f"{file}：{message}")
        self.file = file
        self.line = line
        self.message = message


def load_preset(path_or_name: str | Path) -> Preset:
    """Read a preset by file, or by name from those that come with the program ("shicheng").

    Where the county's document lies in `documents/` beside the file, each quotation is held against it.
    """
    path = _path(path_or_name)
    text = _read(path)
    node = _compose(path, text)
    try:
        values = yaml.load(text, Loader=_Loader)  # noqa: S506  a safe loader
        return Preset.model_validate(values, context={"document": _document(path, node)})
    except yaml.MarkedYAMLError as broken:
        raise _yaml_error(path, broken) from broken
    except ValidationError as refused:
        raise _first_error(path, node, refused) from refused
    except ValueError as broken:  # of a value with a tag that does not fit it, such as !!int 一
        raise PresetError(path.name, 0, "有一个值与它的 YAML 标签不符") from broken


def _path(path_or_name: str | Path) -> Path:
    if isinstance(path_or_name, str) and re.fullmatch(r"[a-z][a-z0-9_]*", path_or_name):
        return PRESETS / f"{path_or_name}.yaml"
    return Path(path_or_name)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as missing:
        raise PresetError(path.name, 0, "文件打不开，请检查文件名和位置") from missing
    except UnicodeDecodeError as broken:
        raise PresetError(path.name, 0, "文件不是 UTF-8 编码，请另存为 UTF-8") from broken


def preset_names() -> list[str]:
    """Those that come with the program."""
    return sorted(path.stem for path in PRESETS.glob("*.yaml"))


def _document(path: Path, node: yaml.Node) -> str | None:
    """The words of the county's document, squeezed once for all quotations."""
    file = _at(_at(node, "document")[0], "file")[0]
    if not isinstance(file, yaml.ScalarNode):
        return None
    document = path.parent / "documents" / Path(file.value).name
    return squeezed(document.read_text(encoding="utf-8")) if document.is_file() else None


def _compose(path: Path, text: str) -> yaml.Node:
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as broken:
        raise _yaml_error(path, broken) from broken
    except yaml.YAMLError as broken:
        raise PresetError(path.name, 0, "文件里有 YAML 不允许的字符") from broken
    if not isinstance(node, yaml.MappingNode):
        raise PresetError(path.name, 1, "文件是空的，或者不是“字段: 值”的形式")
    for each in _nodes(node, set()):
        if isinstance(each, yaml.MappingNode):
            _refuse_twin_keys(path, each)
    return node


def _nodes(node: yaml.Node, seen: set[int]) -> Iterator[yaml.Node]:
    """Every value once, however often aliases (even to itself) lead there."""
    if id(node) in seen:
        return
    seen.add(id(node))
    yield node
    for child in node.value if isinstance(node, yaml.CollectionNode) else ():
        yield from _nodes(child[1] if isinstance(child, tuple) else child, seen)


def _refuse_twin_keys(path: Path, mapping: yaml.MappingNode) -> None:
    """YAML readers keep the last of two equal keys without a word."""
    seen: set[str] = set()
    for key, _value in mapping.value:
        if not isinstance(key, yaml.ScalarNode) or key.value in seen:
            raise PresetError(path.name, _line(key), f"字段“{key.value}”写了两次，或者不是一个词")
        seen.add(key.value)


def _yaml_error(path: Path, broken: yaml.MarkedYAMLError) -> PresetError:
    mark = broken.problem_mark or broken.context_mark
    return PresetError(path.name, mark.line + 1 if mark else 0, f"YAML 写法有误（{broken.problem}）")


def _first_error(path: Path, node: yaml.Node, refused: ValidationError) -> PresetError:
    found = sorted(
        # A missing field comes last: as a rule it is there, misspelt, and that is said first.
        (error["type"] == "missing", _line_of(node, error), _in_chinese(error))
        for error in refused.errors()
    )
    _missing, line, message = found[0]
    more = f"（另有 {len(found) - 1} 处错误）" if len(found) > 1 else ""
    return PresetError(path.name, line, message + more)


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


CHINESE: dict[str, str] = {
    "missing": "缺少这个字段",
    "extra_forbidden": "没有这个字段，请检查拼写",
    "string_type": "应当是文字（数字样的文字请加引号）",
    "string_too_short": "不能为空",
    "string_too_long": "太长，最多 {max_length} 个字",
    "string_pattern_mismatch": "格式不对，应符合 {pattern}",
    "int_type": "应当是整数",
    "int_parsing": "应当是整数",
    "int_from_float": "应当是整数",
    "float_type": "应当是数字",
    "float_parsing": "应当是数字",
    "bool_type": "应当是 true 或 false",
    "bool_parsing": "应当是 true 或 false",
    "date_type": "应当是日期，例如 2020-04-01",
    "date_parsing": "应当是日期，例如 2020-04-01",
    "date_from_datetime_parsing": "应当是日期，例如 2020-04-01",
    "date_from_datetime_inexact": "应当是日期，不带时刻",
    "literal_error": "只能是 {expected}",
    "tuple_type": "应当是列表",
    "too_short": "至少要有 {min_length} 项",
    "model_type": "下面应当是若干“字段: 值”",
    "model_attributes_type": "下面应当是若干“字段: 值”",
    "greater_than": "应当大于 {gt}",
    "greater_than_equal": "应当不小于 {ge}",
    "less_than": "应当小于 {lt}",
    "less_than_equal": "应当不大于 {le}",
}


def _in_chinese(error: ErrorDetails) -> str:
    """Name the field and say what it should be; an error type not listed keeps its English."""
    context: dict[str, Any] = error.get("ctx", {})
    said = CHINESE.get(error["type"], error["msg"]).format(**context)
    names = [str(step) for step in error["loc"] if not str(step).startswith("#")]  # tags of unions
    return f"{'.'.join(names)}：{said}" if names else said
