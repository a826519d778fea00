"""Puts the published files into the package when it is built, and makes the same archive of the same tree.

What is declared stands in pyproject.toml. An editable install gets nothing copied: it reads the checkout.
"""

import os
import shutil
import tarfile
from gzip import GzipFile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
# Where the service looks when there is no checkout around it: incsr/sources.py.
PUBLISHED = ("ontology", "data", "shapes", "questions")
BESIDE = ("CHANGELOG.md", "CITATION.cff", "LICENSE", "LICENSE-DATA")
# 1980-01-01, the first day that a zip archive can hold.
EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "315532800"))


class BuildWithData(build_py):
    """The package, and in `incsr/published` the ontology, data, shapes and questions."""

    def run(self):
        super().run()
        if self.editable_mode:
            return
        if not (ROOT / "incsr" / "static" / "build" / "site.js").exists():
            raise SystemExit("the pages' scripts are not built; run scripts/build-web first")
        published = Path(self.build_lib) / "incsr" / "published"
        shutil.rmtree(published, ignore_errors=True)
        for name in PUBLISHED:
            shutil.copytree(ROOT / name, published / name)
        for name in BESIDE:
            shutil.copy2(ROOT / name, published / name)
        for path in Path(self.build_lib).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


class SameSdist(sdist):
    """The source archive with one time, one owner and one order, whoever builds it and when."""

    def make_archive(self, base_name, format, root_dir=None, base_dir=None, owner=None, group=None):
        if format != "gztar":
            return super().make_archive(base_name, format, root_dir, base_dir, owner, group)
        name = f"{base_name}.tar.gz"
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        with (
            open(name, "wb") as raw,
            GzipFile("", "wb", 9, raw, EPOCH) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
        ):
            for path in sorted(Path(base_dir).rglob("*")):
                if path.is_file():
                    entry = archive.gettarinfo(path, path.as_posix())
                    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = EPOCH, 0, 0, "", ""
                    entry.mode = 0o644
                    with path.open("rb") as content:
                        archive.addfile(entry, content)
        return name


setup(cmdclass={"build_py": BuildWithData, "sdist": SameSdist})
