"""What can be shown of a model and a photo, and how it is told. Knows no Streamlit.

    request = Request("cat", "bundled-vit", 128, "whole")
    source = attention.source(models.load(request.model), request)    # one forward pass, kept
    shown = attention.Map(source, layer=5, head=attention.MEAN)
    picture = render.drawn(shown, render.Look(colormap="magma"))      # (h, w, 3) uint8
    facts.attention(shown)                                            # [("Model", ...), ...]

Pages, a command or an HTTP route are thin doors to these functions. What is slow (decoding a
photo, running a model, drawing) is kept for all visitors, bounded in bytes; see `cache`.
"""
