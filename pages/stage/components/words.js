// Words and what they attend to: the text twice, shaded; lines between two columns; the matrix.
// Pointing at a word previews it, a click or Enter picks it, Escape lets it go.

const MOST_LINES = 240;
const FAINT = 0.02; // a share below which no number and no line is shown
const FLOWS = ["reads", "read"];
const TICK = 13; // px that the name of a token takes along an axis

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".words");
  if (!root || !data) return;
  if (learn(root, data)) build(root);
  root.given = data;
  root.pick = (at) => setTriggerValue("picked", at === null ? "" : String(at));
  if (root.shown !== data.tokens.join("\n") + data.values + data.received) dress(root, data);
  root.shown = data.tokens.join("\n") + data.values + data.received;
  root.at = data.at;
  root.classList.toggle("signed", Boolean(data.signed));
  root.classList.toggle("plain", Boolean(data.plain));
  root.parts.guesses.replaceChildren(...data.guesses.map(guess));
  show(root, data.at);
}

function build(root) {
  const parts = {};
  for (const name of FLOWS) {
    const flow = add(root, "section", `flow ${name}`);
    parts[`${name}Title`] = add(flow, "h3", "");
    parts[name] = add(flow, "div", "text");
    parts[name].dir = "auto";
  }
  parts.told = add(root, "p", "told");
  parts.told.setAttribute("aria-live", "polite");
  const without = add(add(root, "label", "without"), "input", "");
  without.type = "checkbox";
  without.parentElement.append(say("Shade words alone: leave out special tokens and punctuation"));
  without.onchange = () => show(root, root.at);
  parts.without = without;
  parts.guesses = add(root, "div", "guesses");
  const two = add(root, "div", "two");
  parts.lines = add(two, "div", "lines");
  parts.lines.append(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
  for (const name of ["queries", "keys"]) parts[name] = add(parts.lines, "div", `column ${name}`);
  const axes = add(two, "div", "axes");
  add(axes, "b", "corner").textContent = say("Query ↓ Key →");
  for (const name of ["top", "down", "picture"]) parts[name] = add(axes, "div", name);
  parts.canvas = add(parts.picture, "canvas", "");
  for (const name of ["rowLine", "columnLine"]) parts[name] = add(parts.picture, "div", `line ${name}`);
  const legend = add(axes, "div", "legend");
  for (const name of ["low", "bar", "high"]) parts[name] = add(legend, "span", name);
  Object.assign(root, { parts, shown: null });
  add(root, "div", "icons").append(presenter(root, () => parts.reads.children[root.at] ?? root));
  presentable(root);
  listen(root);
}

function listen(root) {
  for (const name of [...FLOWS, "queries", "keys"]) {
    const place = root.parts[name];
    place.onpointerover = (event) => preview(root, event);
    place.onpointerleave = () => show(root, root.at);
    place.onclick = (event) => choose(root, of(event));
    place.onkeydown = (event) => press(root, event);
    place.addEventListener("focusin", (event) => of(event) !== null && show(root, of(event)));
    place.addEventListener("focusout", () => show(root, root.at));
  }
  const { picture } = root.parts;
  picture.onpointermove = (event) => point(root, cell(root, event));
  picture.onpointerleave = () => show(root, root.at);
  picture.onclick = (event) => choose(root, cell(root, event)?.query ?? null);
}

function preview(root, event) {
  if (event.pointerType === "mouse" && of(event) !== null) show(root, of(event));
}

function of(event) {
  const found = event.target.closest("[data-at]");
  return found ? Number(found.dataset.at) : null;
}

function choose(root, at) {
  if (at === null) return;
  root.at = root.at === at ? null : at;
  root.pick(root.at);
  show(root, root.at);
}

function press(root, event) {
  const at = of(event);
  if (at === null) return;
  if (event.key === "Escape" && root.at !== null) return choose(root, root.at);
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    return choose(root, at);
  }
  const last = root.given.tokens.length - 1;
  const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: last };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const to = Math.max(0, Math.min(last, steps[event.key]));
  root.parts.reads.children[to].focus();
}

