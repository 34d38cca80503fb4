// The large pictures: one or two maps, the photo beside them, bars and facts.
// Hovering, touching or the arrow keys outline a patch and show its value.

const views = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".stage");
  if (!root || !data) return;
  const view = views.get(root) ?? build(root);
  views.set(root, view);
  view.data = data;
  fit(view.heroes, data.panels.length, () => panel(view));
  data.panels.forEach((given, i) => show(view.heroes.children[i], given));
  show(view.original, data.original);
  view.verdict.textContent = data.verdict;
  bars(view.bars, data.bars);
  facts(view.facts, data.facts);
  point(view, view.at);
}

function build(root) {
  const view = { at: null };
  const layout = add(root, "div", "layout");
  view.heroes = add(layout, "div", "heroes");
  const aside = add(layout, "div", "aside");
  view.original = aside.appendChild(panel(view));
  view.verdict = add(aside, "p", "verdict");
  view.bars = add(aside, "ol", "bars");
  view.bars.setAttribute("aria-label", "The five most probable classes");
  view.facts = add(aside, "dl", "facts");
  return view;
}

function panel(view) {
  const figure = document.createElement("figure");
  figure.className = "panel";
  const title = add(figure, "figcaption", "title");
  const frame = add(figure, "div", "frame");
  const parts = {
    name: add(title, "span", "name"),
    tag: add(title, "span", "tag"),
    frame,
    img: add(frame, "img", ""),
    seen: add(frame, "div", "seen"),
    badge: add(frame, "span", "badge"),
    patch: add(frame, "div", "patch"),
    readout: add(frame, "div", "readout"),
    legend: add(figure, "div", "legend"),
  };
  parts.img.alt = "";
  parts.img.draggable = false;
  parts.bar = add(parts.legend, "div", "bar");
  const ends = add(parts.legend, "div", "ends");
  parts.low = add(ends, "span", "low");
  parts.what = add(ends, "span", "what");
  parts.high = add(ends, "span", "high");
  parts.readout.setAttribute("aria-live", "polite");
  figure.parts = parts;
  listen(view, figure);
  return figure;
}

function show(figure, given) {
  const { parts } = figure;
  figure.given = given;
  parts.name.textContent = given.title;
  parts.tag.textContent = given.tag ?? "";
  parts.badge.textContent = given.badge ?? "";
  figure.style.setProperty("--ratio", given.width / given.height);
  parts.frame.setAttribute("role", "img");
  parts.frame.setAttribute("aria-label", given.alt);
  parts.frame.tabIndex = given.values ? 0 : -1;
  parts.seen.classList.toggle("on", Boolean(given.box));
  if (given.box) place(parts.seen, given.box);
  swap(figure, given);
  const { legend } = given;
  parts.legend.hidden = !legend;
  if (!legend) return;
  parts.bar.hidden = !legend.colors;
  if (legend.colors) parts.bar.style.setProperty("--ramp", legend.colors.join());
  parts.low.textContent = legend.low ?? "";
  parts.high.textContent = legend.high ?? "";
  parts.what.textContent = legend.what;
}

// The next picture is decoded before it replaces the last one, so that nothing flickers.
function swap(figure, given) {
  const { parts } = figure;
  if (parts.wanted === given.src) return;
  parts.wanted = given.src;
  const next = parts.img.cloneNode();
  next.src = given.src;
  const put = () => {
    if (parts.wanted !== given.src) return;
    parts.img.replaceWith(next);
    parts.img = next;
    parts.frame.dataset.picture = String(Number(parts.frame.dataset.picture ?? 0) + 1);
  };
  next.decode().then(put, put);
}

