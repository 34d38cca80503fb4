"""Every private name of Streamlit that Heedmap uses, and why.

If an upgrade of Streamlit breaks one, it is fixed here. (`streamlit.delta_generator` is imported
elsewhere for annotations only.)
"""

from __future__ import annotations

from streamlit.runtime.scriptrunner import get_script_run_ctx


def session() -> str:
    """What tells this visitor's session from all others, for their place in the queue."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def went_through_history() -> bool:
    """Whether the browser's back or forward button caused this run.

    Only then does the URL win over the widgets; `st.query_params` does not tell who changed it.
    """
    context = get_script_run_ctx(suppress_warning=True)
    return bool(getattr(context, "is_history_navigation", False))
