"""The background worker at a very large dossier, in a process of its own.

`python -m benchmarks.worker VERSION` makes the version as the worker does: what the database says is read, the PDF
written, signed, packed and kept encrypted. It says how long that took, how many pages there are, and how much
memory the process had at most.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def waiting(people: int, photos: int, pages: int) -> int:
    """A session that is over, with so many trainees and files, about to be sealed; gives the version's number."""
    from django.db import transaction  # noqa: PLC0415  after Django is ready

    from benchmarks.whole_county import add_session, found_county  # noqa: PLC0415
    from training.core.actor import SYSTEM  # noqa: PLC0415
    from training.dossiers.choices import DossierStatus, Edition  # noqa: PLC0415
    from training.dossiers.models import Dossier, Evidence  # noqa: PLC0415
    from training.dossiers.versions import queue_version  # noqa: PLC0415

    county = found_county("DOSSIER")
    house = county.houses[0]
    add_session(house, list(county._trainees(people)), "closed")  # noqa: SLF001  the county's own way to know people
    dossier = Dossier.objects.latest("pk")
    session = dossier.training_session
    Evidence.objects.filter(training_session=session).delete()
    lesson = session.lessons.first()
    Evidence.objects.bulk_create(
        Evidence(training_session=session, item=item, kind=kind, lesson=lesson, caption=file.name, file=file)
        for item, kind, file in kept(photos, pages)
    )
    with transaction.atomic():
        dossier.sealed_by = next(iter(county.staff.members.values())).user
        dossier.save(update_fields=["sealed_by"])
        dossier.enter(DossierStatus.SEALING)
        return int(queue_version(dossier, Edition.SEALED, actor=SYSTEM).pk)


def kept(photos: int, pages: int) -> Iterator[tuple[str, str, Any]]:
    from benchmarks.archive import PAGES_A_FILE, photo, scanned  # noqa: PLC0415  NumPy is no part of the worker
    from training.core.actor import SYSTEM  # noqa: PLC0415
    from training.core.files import keep  # noqa: PLC0415

    for number in range(photos):
        name = f"photo-{number}.jpg"
        yield "A9", "photo", keep(name, photo(number), content_type="image/jpeg", actor=SYSTEM)
    for number in range(pages // PAGES_A_FILE):
        content = scanned(PAGES_A_FILE, number)
        file = keep(f"scan-{number}.pdf", content, content_type="application/pdf", actor=SYSTEM)
        yield "A4", "plan", file


def peak() -> float:
    """Megabytes (10⁶ bytes) at most so far; `getrusage` would count what the parent had before it forked."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024 / 1e6


def main() -> None:
    import django  # noqa: PLC0415  what it takes to import it counts too

    django.setup()
    from training.dossiers.models import DossierVersion  # noqa: PLC0415  after Django is ready
    from training.dossiers.tasks import make_version  # noqa: PLC0415

    number = int(sys.argv[1])
    started = time.perf_counter()
    make_version.func(number)
    seconds = time.perf_counter() - started
    version = DossierVersion.objects.select_related("package").get(pk=number)
    if version.package is None:
        raise SystemExit(version.problem)
    package = version.package.size / 1e6
    print(json.dumps({"seconds": seconds, "pages": version.pages, "package": package, "peak": peak()}))  # noqa: T201


if __name__ == "__main__":
    main()
