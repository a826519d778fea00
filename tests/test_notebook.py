"""The notebook in examples/ runs from first cell to chart on a real server, and is kept without outputs."""

import json
import os
import shutil
import sys
import warnings
from pathlib import Path

import nbformat
import pytest

from incsr import questions

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
QUESTION = next(q for q in questions.read_all() if q.name == "trainees-by-country")


@pytest.fixture(scope="module")
def executed(published, tmp_path_factory):
    """The notebook with its outputs, executed by a kernel of this environment in an empty folder."""
    with warnings.catch_warnings():
        # The Jupyter packages warn of their plans (event loops, platform folders) while they are imported.
        warnings.simplefilter("ignore")
        from nbclient import NotebookClient

        (path,) = NOTEBOOKS
        notebook = nbformat.read(path, as_version=4)
        folder = tmp_path_factory.mktemp("notebook")
        environment = {"INCSR_ENDPOINT": f"{published.url}/sparql", "JUPYTER_PLATFORM_DIRS": "1"}
        environment |= {"IPYTHONDIR": str(folder / "ipython"), "JUPYTER_RUNTIME_DIR": str(folder / "runtime")}
        kernels = Path(sys.prefix) / "share" / "jupyter"
        environment["JUPYTER_PATH"] = str(kernels)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            client = NotebookClient(
                notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
            )
            client.execute(env={**os.environ})
        shutil.rmtree(folder / "runtime", ignore_errors=True)
    return notebook


def outputs(notebook, kind):
    """What code cells put out, of one media type."""
    return [
        output["data"][kind]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if kind in output.get("data", {})
    ]


def test_the_notebook_is_kept_without_outputs_and_counts():
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                assert cell.outputs == [] and cell.execution_count is None
        assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert len(NOTEBOOKS) == 1


def test_the_notebook_gets_the_answer_of_the_question(executed):
    (table, *_rest) = outputs(executed, "text/html")

    for country, trained in QUESTION.rows:
        assert f"<td>{country}</td>" in table and f"<td>{trained}</td>" in table
    assert "240 in Guatemala" in table
    assert str(sum(int(trained) for _country, trained in QUESTION.rows)) in outputs(executed, "text/plain")


def test_the_notebook_ends_in_a_chart_of_the_same_figures(executed):
    page = outputs(executed, "text/html")[-1]
    chart, _end = json.JSONDecoder().raw_decode(page, page.index('{"config"'))

    (rows,) = chart["datasets"].values()
    assert [[row["country"], str(row["trained"])] for row in rows] == [list(row) for row in QUESTION.rows]
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["bar", "text"]
    assert all("/report/2014-cbp?words=" in row["words"] for row in rows)