function listen(view, figure) {
  const { frame } = figure.parts;
  frame.onpointermove = frame.onpointerdown = (event) => {
    const patch = under(figure, event);
    point(view, patch);
  };
  frame.onpointerleave = (event) => {
    if (event.pointerType === "mouse") point(view, null);
  };
  frame.onblur = () => point(view, null);
  frame.onkeydown = (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const { values } = figure.given;
    if (event.key === "Escape") return point(view, null);
    if (!step || !values) return undefined;
    event.preventDefault();
    const from = (view.at && cell(view.at, figure.given.grid)) ?? before(strongest(values), step);
    const row = clamp(from.row + step[0], values.length);
    const column = clamp(from.column + step[1], values[0].length);
    return point(view, { row, column, grid: figure.given.grid });
  };
}

// The patch under the pointer; on the photo, only the region that the model saw has patches.
function under(figure, event) {
  const area = figure.parts.frame.getBoundingClientRect();
  const [left, top, right, bottom] = figure.given.box ?? [0, 0, 1, 1];
  const x = ((event.clientX - area.left) / area.width - left) / (right - left);
  const y = ((event.clientY - area.top) / area.height - top) / (bottom - top);
  const grid = figure.given.grid;
  if (!grid || x < 0 || y < 0 || x >= 1 || y >= 1) return null;
  return { row: Math.floor(y * grid[0]), column: Math.floor(x * grid[1]), grid };
}

// The patch of another grid that covers the centre of this one: two models may differ.
function cell(at, grid) {
  const along = (index, from, to) => Math.floor(((index + 0.5) / from) * to);
  return { row: along(at.row, at.grid[0], grid[0]), column: along(at.column, at.grid[1], grid[1]), grid };
}

function before({ row, column }, step) {
  return { row: row - step[0], column: column - step[1] };
}

function point(view, at) {
  view.at = at;
  for (const figure of [...view.heroes.children, view.original]) mark(figure, at);
}

function mark(figure, pointed) {
  const { parts, given } = figure;
  const at = pointed && (given.values ? cell(pointed, given.grid) : pointed);
  const inside = Boolean(at && given.grid);
  parts.patch.classList.toggle("on", inside);
  parts.readout.classList.toggle("on", inside && Boolean(given.values));
  if (!inside) return;
  const [left, top, right, bottom] = given.box ?? [0, 0, 1, 1];
  const [rows, columns] = at.grid;
  const wide = (right - left) / columns;
  const tall = (bottom - top) / rows;
  const x = left + at.column * wide;
  const y = top + at.row * tall;
  place(parts.patch, [x, y, x + wide, y + tall]);
  parts.readout.classList.toggle("top", y > 0.75);
  if (given.values) parts.readout.textContent = tell(given, at);
}

function tell(given, at) {
  const value = given.values[at.row][at.column];
  const words = [`row ${at.row}, column ${at.column}`, value.toPrecision(3)];
  if (given.share) {
    const mass = given.values.flat().reduce((sum, each) => sum + each, 0);
    if (mass > 0) words.push(`${((100 * value) / mass).toPrecision(2)} % of the patches’ attention`);
  }
  return words.join(" · ");
}

function bars(list, shares) {
  list.hidden = !shares.length;
  fit(list, shares.length, () => {
    const row = document.createElement("li");
    for (const name of ["class", "track", "percent"]) add(row, "span", name);
    add(row.children[1], "span", "fill");
    return row;
  });
  shares.forEach(([name, share], i) => {
    const [label, track, percent] = list.children[i].children;
    label.textContent = name;
    label.title = name;
    track.firstChild.style.width = `${100 * share}%`;
    percent.textContent = `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
  });
}

function facts(list, pairs) {
  const text = JSON.stringify(pairs);
  if (list.dataset.given === text) return;
  list.dataset.given = text;
  list.replaceChildren();
  for (const [label, value] of pairs) {
    add(list, "dt", "").textContent = label;
    add(list, "dd", "").textContent = value;
  }
}

function strongest(values) {
  let best = { row: 0, column: 0 };
  values.forEach((line, row) =>
    line.forEach((value, column) => {
      if (value > values[best.row][best.column]) best = { row, column };
    }),
  );
  return best;
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
