"""The simulated reader as a process of its own."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk.idcard.reader import read_one, read_token
from kiosk.simulator.serve import main

PEOPLE = [
    {
        "type": "citizen",
        "name": "张𬭎",
        "sex": "男",
        "ethnicity": "汉",
        "born_on": "1990-03-07",
        "address": "江西省石城县琴江镇1号",
        "number": "110101199003070011",
        "issuer": "石城县公安局",
        "valid_from": "2020-01-01",
        "valid_until": None,
    }
]
COMMAND = [sys.executable, "-m", "kiosk.simulator.serve"]


@pytest.fixture
def people(tmp_path):
    path = tmp_path / "people.json"
    path.write_text(json.dumps(PEOPLE), encoding="utf-8")
    return path


@pytest.fixture
def process(people, tmp_path):
    arguments = ["--link", str(tmp_path / "reader"), "--people", str(people)]
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as running:
        assert json.loads(running.stdout.readline()) == {
            "ready": True,
            "link": str(tmp_path / "reader"),
            "people": 1,
        }
        yield running
        running.stdin.close()
        running.wait(5)


def tell(process: "subprocess.Popen[str]", line: str) -> dict[str, object]:
    process.stdin.write(line + "\n")
    answer: dict[str, object] = json.loads(process.stdout.readline())
    return answer


def test_a_card_laid_by_a_line_is_read(process, tmp_path):
    assert tell(process, '{"lay": 0}') == {"ok": True}
    assert read_one(str(tmp_path / "reader"), 5).name == "张𬭎"


@pytest.mark.parametrize(
    "line",
    [
        '{"lift": true}',
        '{"fault": "silence", "times": 2, "at": "read"}',
        '{"fault": null}',
        '{"replug": true}',
        '{"baud": 9600}',
        '{"baud": null}',
        '{"fault": "pulled"}',
    ],
)
def test_every_command_is_answered(process, line):
    assert tell(process, line) == {"ok": True}


def test_unplugging_takes_the_path_away_and_replugging_gives_it_back(process, tmp_path):
    tell(process, '{"unplug": true}')
    assert not (tmp_path / "reader").is_symlink()
    tell(process, '{"replug": true}')
    assert (tmp_path / "reader").exists()


@pytest.mark.parametrize(
    "line",
    ["rubbish", "[]", '{"lay": 1}', '{"baud": 4800}', '{"fault": "fire"}', '{"fault": "half", "at": "x"}'],
)
def test_a_bad_line_is_refused_and_the_next_obeyed(process, line):
    refusal = tell(process, line)

    assert refusal["ok"] is False
    assert refusal["error"]
    assert tell(process, '{"lay": 0}') == {"ok": True}


def test_the_end_of_the_input_ends_it_and_the_path_goes(process, tmp_path):
    process.stdin.close()

    assert process.wait(5) == 0
    assert not (tmp_path / "reader").is_symlink()


def test_it_can_stay_after_its_input_with_a_card_lying_there(people, tmp_path):
    link = tmp_path / "reader"
    arguments = ["--link", str(link), "--people", str(people), "--lay", "0", "--stay"]
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as running:
        running.stdout.readline()
        assert read_one(str(link), 5).number == "110101199003070011"
        running.send_signal(signal.SIGTERM)
        assert running.wait(5) == 0
    assert not link.is_symlink()


def test_a_person_whose_name_does_not_fit_is_named_at_the_start(people, tmp_path):
    people.write_text(json.dumps([{**PEOPLE[0], "name": "𬭎" * 8}]), encoding="utf-8")
    arguments = ["--link", str(tmp_path / "reader"), "--people", str(people)]
    ended = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=10, check=False)

    assert ended.returncode == 2
    assert "person 0: name" in json.loads(ended.stdout)["error"]


def test_a_line_made_slow_by_a_line_is_found_at_its_new_speed(process, tmp_path):
    tell(process, '{"lay": 0}')
    assert tell(process, '{"baud": 57600}') == {"ok": True}

    assert read_one(str(tmp_path / "reader"), 5).name == "张𬭎"


@contextmanager
def serving(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A simulator with these arguments, and where it is to be reached."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as running:
        yield running, json.loads(running.stdout.readline())["link"]
        running.stdin.close()
        running.wait(5)


def test_a_reader_can_be_reached_over_tcp(people):
    with serving("--tcp", "127.0.0.1:0", "--people", str(people), "--lay", "0") as (_process, url):
        assert url.startswith("socket://127.0.0.1:")
        assert read_one(url, 5).name == "张𬭎"


@pytest.mark.parametrize("place", ["--link", "--tcp"])
def test_a_token_laid_by_a_line_is_read(tmp_path, place):
    where = {"--link": str(tmp_path / "tokens"), "--tcp": "127.0.0.1:0"}[place]
    with serving("--type", "token", place, where) as (process, url):
        assert tell(process, '{"lay": "62E3086CED"}') == {"ok": True}
        assert read_token(url, 5) == "086CED"


@pytest.mark.parametrize(
    ("line", "obeyed"),
    [
        ('{"lift": true}', True),
        ('{"fault": "silence", "times": 2}', True),
        ('{"fault": null}', True),
        ('{"baud": 9600}', True),
        ('{"unplug": true}', True),
        ('{"replug": true}', True),
        ('{"fault": "pulled"}', False),
        ('{"lay": 0}', False),
        ('{"lay": "62E3"}', False),
        ('{"lay": "card"}', False),
    ],
)
def test_a_token_reader_obeys_the_same_lines(tmp_path, line, obeyed):
    with serving("--type", "token", "--link", str(tmp_path / "tokens")) as (process, _url):
        assert tell(process, line)["ok"] is obeyed


@pytest.mark.parametrize(
    "arguments",
    [["--link", "x"], ["--people", "x"], ["--type", "token", "--link", "x", "--tcp", "127.0.0.1:1"]],
)
def test_arguments_that_do_not_fit_are_refused(arguments, capsys):
    with pytest.raises(SystemExit) as over:
        main(arguments)
    assert over.value.code == 2