// What changes with the text, the layer and the head.
function dress(root, data) {
  const { parts } = root;
  root.values = data.values ? floats(data.values) : null;
  for (const name of FLOWS) {
    fit(parts[name], data.tokens.length, chip);
    data.tokens.forEach((token, at) => name_(parts[name].children[at], token, data, at));
  }
  [...parts.reads.children].forEach((each, at) => (each.tabIndex = at ? -1 : 0));
  for (const name of ["queries", "keys"]) {
    fit(parts[name], data.values ? data.tokens.length : 0, () => document.createElement("span"));
    [...parts[name].children].forEach((each, at) => name_(each, data.tokens[at], data, at));
  }
  parts.lines.hidden = !data.values;
  paint(root, data);
}

function chip() {
  const made = document.createElement("span");
  made.setAttribute("role", "button");
  add(made, "bdi", "");
  add(made, "small", "");
  return made;
}

function name_(element, token, { kinds, parts }, at) {
  (element.querySelector("bdi") ?? element).textContent = token;
  element.dataset.at = at;
  element.className = `${kinds[at]} ${parts[at] === 1 ? "second" : ""} ${token.startsWith("·") ? "spaced" : ""}`;
}

function floats(text) {
  return fromHalf(new Uint16Array(bytes(text).buffer));
}

// Weights of a query (its row), or of a key (its column); null where they are not here.
function rowOf({ given, values }, at) {
  const count = given.tokens.length;
  if (values) return values.subarray(at * count, (at + 1) * count);
  return at === given.at && given.row ? floats(given.row) : null;
}

function columnOf({ given, values }, at) {
  const count = given.tokens.length;
  if (values) return given.tokens.map((_, query) => values[query * count + at]);
  return at === given.at && given.column ? floats(given.column) : null;
}

// Show one word, or with null what each receives on average.
function show(root, at) {
  const { parts, given } = root;
  const word = at === null ? "" : named(given.tokens[at]);
  const reads = at === null ? floats(given.received) : rowOf(root, at);
  const read = at === null ? null : columnOf(root, at);
  parts.readsTitle.textContent = at === null ? say("What each word receives, the mean over all words") : say("What {word} attends to", { word });
  parts.readTitle.textContent = at === null ? "" : say("What attends to {word}", { word });
  parts.read.parentElement.hidden = !read;
  const most = Math.max(...[...(reads ?? []), ...(read ?? [])].filter((_, i) => !isOff(root, i % given.tokens.length)), 1e-9);
  shade(root, parts.reads, reads, at, most);
  if (read) shade(root, parts.read, read, at, most);
  for (const name of ["queries", "keys"]) {
    [...parts[name].children].forEach((each, place) => each.classList.toggle("at", place === at));
  }
  draw(root, at, reads, read);
  place(parts.rowLine, at, given.tokens.length, "y");
  place(parts.columnLine, null, given.tokens.length, "x");
  parts.told.textContent = at === null ? given.hint : tell(root, at, reads);
}

function isOff({ parts, given }, at) {
  return parts.without.checked && !["word", "mask"].includes(given.kinds[at]);
}

// A token in a sentence.
function named(token) {
  return `“${token.replace(/^·|^##/, "")}”`;
}

function shade(root, flow, weights, at, most) {
  [...flow.children].forEach((each, place) => {
    const share = weights && !isOff(root, place) ? weights[place] : 0;
    each.style.setProperty("--share", `${Math.round((78 * share) / most)}%`);
    each.children[1].textContent = share >= FAINT ? `${Math.round(100 * share)}%` : "";
    each.classList.toggle("at", place === at);
    each.title = weights ? `${(100 * weights[place]).toPrecision(3)}%` : "";
    each.setAttribute("aria-pressed", String(place === at));
  });
}

function tell({ given }, at, weights) {
  if (!weights) return say("Click the word to see what it attends to.");
  const order = [...weights.keys()].sort((a, b) => weights[b] - weights[a]).slice(0, 4);
  const most = order.map((key) => `${named(given.tokens[key])} ${Number((100 * weights[key]).toPrecision(2))}%`);
  return say("{word} attends most to {others}.", { word: named(given.tokens[at]), others: most.join(", ") });
}

