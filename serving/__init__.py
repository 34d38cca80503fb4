"""What is between the network and the app: hosts, headers, sessions, uploads, a clean end.

Each file has one Starlette middleware or one hook of `server.py`. Nothing here knows the pages.

    HEEDMAP_HOSTS    host names that the server answers to besides localhost and the address that
                     it is bound to, separated by commas; *.example.org names all subdomains and
                     * every host. Default: none.
    HEEDMAP_SESSIONS sessions at once in all, and after a comma from one address. Default: 300, 60.
    HEEDMAP_FRAMES   sites that may show the app in a frame, separated by commas or spaces, such
                     as https://huggingface.co; 'self', none, or * for all. Default: 'self'.
"""
