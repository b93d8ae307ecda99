"""移交清单 and 四性检测报告, read for the PDF that draws them; in the county's language."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.dossiers.four_properties import FourProperties
from training.dossiers.models import ArchiveTransfer, DossierVersion, PropertyCheck
from training.dossiers.pdf.sealed_papers import (
    PropertyPaper,
    TransferPaper,
    build_property_report,
    build_transfer_list,
)
from training.web.printing.papers import dossier_facts, stamp


@override(settings.LANGUAGE_CODE)
def transfer_list(handed: ArchiveTransfer) -> bytes:
    version: Any = handed.version
    about = (
        *_about(version),
        (_("移交日期"), f"{handed.handed_on}"),
        (_("接收单位"), handed.receiver),
    )
    paper = TransferPaper(
        facts=dossier_facts(version.dossier),
        number=handed.receipt_number,
        about=about,
        files=(
            (
                version.package.name,
                _("档案包：PDF、原件、签名事件、元数据、清单、四性检测报告"),
                filesizeformat(version.package.size),
            ),
            (
                version.pdf.name,
                _("档案 PDF（PDF/A-1b，%(pages)s 页），也在档案包内") % {"pages": version.pages},
                filesizeformat(version.pdf.size),
            ),
        ),
        digests=(
            (_("档案包 SHA-256"), handed.package_sha256),
            (_("档案包 SM3"), handed.package_sm3),
            (_("档案 PDF SHA-256"), version.pdf.sha256),
            (_("清单 SHA-256"), version.manifest_sha256),
        ),
        handed_by="",
        taken_by=handed.taken_by,
    )
    return build_transfer_list(paper, Path(settings.FONTS_DIR))


@override(settings.LANGUAGE_CODE)
def property_report(check: PropertyCheck) -> bytes:
    about = (
        *_about(check.version),
        (_("检测环节"), str(check.get_stage_display())),
        (_("检测时间"), stamp(check.at)),
        (_("结　　论"), _("通过") if check.holds else _("未通过")),
    )
    said = FourProperties.model_validate(check.report) if check.report else None
    paper = PropertyPaper(dossier_facts(check.version.dossier), about, said, check.problem)
    return build_property_report(paper, Path(settings.FONTS_DIR))


def _about(version: DossierVersion) -> tuple[tuple[str, str], ...]:
    session: Any = version.dossier.training_session
    return (
        (_("期　　号"), session.code),
        (_("题　　名"), session.title),
        (_("培训机构"), session.institution.name),
        (_("版　　本"), _("封存版第 %(number)s 版") % {"number": version.number}),
    )
