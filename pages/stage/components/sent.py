"""What components are sent."""

from __future__ import annotations

from typing import TypedDict


class Tool(TypedDict, total=False):
    """One control of the toolbar, named as its setting in the URL.

    `kind` is "choice" of `options` (value -> words), "range" from `low` to `high` in steps of
    `step`, or "switch". With `views` it works in these views only, an empty list disables it. With
    `follows`, the name of a switch, its default is `defaults[0]` while that is off and
    `defaults[1]` while it is on.
    """

    name: str
    label: str
    kind: str
    value: str | int | bool
    options: dict[str, str]
    low: int
    high: int
    step: int
    views: list[str]
    follows: str
    defaults: list[int]
    hidden: bool
    help: str


class Place(TypedDict):
    """A region (left, top, right, bottom) of a photo, as fractions of it."""

    photo: str
    box: list[float]


class Live(TypedDict):
    """From what the browser computes a map: the id of a layer, and a head of it or the mean."""

    id: str
    head: str


class Followed(TypedDict):
    """The id of the layer whose heads a gallery shows, and the patch that they are from, if any."""

    id: str
    at: list[int] | None


class Pin(TypedDict):
    """How a patch is pinned: the kind of attention that it asks for, and the one without a patch.

    `at` is the pinned patch, in `grid`. `prefix` is that of the settings of a column, "" without.
    """

    kind: str
    home: str
    grid: list[int]
    at: list[int] | None
    prefix: str


class Trust(TypedDict, total=False):
    """How far a map can be trusted: curves of a score in `unit`, drawn between `ends`.

    `gain` is the area between them, `beside` that of maps that know nothing of the photo, by name.
    `says` stands in for a test that is not there.
    """

    says: str
    gain: str
    beside: list[list[str]]
    unit: str
    deletion: list[float]
    insertion: list[float]
    ends: tuple[float, float]


class About(TypedDict, total=False):
    """What is told of a method under its map, each in a sentence; `source` is its paper."""

    reads: str
    assumes: str
    fails: str
    source: str
    trust: Trust


class Panel(TypedDict, total=False):
    """One large picture.

    `src` is a data URL of a photo; a picture has the proportions of `width` to `height`. A map is
    painted over it from `values`, base64 of (rows, cols) float32, between the `limits` of the
    chosen scale, in the colours that the tool `colors` names; `signed` maps part at zero. With
    `share` each value is also shown as a share of their sum. `badge` is a few words over the
    picture. `box` is the region (left, top, right, bottom) that the model saw, as fractions of the
    picture; all of it by default. `place` is the region of which photo it shows, where panels show
    several: pointing at one marks the same place of that photo in all. `view` is the only one that
    a picture has. `says` stands in for a picture that failed. From `units`, base64 of float16
    (patches, dim), the browser computes its values: cosine similarity to the patch of the first
    picture that is pinned or pointed at. `colours`, base64 of (rows, cols, 3) uint8, are shown in
    place of values. `marks` are patches that are outlined. `about` is told under it. `pin` is how a
    patch is pinned in this picture alone.
    """

    title: str
    tag: str
    src: str
    width: int
    height: int
    alt: str
    grid: list[int]
    values: str
    what: str
    limits: dict[str, tuple[float, float]]
    colors: str
    signed: bool
    plain: bool
    share: bool
    live: Live
    badge: str
    box: list[float]
    place: Place
    view: str
    says: str
    credit: str
    units: str
    colours: str
    marks: list[list[int]]
    about: About
    pin: Pin


class Item(TypedDict, total=False):
    """One picture of a gallery; `key` is what `on_pick` is called with."""

    key: str
    src: str
    alt: str
    caption: str
    note: str
    title: str


class Group(TypedDict, total=False):
    """A row of a gallery with its heading."""

    title: str
    note: str
    items: list[Item]


class Matrix(TypedDict):
    """An attention matrix, as `viz.AttentionMatrix` has it, in its order.

    `values` is base64 of (tokens, tokens) float16, row = query. `places` are the patches, or the
    first ones of their tiles, in `grid`; None for other tokens. `high` is the value at the upper
    end of the colour bar, `even` what a token of attention to all alike has. `at` is the number of
    the token that is pinned, or None.
    """

    values: str
    labels: list[str]
    places: list[list[int] | None]
    grid: list[int]
    tile: int
    high: float
    even: list[float]
    at: int | None


class Guessed(TypedDict):
    """What a model guesses at one place: words and their shares."""

    title: str
    tokens: list[str]
    shares: list[float]


class Words(TypedDict, total=False):
    """A text and the attention of one head, row = query.

    `values` is base64 of (N, N) float16; "" for a text that is too long: then `row` and `column`
    are those of the word that is picked, or "", and `small` has neighbours averaged, (n, n).
    `received` is the mean row, (N,). `kinds` and `parts` are those of `Encoded`. `at` is the number
    of the word that is picked, or None. `high` is the value at the upper end of the colour bar. A
    difference is `signed`, and shown as a matrix alone; with `plain` there is no matrix. `hint`
    stands where no word is pointed at.
    """

    tokens: list[str]
    kinds: list[str]
    parts: list[int]
    values: str
    small: str
    row: str
    column: str
    received: str
    high: float
    at: int | None
    hint: str
    guesses: list[Guessed]
    signed: bool
    plain: bool
