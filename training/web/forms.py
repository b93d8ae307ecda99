"""Forms as every area shows them, and the pages around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from training.core.errors import InvalidInputError

MB = 1024 * 1024
MAX_UPLOAD_MB = 50  # the largest any kind of file may be; each kind has its own limit below that
PAPER_TYPES = ".pdf,.jpg,.jpeg,.png"
PHOTO_TYPES = ".jpg,.jpeg,.png"
WORKBOOK_TYPES = ".xlsx"
ROSTER_TYPES = f"{WORKBOOK_TYPES},.csv"

DateInput = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
TimeInput = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
CHOOSE = ("", _("请选择"))


class CardForm(forms.Form):
    """A form on a card with one button; `action` is where it goes when that is not the page itself."""

    submit_label: ClassVar[str | Promise] = _("保存")
    button_class: ClassVar[str] = "btn-primary"

    def __init__(self, *args: Any, action: str = "", **options: Any) -> None:
        options.setdefault("auto_id", f"{type(self).__name__.lower()}-%s")
        super().__init__(*args, **options)
        self.helper = FormHelper(self)
        self.helper.form_action = action
        self.helper.layout.append(StrictButton(self.submit_label, type="submit", css_class=self.button_class))

    def accept(self, act: Callable[..., Any]) -> Any:
        """What `act(**cleaned_data)` returns, or None: then the form holds its refusal and what was typed."""
        if not self.is_valid():
            return None
        try:
            return act(**self.cleaned_data)
        except InvalidInputError as refusal:
            self.add_error(None, str(refusal))
            return None


class UploadField(forms.FileField):
    """Cleans to (file name, bytes). What the file really is, the room that keeps it finds out."""

    def __init__(self, *, accept: str = PAPER_TYPES, **options: Any) -> None:
        options.setdefault("widget", forms.FileInput(attrs={"accept": accept}))
        super().__init__(allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        upload = super().clean(data, initial)
        return read_upload(upload) if upload else None


class _ManyFilesInput(forms.FileInput):
    allow_multiple_selected = True


class UploadsField(forms.FileField):
    """Several files at once; cleans to a list of (file name, bytes)."""

    def __init__(self, *, accept: str = PHOTO_TYPES, **options: Any) -> None:
        super().__init__(widget=_ManyFilesInput(attrs={"accept": accept}), allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> list[tuple[str, bytes]]:
        uploads = data if isinstance(data, list) else [data]
        if not self.required and not any(uploads):
            return []
        return [read_upload(super(UploadsField, self).clean(upload, initial)) for upload in uploads or [None]]


def read_upload(upload: UploadedFile[Any]) -> tuple[str, bytes]:
    """(file name, bytes); a file beyond every limit is refused before it is read into memory."""
    if (upload.size or 0) > MAX_UPLOAD_MB * MB:
        raise forms.ValidationError(
            _(
                "“%(name)s”有 %(size)s MB，超过上限 %(limit)s MB。照片请压缩到长边 4000 像素以内，"
                "PDF 请以 200 dpi 重新扫描或拆成几个文件，再上传。"
            ),
            params={"name": upload.name, "size": (upload.size or 0) // MB, "limit": MAX_UPLOAD_MB},
        )
    return upload.name or "", upload.read()


def form_page(
    request: HttpRequest, form: CardForm, *, title: Any, back: str = "", **context: Any
) -> HttpResponse:
    """A page with one form on it; 422 when the form comes back with what is wrong."""
    context |= {"form": form, "title": title, "back": back}
    return render(request, "parts/form_page.html", context, status=422 if form.errors else 200)


def done(request: HttpRequest, message: Any, to: str, *args: Any) -> HttpResponse:
    """Say that it worked, on the page called `to`."""
    messages.success(request, message)
    return redirect(to, *args)
