// The patch that the maps are from: pinned by a click, dragged, walked by keys, or under the pointer
// while Shift is held or "Follow" is on. Where the queries and keys of a layer are there, its maps
// are computed here at once (attend.js); otherwise the server's come when the gesture ends.

function pin(view, at, figure) {
  if (figure?.given.pin) return pinColumns(view, at, figure);
  const { pin: asks } = view.data;
  const next = asks && at && cell(at, asks);
  if (!next || same(next, view.pin)) return undefined;
  const { row, column } = next;
  view.pin = { row, column, grid: asks.grid };
  Object.assign(view.asked, { kind: asks.kind, patch: `${row},${column}` });
  return aim(view);
}

// Columns have a pin each. One that has none yet gets it by a click; the pins of the others move to
// the same place of the same photo.
function pinColumns(view, at, clicked) {
  for (const figure of view.heroes.children) {
    const { pin: asks } = figure.given;
    const next = at && asks && (figure === clicked || figure.pinned) && cell(at, figure.given);
    if (!next || same(next, figure.pinned)) continue;
    figure.pinned = next;
    view.asked[`${asks.prefix}kind`] = asks.kind;
    view.asked[`${asks.prefix}patch`] = `${next.row},${next.column}`;
    ring(view, figure);
  }
}

function unpin(view, figure) {
  const { pin: own } = figure.given;
  if (own) {
    figure.pinned = null;
    view.asked[`${own.prefix}kind`] = own.home;
    delete view.asked[`${own.prefix}patch`];
    ring(view, figure);
    return tell(view);
  }
  view.pin = null;
  view.asked.kind = view.data.pin.home;
  delete view.asked.patch;
  aim(view);
  return tell(view);
}

// Show the maps of the patch under the pointer, without pinning it.
function follow(view, at) {
  const { pin: asks } = view.data;
  const next = at && asks ? cell(at, asks) : null;
  if (same(view.under, next)) return;
  view.under = next;
  if (next) want(view);
  aim(view);
}

// Ask once for the queries and keys of the layers that are shown.
function want(view) {
  const ids = [...view.heroes.children].map(({ given }) => given.live?.id).filter(Boolean);
  const missing = ids.filter((id) => !layers.has(id) && !view.wanted.has(id));
  if (!missing.length) return;
  for (const id of missing) view.wanted.add(id);
  view.asked.live = "1";
  tell(view);
}

function same(one, other) {
  return one?.row === other?.row && one?.column === other?.column;
}

// Turn all maps to the patch that is asked for now.
function aim(view) {
  turnAll(view);
  announce(view);
}

// Tell the other pictures of the page what is pinned and pointed at here.
function announce(view) {
  globalThis.dispatchEvent(new CustomEvent("heedmap-aim", { detail: view }));
}

// Take over what is pinned and pointed at in another picture of the page, which may pin nothing.
function join(view, { at, under: over, pin = view.pin }) {
  view.at = at;
  for (const figure of figuresOf(view)) mark(figure, view.at);
  const under = view.look.follow ? over : null;
  if (same(view.pin, pin) && same(view.under, under)) return;
  Object.assign(view, { pin, under });
  turnAll(view);
}

function turnAll(view) {
  for (const figure of view.heroes.children) {
    turn(view, figure);
    if (view.at) mark(figure, view.at);
  }
  for (const figure of figuresOf(view)) ring(view, figure);
  stir(view);
}

function turn(view, figure) {
  const at = view.under ?? view.pin;
  const own = view.data.pin?.at;
  const moved = at && !(own && own[0] === at.row && own[1] === at.column);
  const found = moved && (figure.units ? alike(view, figure, at) : attended(figure, at));
  const { limits, what } = figure.given;
  Object.assign(figure, found || { map: figure.own, limits, what });
}

// The attention from a patch; undefined where the queries and keys are not there.
function attended({ given }, at, head = given.live?.head) {
  const layer = given.live && layers.get(given.live.id);
  if (!layer) return undefined;
  const { row, column } = cell(at, given);
  const { maps, ends } = rowsOf(layer, row, column);
  const values = headOf(maps, layer.rows * layer.columns, head);
  const id = `${given.live.id} ${head} ${row},${column}`;
  return {
    map: { rows: layer.rows, columns: layer.columns, values, id },
    limits: { ...given.limits, map: rangeOf(values), layer: ends },
    what: say("attention from row {row}, column {column}", { row, column }),
  };
}

// All heads of a layer; the last patch is kept, since several pictures ask for it.
function rowsOf(layer, row, column) {
  if (layer.last?.row !== row || layer.last.column !== column) {
    const maps = rowsFrom(layer, row, column);
    layer.last = { row, column, maps, ends: rangeOf(maps) };
  }
  return layer.last;
}

// Paint one head of a layer small, from the patch that is asked for; false where that is not had.
function thumbnail(view, id, head, canvas, width) {
  const figure = [...view.heroes.children].find(({ given }) => given.live?.id === id);
  const at = view.under ?? view.pin;
  const found = at && figure?.base && attended(figure, at, head);
  const scale = view.look.scale === "both" ? "map" : view.look.scale;
  if (!found || !found.limits[scale]) return false;
  const base = figure.base.within(width);
  Object.assign(canvas, { width: base.width, height: base.height });
  const pixels = paint(base, found.map, { ...lookOf(view, figure), limits: found.limits[scale] });
  canvas.getContext("2d").putImageData(new ImageData(pixels, base.width, base.height), 0, 0);
  return true;
}

// Similarity to a patch of the first picture, on one scale for all pictures that have features.
function alike(view, figure, at) {
  const having = [...view.heroes.children].filter(({ units }) => units);
  const [first] = having;
  const { row, column, grid } = cell(at, first.given);
  const maps = having.map(({ units }) => cosines(first.units, row * grid[1] + column, units));
  const ends = maps.map(rangeOf);
  const [rows, columns] = figure.given.grid;
  return {
    map: { rows, columns, values: maps[having.indexOf(figure)], id: `${row},${column} ${figure.given.values}` },
    limits: { map: [Math.min(...ends.map(([low]) => low)), Math.max(...ends.map(([, high]) => high))] },
    what: say("cosine similarity to row {row}, column {column}", { row, column }),
  };
}

function ring(view, { parts, given, pinned: own }) {
  const pinned = own ?? view.under ?? view.pin;
  const at = pinned && given?.grid && cell(pinned, given);
  parts.pin.classList.toggle("on", Boolean(at));
  if (at) place(parts.pin, boxOf(given, at));
}
