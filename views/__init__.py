"""What can be shown of a photo in a model, and how it is described. Imports no Streamlit.

    request = Request("cat", "bundled-vit", 128, "whole")
    source = attention.source(models.load(request.model), request)    # one forward pass, kept
    shown = attention.Map(source, layer=5, head=attention.MEAN)
    picture = render.drawn(shown, render.Look(colormap="magma"))      # (h, w, 3) uint8
    facts.attention(shown)                                            # [("Model", ...), ...]

Pages, a command or an HTTP route call these functions and little else. Whatever is slow (decoding
a photo, running a model, drawing) is cached for all visitors, bounded in bytes; see `cache`.
"""
