// The patch that the maps are from: pinned by a click, dragged, walked by keys, or under the pointer
// while Shift is held or "Follow" is on. Where the queries and keys of a layer are there, its maps
// are computed here at once (attend.js); otherwise the server's come when the gesture ends.

function pin(view, at) {
  const { pin: asks } = view.data;
  if (!asks || !at) return;
  const { row, column } = cell(at, asks);
  if (view.pin?.row === row && view.pin.column === column) return;
  view.pin = { row, column, grid: asks.grid };
  Object.assign(view.asked, { kind: asks.kind, patch: `${row},${column}` });
  aim(view);
}

function unpin(view) {
  view.pin = null;
  view.asked.kind = view.data.pin.home;
  delete view.asked.patch;
  aim(view);
  tell(view);
}

// Show the maps of the patch under the pointer, without pinning it.
function follow(view, at) {
  const { pin: asks } = view.data;
  const next = at && asks ? cell(at, asks) : null;
  if (view.under?.row === next?.row && view.under?.column === next?.column) return;
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

// Turn all maps to the patch that is asked for now.
function aim(view) {
  for (const figure of view.heroes.children) {
    turn(view, figure);
    if (view.at) mark(figure, view.at);
  }
  for (const figure of figuresOf(view)) ring(view, figure);
  stir(view);
}

function turn(view, figure) {
  const { given } = figure;
  const at = view.under ?? view.pin;
  const own = view.data.pin?.at;
  const layer = given.live && layers.get(given.live.id);
  if (!at || !layer || (own && own[0] === at.row && own[1] === at.column)) {
    Object.assign(figure, { map: figure.own, limits: given.limits, what: given.what });
    return;
  }
  const { row, column } = cell(at, given);
  const maps = rowsFrom(layer, row, column);
  const values = headOf(maps, layer.rows * layer.columns, given.live.head);
  figure.map = { rows: layer.rows, columns: layer.columns, values, id: `${given.live.id} ${given.live.head} ${row},${column}` };
  figure.limits = { ...given.limits, map: rangeOf(values), layer: rangeOf(maps) };
  figure.what = `attention from row ${row}, column ${column}`;
}

function ring(view, { parts, given }) {
  const at = view.under ?? view.pin;
  parts.pin.classList.toggle("on", Boolean(at && given.grid));
  if (at && given.grid) place(parts.pin, boxOf(given, cell(at, given)));
}
