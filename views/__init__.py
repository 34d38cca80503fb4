"""What can be shown and how it is told; no Streamlit in here."""
