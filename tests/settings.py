"""Test settings: the product's own, with throw-away keys and directories."""

import os
import tempfile
from pathlib import Path

from training.core.keys import new_keys

for _name, _value in new_keys().items():
    os.environ.setdefault(_name, _value)
os.environ.setdefault("YIDANG_FONTS_DIR", str(Path(__file__).parent.parent / "var" / "fonts"))
os.environ["YIDANG_VAR_DIR"] = tempfile.mkdtemp(prefix="yidang-tests-")
Path(os.environ["YIDANG_VAR_DIR"], "static").mkdir()  # WhiteNoise warns where there is none
if url := os.environ.get("TEST_POSTGRES_URL"):
    os.environ["DATABASE_URL"] = url

from django.contrib.auth.hashers import PBKDF2PasswordHasher  # noqa: E402

from training.settings import *  # noqa: E402, F403  after the environment is ready

PBKDF2PasswordHasher.iterations = 1_000  # the real number takes a second for every county a test sets up

ALLOWED_HOSTS = ["*"]
SECOND_FACTOR = False  # its own tests turn it on
RATELIMIT_ENABLE = False  # likewise
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":  # noqa: F405
    # A file: the browser's server works in several threads, and one in memory is a single connection.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}  # noqa: F405
