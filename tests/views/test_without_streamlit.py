"""The room works where Streamlit is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

VIEWS = Path(__file__).parent.parent.parent / "views"

# What an interpreter without Streamlit runs: imports every module, then makes a picture.
CODE = """
import sys
sys.modules["streamlit"] = None  # importing it raises
from importlib import import_module
for name in {names!r}:
    import_module(name)
from heedmap import models
from heedmap.views import attention, export, facts, render
from heedmap.views.request import Request
request = Request("cat", "bundled-vit", 128)
source = attention.source(models.load("bundled-vit"), request)
shown = attention.Map(source, layer=5)
print(render.drawn(shown, render.Look()).shape, dict(facts.attention(shown))["Layer"])
"""


def test_views_need_no_streamlit() -> None:
    names = [f"heedmap.views.{path.stem}" for path in sorted(VIEWS.glob("*.py"))]
    assert len(names) > 8
    code = CODE.format(names=[name.removesuffix(".__init__") for name in names])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(681, 1024, 3) 5 (first 0, last 5)"
