// An attention matrix: queries down, keys across, tokens that are no patches in wider cells apart.
// Pointing at it, or the arrow keys, tells a pair; a click or Enter pins the patch of its row.

const CELL = 4; // px of the canvas
const WIDE = 20; // of a token that is no patch
const GAP = 6;
const TICKS = 8; // names of rows of patches along an axis, at most

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".matrix");
  if (!root || !data) return;
  if (learn(root, data)) build(root);
  root.given = data;
  root.pick = (place) => setTriggerValue("picked", place.join(","));
  if (root.painted !== data.values) draw(root, data);
  root.painted = data.values;
  root.parts.picture.setAttribute("aria-label", data.label);
  place(root.parts.pinned, data.at, root.spans, "y");
}

function build(root) {
  const axes = add(root, "div", "axes");
  const parts = { queries: add(axes, "b", "queries"), keys: add(axes, "b", "keys") };
  parts.queries.textContent = say("Query ↓");
  parts.keys.textContent = say("Key →");
  for (const name of ["top", "down", "picture"]) parts[name] = add(axes, "div", name);
  parts.canvas = add(parts.picture, "canvas", "");
  for (const name of ["query", "key", "pinned"]) parts[name] = add(parts.picture, "div", `line ${name}`);
  parts.told = add(root, "div", "told");
  parts.told.setAttribute("aria-live", "polite");
  const legend = add(root, "div", "legend");
  for (const name of ["low", "bar", "high"]) parts[name] = add(legend, "span", name);
  Object.assign(root, { parts, painted: null });
  listen(root, parts.picture);
}

function listen(root, picture) {
  picture.tabIndex = 0;
  picture.setAttribute("role", "img");
  picture.onpointermove = (event) => tell(root, under(root, event));
  picture.onpointerleave = (event) => event.pointerType === "mouse" && tell(root, null);
  picture.onblur = () => tell(root, null);
  picture.onclick = (event) => choose(root, under(root, event));
  picture.onkeydown = (event) => press(root, event);
}

// Where each token lies along an axis: [start, end] in px of the canvas.
function spansOf(places) {
  let end = 0;
  return places.map((patch, i) => {
    if (i && Boolean(patch) !== Boolean(places[i - 1])) end += GAP;
    const start = end;
    end += patch ? CELL : WIDE;
    return [start, end];
  });
}

function draw(root, { values, labels, places, high, table }) {
  const { parts } = root;
  const numbers = fromHalf(new Uint16Array(bytes(values).buffer));
  const colours = bytes(table);
  const spans = spansOf(places);
  const side = spans.at(-1)[1];
  Object.assign(root, { numbers, spans, side, at: null });
  Object.assign(parts.canvas, { width: side, height: side });
  const context = parts.canvas.getContext("2d");
  spans.forEach(([top, bottom], query) =>
    spans.forEach(([left, right], key) => {
      const level = Math.min(255, Math.floor((256 * numbers[query * spans.length + key]) / (high || 1)));
      context.fillStyle = `rgb(${colours.subarray(3 * level, 3 * level + 3).join(" ")})`;
      context.fillRect(left, top, right - left, bottom - top);
    }),
  );
  const ticks = ticksOf(labels, places);
  name(parts.top, ticks, root, "left");
  name(parts.down, ticks, root, "top");
  parts.low.textContent = "0";
  parts.high.textContent = say("{number} and more", { number: Number(high.toPrecision(2)) });
  const stops = Array.from({ length: 25 }, (_, i) => 3 * Math.floor((i * 255) / 24));
  parts.bar.style.setProperty("--ramp", stops.map((at) => `rgb(${colours.subarray(at, at + 3).join(" ")})`));
}

// The names along an axis: other tokens once for all of a kind, and some rows of patches.
function ticksOf(labels, places) {
  const kind = (label) => label.split(" ")[0];
  const starts = places.flatMap((each, i) => (each && !each[1] ? [i] : []));
  const every = Math.ceil(starts.length / TICKS);
  const rows = starts.filter((_, i) => i % every === 0).map((i) => [i, say("row {row}", { row: places[i][0] })]);
  const others = labels.flatMap((label, i) => {
    const again = places[i] || (i && !places[i - 1] && kind(labels[i - 1]) === kind(label));
    return again ? [] : [[i, kind(label)]];
  });
  return [...others, ...rows];
}

function name(axis, ticks, { spans, side }, edge) {
  // On the left at the middle of a token, above it at its start.
  axis.replaceChildren();
  for (const [token, text] of ticks) {
    const [start, end] = spans[token];
    const made = add(axis, "span", "");
    made.textContent = text;
    made.style[edge] = `${(100 * (edge === "left" ? start : (start + end) / 2)) / side}%`;
  }
}

function under({ spans, side, parts }, event) {
  const area = parts.picture.getBoundingClientRect();
  const token = (share) => spans.findIndex(([start, end]) => share * side >= start && share * side < end);
  const query = token((event.clientY - area.top) / area.height);
  const key = token((event.clientX - area.left) / area.width);
  return query < 0 || key < 0 ? null : { query, key };
}

function tell(root, at) {
  const { parts, given, numbers, spans } = root;
  root.at = at;
  place(parts.query, at?.query, spans, "y");
  place(parts.key, at?.key, spans, "x");
  announce(root, at);
  if (!at) return (parts.told.textContent = "");
  const value = numbers[at.query * spans.length + at.key];
  const times = (value / given.even[at.key]).toPrecision(2);
  return (parts.told.textContent =
    say("{query} attends to {key}: {share}, {times} times an even share", {
      query: given.labels[at.query], key: given.labels[at.key], share: value.toPrecision(3), times: Number(times),
    }));
}

// The other pictures of the page outline the key, and follow the query where they follow.
function announce({ given: { places, grid, tile } }, at) {
  const middle = (token) => {
    if (!places[token]) return null;
    const [row, column] = places[token].map((first, i) => Math.min(grid[i] - 1, first + Math.floor(tile / 2)));
    return { row, column, grid };
  };
  const detail = { at: at && middle(at.key), under: at && middle(at.query) };
  globalThis.dispatchEvent(new CustomEvent("heedmap-aim", { detail }));
}

function choose(root, at) {
  const first = at && root.given.places[at.query];
  if (!first) return;
  const { grid, tile } = root.given;
  root.pick(first.map((from, i) => Math.min(grid[i] - 1, from + Math.floor(tile / 2))));
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function press(root, event) {
  if (event.key === "Enter") choose(root, root.at);
  if (event.key === "Escape") tell(root, null);
  const step = STEPS[event.key];
  if (!step) return undefined;
  event.preventDefault();
  const last = root.spans.length - 1;
  const clamp = (index) => Math.max(0, Math.min(last, index));
  if (!root.at) return tell(root, { query: root.given.at ?? 0, key: 0 });
  const { query, key } = root.at;
  return tell(root, { query: clamp(query + step[0]), key: clamp(key + step[1]) });
}

function place(line, token, spans, axis) {
  const there = token !== null && token !== undefined;
  line.classList.toggle("on", there);
  if (!there) return;
  const side = spans.at(-1)[1];
  const [start, end] = spans[token].map((edge) => `${(100 * edge) / side}%`);
  const size = `calc(${end} - ${start})`;
  Object.assign(line.style, axis === "y" ? { top: start, height: size } : { left: start, width: size });
}
