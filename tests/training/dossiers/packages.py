"""Packages as tests take them apart."""

from io import BytesIO

from training.dossiers.container import unpack


def unpacked(package: bytes) -> dict[str, bytes]:
    """The files of a package, in memory."""
    return {name: content.read() for name, content in unpack(BytesIO(package)).items()}
