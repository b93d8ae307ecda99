"""Where a new programme's rules come from: a preset, a file, or what was just shown."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from training.programmes.preset import Preset
from training.programmes.preset_file import PRESETS, PresetError, located, preset_names, read_preset
from training.web.forms import CHOOSE, CardForm, UploadField

TITLE = re.compile(r"^(?:code|county): *(.+)$", re.MULTILINE)


@cache
def preset_choices() -> list[tuple[str, str]]:
    """(name, code and county), read off the top of each file: checking five presets takes seconds."""
    texts = {name: (PRESETS / f"{name}.yaml").read_text(encoding="utf-8") for name in preset_names()}
    return [(name, " ".join(TITLE.findall(text)[:2])) for name, text in texts.items()]


class OpenForm(CardForm):
    """`preset` once it is valid: the rules, every mistake of a file being named by its line."""

    submit_label = _("检查并预览")
    name = forms.ChoiceField(label=_("随系统提供的预设"), required=False)
    file = UploadField(
        label=_("或者上传规则文件（YAML）"),
        accept=".yaml,.yml",
        required=False,
        help_text=_("先在预设上改好项目代码、县名和各条规则，再上传；每条规则要写明出处或“待确认”。"),
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    preset: Preset | None = None

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].choices = [CHOOSE, *preset_choices()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What was shown before goes before a new choice."""
        cleaned: dict[str, Any] = super().clean() or {}
        name, data = self._asked(cleaned)
        if not data:
            raise forms.ValidationError(_("请选一个预设，或上传规则文件。"))
        try:
            self.preset = read_preset(name, data)
        except PresetError as refused:
            raise forms.ValidationError([located(line, said) for line, said in refused.problems]) from refused
        cleaned["text"] = data.decode("utf-8-sig")
        return cleaned

    def _asked(self, cleaned: dict[str, Any]) -> tuple[str, bytes]:
        if text := cleaned.get("text"):
            return "", text.encode()
        if upload := cleaned.get("file"):
            return upload[0], upload[1]
        if name := cleaned.get("name"):
            return f"{name}.yaml", (PRESETS / f"{name}.yaml").read_bytes()
        return "", b""
