"""What the verifier found, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Finding:
    """One thing about one record of one file; a note (`grave` false) does not fail the check."""

    file: str
    record: str
    zh: str
    en: str
    grave: bool = True

    def say(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Check:
    code: str
    zh: str
    en: str
    findings: tuple[Finding, ...] = ()

    @property
    def holds(self) -> bool:
        return not any(finding.grave for finding in self.findings)


@dataclass(frozen=True)
class Report:
    """Every check that was made, in order."""

    file: str
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)

    def lines(self, language: Language) -> list[str]:
        """The report for people."""
        lines = [self.file]
        for check in self.checks:
            lines.append(f"{'✓' if check.holds else '✗'} {check.zh if language == 'zh' else check.en}")
            for finding in check.findings:
                where = " ".join(filter(None, (finding.file, finding.record)))
                words = f"{where}: {finding.say(language)}" if where else finding.say(language)
                lines.append(f"    {'✗' if finding.grave else '·'} {words}")
        verdict = {
            "zh": ("全部相符。", "核验未通过：这份文件不能作为依据，请向出具单位索取完整的 dossier.zip。"),
            "en": (
                "Everything holds.",
                "Not verified: do not rely on this file; ask its issuer for the whole dossier.zip.",
            ),
        }
        return [*lines, verdict[language][not self.holds]]

    def as_data(self, language: Language) -> dict[str, Any]:
        """The report for machines."""
        return {
            "file": self.file,
            "holds": self.holds,
            "checks": [
                {
                    "code": check.code,
                    "title": check.zh if language == "zh" else check.en,
                    "holds": check.holds,
                    "findings": [
                        {"file": f.file, "record": f.record, "message": f.say(language), "grave": f.grave}
                        for f in check.findings
                    ],
                }
                for check in self.checks
            ],
        }