// Lines from each query on the left to its keys on the right; of all words the strongest.
function draw(root, at, reads, read) {
  const { parts, given, values } = root;
  const svg = parts.lines.querySelector("svg");
  if (!values) return svg.replaceChildren();
  const count = given.tokens.length;
  let pairs = [];
  if (at === null) {
    pairs = Array.from(values, (value, i) => [Math.floor(i / count), i % count, value, ""]);
  } else {
    pairs = [...reads].map((value, key) => [at, key, value, "from"]);
    pairs.push(...[...read].map((value, query) => [query, at, value, "to"]));
  }
  const strong = pairs.filter(([, , value]) => value >= FAINT).sort((a, b) => b[2] - a[2]).slice(0, MOST_LINES);
  svg.setAttribute("viewBox", `0 0 100 ${count}`);
  svg.style.height = `${1.3 * count}rem`; // as high as the columns
  svg.setAttribute("preserveAspectRatio", "none");
  const lines = strong.map(([query, key, value, way]) => {
    const line = document.createElementNS(svg.namespaceURI, "line");
    const ends = { x1: 0, y1: query + 0.5, x2: 100, y2: key + 0.5 };
    for (const [name, number] of Object.entries(ends)) line.setAttribute(name, number);
    line.setAttribute("class", way);
    line.style.opacity = Math.min(1, 0.16 + value);
    line.style.strokeWidth = `${1 + 3 * value}px`;
    return line;
  });
  svg.replaceChildren(...lines);
}

// The matrix, of a long text with neighbours averaged.
function paint(root, { values, small, tokens, high, table, signed }) {
  const { parts } = root;
  const numbers = values ? root.values : floats(small);
  const side = Math.round(Math.sqrt(numbers.length));
  const colours = bytes(table);
  Object.assign(parts.canvas, { width: side, height: side });
  const context = parts.canvas.getContext("2d");
  const image = context.createImageData(side, side);
  numbers.forEach((value, i) => {
    const share = value / (high || 1);
    const level = Math.max(0, Math.min(255, Math.floor(256 * (signed ? (1 + share) / 2 : share))));
    image.data.set(colours.subarray(3 * level, 3 * level + 3), 4 * i);
    image.data[4 * i + 3] = 255;
  });
  context.putImageData(image, 0, 0);
  const end = Number(high.toPrecision(2));
  parts.low.textContent = signed ? `−${end}` : "0";
  parts.high.textContent = signed ? `+${end}` : say("{number} and more", { number: end });
  const stops = Array.from({ length: 25 }, (_, i) => 3 * Math.floor((i * 255) / 24));
  parts.bar.style.setProperty("--ramp", stops.map((at) => `rgb(${colours.subarray(at, at + 3).join(" ")})`));
  const room = parts.picture.clientWidth || 480;
  const every = Math.max(1, Math.ceil((tokens.length * TICK) / room));
  ticks(parts.top, tokens, every, "left");
  ticks(parts.down, tokens, every, "top");
}

function ticks(axis, tokens, every, edge) {
  axis.replaceChildren();
  for (let at = 0; at < tokens.length; at += every) {
    const made = add(axis, "span", "");
    made.textContent = tokens[at];
    made.style[edge] = `${(100 * (at + 0.5)) / tokens.length}%`;
  }
}

function cell({ given, parts }, event) {
  const area = parts.picture.getBoundingClientRect();
  const token = (share) => Math.min(given.tokens.length - 1, Math.max(0, Math.floor(share * given.tokens.length)));
  return { query: token((event.clientY - area.top) / area.height), key: token((event.clientX - area.left) / area.width) };
}

function point(root, { query, key }) {
  const { parts, given } = root;
  const weights = rowOf(root, query);
  place(parts.rowLine, query, given.tokens.length, "y");
  place(parts.columnLine, key, given.tokens.length, "x");
  const share = weights ? `: ${(100 * weights[key]).toPrecision(3)}%` : "";
  const words = { query: named(given.tokens[query]), key: named(given.tokens[key]), share };
  parts.told.textContent = given.signed ? say("{query} to {key}{share}", words) : say("{query} attends to {key}{share}", words);
}

function place(line, at, count, axis) {
  line.classList.toggle("on", at !== null);
  if (at === null) return;
  const [start, size] = [`${(100 * at) / count}%`, `${100 / count}%`];
  Object.assign(line.style, axis === "y" ? { top: start, height: size } : { left: start, width: size });
}

// What the model guesses at one place: words with bars.
function guess({ title, tokens, shares }) {
  const made = document.createElement("div");
  made.className = "guess";
  add(made, "h3", "").textContent = title;
  tokens.forEach((token, i) => {
    const row = add(made, "div", "row");
    add(row, "bdi", "").textContent = token;
    add(row, "span", "share").style.setProperty("--share", `${100 * shares[i]}%`);
    add(row, "small", "").textContent = `${(100 * shares[i]).toPrecision(2)}%`;
  });
  return made;
}
