import subprocess
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.machine import POPPLER
from training.dossiers import fonts

pytestmark = pytest.mark.skipif(not POPPLER.here(), reason=POPPLER.message)


def drawn(text: str, font: str, fonts_dir: Path, tmp_path: Path) -> Path:
    fonts.register(fonts_dir)
    path = tmp_path / "page.pdf"
    canvas = Canvas(str(path), initialFontName=font, invariant=1)
    canvas.setFont(font, 20)
    canvas.drawString(50, 700, fonts.visible(text))
    canvas.save()
    return path


@pytest.mark.parametrize("font", [fonts.REGULAR, fonts.BOLD])
@pytest.mark.parametrize("name", ["司马䶮", "张𬭎", "王𠮷 𡋾a𠮷b𬭎", "㛃 𬭎䶮 a𬭎b", "欧阳·阿依古丽"])
def test_a_name_is_copied_from_the_page_as_it_was_written(
    name: str, font: str, fonts_dir: Path, tmp_path: Path
) -> None:
    path = drawn(name, font, fonts_dir, tmp_path)
    said = subprocess.run(["pdftotext", "-enc", "UTF-8", path, "-"], capture_output=True, check=True)
    assert said.stdout.decode().strip() == name


def test_only_embedded_subsets_of_our_fonts_are_in_the_file(fonts_dir: Path, tmp_path: Path) -> None:
    path = drawn("培训档案", fonts.REGULAR, fonts_dir, tmp_path)
    table = subprocess.run(["pdffonts", path], capture_output=True, check=True, text=True).stdout
    rows = [line.split() for line in table.splitlines()[2:]]
    assert [(row[0], *row[-5:-2]) for row in rows] == [
        ("AAAAAA+NotoSansSC-Regular", "yes", "yes", "yes"),
        ("AAAAAB+NotoSansSC-Regular", "yes", "yes", "yes"),
    ][: len(rows)]
    assert path.stat().st_size < 100_000


def test_characters_that_no_font_has_are_named_and_stay_visible(fonts_dir: Path) -> None:
    fonts.register(fonts_dir)
    assert fonts.missing_characters("王\U00020001 司马䶮𠮷\n") == {"\U00020001"}
    assert fonts.visible("王\U00020001𠮷") == "王〔U+20001〕𠮷"


def test_fonts_that_are_cut_already_are_left_alone(fonts_dir: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in fonts.prepare(fonts_dir).values()}
    after = {path: path.stat().st_mtime_ns for path in fonts.prepare(fonts_dir).values()}
    assert before == after
    assert list(fonts_dir.glob("*.part")) == []
