"""Where shared photos are kept: objects under the SHA-256 of their bytes.

    store = shared()                  # the one of this process, as the environment says
    address = store.put(content)      # 64 hexadecimal digits
    store.get(address)                # the bytes, or None

`objects` says what an object is and for how long it is kept; `folder` and `bucket` are the two
places that hold bytes; `settings` reads the environment.

    HEEDMAP_STORE      a folder, or s3://BUCKET/PREFIX for several servers (needs
                       requirements-s3.txt). Default: a folder of the user's data directory.
    HEEDMAP_STORE_GB   what all objects may take, in GB of 10^9 bytes; those that were not opened
                       for longest go first. Default: 2.
    HEEDMAP_KEEP_DAYS  days that an object is kept after it was last opened. Default: 90.
"""

from heedmap.store.objects import Store, is_address
from heedmap.store.settings import Settings, check_environment, days_kept, shared

__all__ = ["Settings", "Store", "check_environment", "days_kept", "is_address", "shared"]
