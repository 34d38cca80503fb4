// Hovering, touching or the arrow keys outline a patch in all pictures and show its value. A click
// pins it: the maps are then from this patch (pin.js). A finger drags the ring and nothing else.

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function listen(view, figure) {
  const { frame } = figure.parts;
  frame.onpointermove = (event) => {
    const at = under(figure, event);
    point(view, at);
    if (view.held) pin(view, at, figure);
    else follow(view, (event.shiftKey || view.look.follow) && event.pointerType === "mouse" ? at : null);
  };
  frame.onpointerdown = (event) => {
    point(view, under(figure, event));
    const finger = event.pointerType === "touch" && event.target !== figure.parts.pin; // which scrolls
    if (finger || event.button) return;
    view.held = true;
    frame.setPointerCapture(event.pointerId);
    pin(view, view.at, figure);
  };
  frame.onpointerup = frame.onpointercancel = () => {
    if (view.held) tell(view);
    view.held = false;
  };
  frame.onclick = (event) => {
    if (event.pointerType !== "touch") return;
    const at = under(figure, event);
    const pinned = figure.pinned ?? view.pin;
    if (at && pinned && same(cell(at, pinned), pinned)) return unpin(view, figure); // there is no Esc
    pin(view, at, figure);
    tell(view);
  };
  frame.onpointerleave = (event) => {
    follow(view, null);
    if (event.pointerType === "mouse") point(view, null);
  };
  frame.onblur = () => point(view, null);
  frame.onkeydown = (event) => press(view, figure, event);
  frame.onkeyup = (event) => {
    if (event.key === "Shift") follow(view, null);
  };
}

function press(view, figure, event) {
  const step = STEPS[event.key];
  if (event.key === "Escape") {
    if (figure.pinned ?? view.pin) unpin(view, figure);
    return point(view, null);
  }
  if (event.key === "Enter" && view.at) {
    pin(view, view.at, figure);
    return rest(view);
  }
  if (!step || !figure.map) return undefined;
  event.preventDefault();
  const { rows, columns } = figure.map;
  const { grid, place } = figure.given;
  const pinned = figure.pinned ?? view.pin;
  const from = pinned ?? view.at;
  const { row, column } = (from && cell(from, figure.given)) ?? before(strongest(figure.map), step);
  point(view, { row: clamp(row + step[0], rows), column: clamp(column + step[1], columns), grid, place });
  if (!pinned) return undefined;
  pin(view, view.at, figure);
  return rest(view);
}

// The patch under the pointer; on the photo, only the region that the model saw has patches.
function under(figure, event) {
  const area = figure.parts.frame.getBoundingClientRect();
  const [left, top, right, bottom] = figure.given.box ?? [0, 0, 1, 1];
  const x = ((event.clientX - area.left) / area.width - left) / (right - left);
  const y = ((event.clientY - area.top) / area.height - top) / (bottom - top);
  const { grid, place } = figure.given;
  if (!grid || x < 0 || y < 0 || x >= 1 || y >= 1) return null;
  return { row: Math.floor(y * grid[0]), column: Math.floor(x * grid[1]), grid, place };
}

const WHOLE = [0, 0, 1, 1];

// The patch of another picture that covers the centre of this one: grids and regions may differ.
// None where the other picture shows another photo, or a region without it.
function cell(at, { grid, place }) {
  if (at.place?.photo !== place?.photo) return null;
  const [left, top, right, bottom] = at.place?.box ?? WHOLE;
  const [x0, y0, x1, y1] = place?.box ?? WHOLE;
  const x = left + ((at.column + 0.5) / at.grid[1]) * (right - left);
  const y = top + ((at.row + 0.5) / at.grid[0]) * (bottom - top);
  const column = Math.floor(((x - x0) / (x1 - x0)) * grid[1]);
  const row = Math.floor(((y - y0) / (y1 - y0)) * grid[0]);
  const inside = row >= 0 && column >= 0 && row < grid[0] && column < grid[1];
  return inside ? { row, column, grid, place } : null;
}

function before({ row, column }, step) {
  return { row: row - step[0], column: column - step[1] };
}

function point(view, at) {
  view.at = at;
  for (const figure of figuresOf(view)) mark(figure, at);
  announce(view);
}

function figuresOf(view) {
  return [...view.heroes.children, view.original];
}

function mark(figure, pointed) {
  const { parts, given, map } = figure;
  const at = pointed && given && (map || given.place ? cell(pointed, given) : pointed);
  const inside = Boolean(at && given.grid);
  parts.patch.classList.toggle("on", inside);
  parts.readout.classList.toggle("on", inside && Boolean(map));
  if (!inside) return;
  const box = boxOf(given, at);
  place(parts.patch, box);
  parts.readout.classList.toggle("top", box[1] > 0.75);
  if (map) parts.readout.textContent = tellValue(given, map, at);
}

// Where a patch lies in a picture: left, top, right, bottom as fractions.
function boxOf({ box }, { row, column, grid: [rows, columns] }) {
  const [left, top, right, bottom] = box ?? [0, 0, 1, 1];
  const wide = (right - left) / columns;
  const tall = (bottom - top) / rows;
  const x = left + column * wide;
  const y = top + row * tall;
  return [x, y, x + wide, y + tall];
}

function tellValue({ share }, { columns, values }, { row, column }) {
  const value = values[row * columns + column];
  const words = [say("row {row}, column {column}", { row, column }), number(value)];
  const mass = share ? values.reduce((sum, each) => sum + each, 0) : 0;
  if (mass > 0) words.push(say("{share} % of the patches’ attention", { share: ((100 * value) / mass).toPrecision(2) }));
  return words.join(" · ");
}

function strongest({ columns, values }) {
  const at = values.indexOf(values.reduce((most, value) => Math.max(most, value)));
  return { row: Math.floor(at / columns), column: at % columns };
}

function place(element, [left, top, right, bottom]) {
  const percent = (part) => `${100 * part}%`;
  element.style.left = percent(left);
  element.style.top = percent(top);
  element.style.width = percent(right - left);
  element.style.height = percent(bottom - top);
}

function clamp(index, count) {
  return Math.max(0, Math.min(count - 1, index));
}
