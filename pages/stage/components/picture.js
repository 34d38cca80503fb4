// One large picture: a map painted over its photo on a canvas, or a photo as it is; its legend.

function panel(view, kind) {
  const figure = document.createElement("figure");
  figure.className = "panel";
  const title = add(figure, "figcaption", "title");
  const frame = add(figure, "div", "frame");
  const parts = {
    name: add(title, "span", "name"),
    tag: add(title, "span", "tag"),
    frame,
    picture: add(frame, kind, ""),
    seen: add(frame, "div", "seen"),
    marks: add(frame, "div", "marks"),
    pin: add(frame, "div", "pin"),
    patch: add(frame, "div", "patch"),
    says: add(frame, "p", "says"),
    badge: add(frame, "span", "badge"),
    readout: add(frame, "div", "readout"),
    legend: add(figure, "div", "legend"),
    about: add(figure, "div", "about"),
  };
  if (kind === "canvas") {
    const icons = add(title, "span", "icons");
    parts.copy = icons.appendChild(copier(figure));
    icons.append(presenter(view.root, () => parts.frame));
  }
  parts.picture.draggable = false;
  parts.bar = add(parts.legend, "div", "bar");
  const ends = add(parts.legend, "div", "ends");
  for (const name of ["low", "what", "high"]) parts[name] = add(ends, "span", name);
  parts.readout.setAttribute("aria-live", "polite");
  figure.parts = parts;
  listen(view, figure);
  return figure;
}

// What a figure is to show from now on; the features of the last one serve as long as they are sent.
function take(figure, given) {
  if (given.units && figure.given?.units !== given.units)
    figure.units = unitsOf(given.units, given.grid[0] * given.grid[1]);
  figure.given = given;
  figure.pinned = given.pin?.at && { row: given.pin.at[0], column: given.pin.at[1], grid: given.pin.grid, place: given.place };
  figure.own = given.values && mapOf(given);
}

function show(view, figure) {
  const { parts, given } = figure;
  parts.name.textContent = given.title;
  parts.tag.textContent = given.tag ?? "";
  parts.badge.textContent = given.badge ?? "";
  about(parts.about, given.about);
  figure.style.setProperty("--ratio", given.width / given.height);
  parts.frame.setAttribute("role", "img");
  parts.frame.setAttribute("aria-label", given.alt);
  parts.frame.tabIndex = given.values ? 0 : -1;
  parts.seen.classList.toggle("on", Boolean(given.box));
  if (given.box) place(parts.seen, given.box);
  const marks = given.marks ?? [];
  fit(parts.marks, marks.length, () => document.createElement("div"));
  marks.forEach(([row, column], i) => place(parts.marks.children[i], boxOf(given, { row, column, grid: given.grid })));
  parts.says.textContent = given.says ?? "";
  parts.picture.hidden = Boolean(given.says);
  if (parts.copy) {
    parts.copy.hidden = Boolean(given.says);
    parts.copy.setAttribute("aria-label", `${say("Copy picture")}: ${given.title}`);
  }
  if (given.values) {
    parts.legend.hidden = parts.bar.hidden = false;
    turn(view, figure);
    return put(view, figure);
  }
  const words = given.credit ?? given.what;
  parts.legend.hidden = !words;
  parts.bar.hidden = true;
  parts.what.textContent = words ?? "";
  if (given.colours) return colour(figure);
  if (given.says) {
    figure.map = null;
    parts.shown = parts.wanted = given.says;
    return undefined;
  }
  return swap(figure, view.data.pictures[given.picture]);
}

function mapOf({ grid: [rows, columns], values }) {
  return { rows, columns, values: new Float32Array(bytes(values).buffer), id: values };
}

// The next photo is decoded before it replaces the last one, so that nothing flickers.
function swap({ parts }, src) {
  if (parts.wanted === src) return;
  parts.wanted = src;
  const next = parts.picture.cloneNode();
  next.alt = "";
  next.src = src;
  const put = () => {
    if (parts.wanted !== src) return;
    parts.picture.replaceWith(next);
    parts.picture = next;
    parts.shown = src;
  };
  next.decode().then(put, put);
}

// Cells in colours of their own, one pixel each, which the style sheet enlarges.
function colour({ parts, given }) {
  const [rows, columns] = given.grid;
  Object.assign(parts.picture, { width: columns, height: rows, className: "cells" });
  const pixels = new Uint8ClampedArray(4 * rows * columns).fill(255);
  bytes(given.colours).forEach((value, i) => (pixels[i + Math.floor(i / 3)] = value));
  parts.picture.getContext("2d").putImageData(new ImageData(pixels, columns, rows), 0, 0);
  parts.shown = parts.wanted = given.colours;
}

// Paint the map of a figure once its photo is decoded; until then the last picture stays.
function put(view, figure) {
  const { given, parts } = figure;
  const src = view.data.pictures[given.picture];
  parts.wanted = wanted(view, figure);
  view.bases.get(src, (base) => {
    if (figure.given !== given) return;
    figure.base = base;
    if (parts.shown) repaint(view, figure);
    else stir(view); // the first picture is there sooner
  });
}

// What a picture depends on; a scale whose limits the server has yet to send leaves it as it is.
function wanted(view, { given, map, limits, parts }) {
  if (!limits[view.look.scale]) return parts.wanted;
  return JSON.stringify([view.look, limits[view.look.scale], given.picture, map.id, view.stirred]);
}

// While something moves, pictures are painted in the pixels of the screen where these are fewer;
// a moment later in all.
const CALM_MS = 150;

function stir(view) {
  clearTimeout(view.calming);
  view.stirred = true;
  view.calming = setTimeout(() => {
    view.stirred = false;
    view.repaint();
  }, CALM_MS);
  view.repaint();
}

function repaint(view, figure) {
  const { parts, map } = figure;
  if (!map) return; // it failed
  parts.wanted = wanted(view, figure);
  if (!figure.base || parts.shown === parts.wanted) return;
  const look = lookOf(view, figure);
  const base = view.stirred ? figure.base.within(parts.frame.clientWidth * devicePixelRatio) : figure.base;
  const canvas = parts.picture;
  if (canvas.width !== base.width) canvas.width = base.width;
  if (canvas.height !== base.height) canvas.height = base.height;
  const pixels = paint(base, map, look);
  const context = canvas.getContext("2d", { alpha: false }); // which is composed faster
  context.putImageData(new ImageData(pixels, base.width, base.height), 0, 0);
  parts.shown = parts.wanted;
  parts.frame.dataset.picture = String(Number(parts.frame.dataset.picture ?? 0) + 1);
  legend(figure, look, view.scales[look.scale]);
}

function lookOf({ look, table }, { limits, given: { colors, signed, view = look.view } }) {
  return { ...look, view, limits: limits[look.scale], signed, table: table(look[colors]) };
}

function legend({ parts, given, map, what }, look, scale) {
  const over = look.view === "overlay";
  const [low, high] = look.limits;
  parts.bar.classList.toggle("off", !over);
  parts.low.textContent = over ? short(low) : "";
  parts.high.textContent = over ? short(high) : "";
  if (over) parts.bar.style.setProperty("--ramp", ramp(look));
  const parted = given.signed ? [say("zero in the middle")] : [];
  const scaled = given.view ? [] : [say("scale: {scale}", { scale: scale[0].toLowerCase() + scale.slice(1) })];
  parts.what.textContent = over ? [what, ...parted, ...scaled].join(" · ") : covered(map.values, look.keep);
}

function covered(values, keep) {
  const inside = thresholdMask(values, keep / 100).reduce((sum, each) => sum + each, 0);
  const area = ((100 * inside) / values.length).toFixed(1);
  return say("{keep}% of the patches’ attention lies on {area}% of the area", { keep, area });
}

// CSS colours from low to high, which fade as those of the overlay do.
function ramp(look) {
  const alphas = alphasOf(look);
  const stops = Array.from({ length: 25 }, (_, i) => Math.floor((i * 256) / 25));
  return stops.map((level) => {
    const colour = look.table.subarray(3 * level, 3 * level + 3).join(" ");
    return `rgb(${colour} / ${look.fade ? (alphas[level] / 255).toFixed(3) : 1})`;
  });
}

function short(value) {
  const small = value !== 0 && Math.abs(value) < 1e-4;
  return minus(small ? value.toExponential(2) : String(Number(value.toPrecision(3))));
}

// Photos as pixels, decoded once each; the ones that are no longer asked for are let go.
class Bases {
  constructor() {
    this.kept = new Map();
  }

  // Call back with the pixels: at once where they are there already.
  get(src, back) {
    const found = this.kept.get(src);
    if (found?.pixels) return back(found.pixels);
    const entry = found ?? this.load(src);
    entry.waiting.push(back);
    return undefined;
  }

  load(src) {
    const entry = { waiting: [] };
    this.kept.set(src, entry);
    const img = new Image();
    img.src = src;
    img.decode().then(() => {
      entry.pixels = new Base(img, img.naturalWidth, img.naturalHeight);
      for (const back of entry.waiting.splice(0)) back(entry.pixels);
    });
    return entry;
  }

  keep(sources) {
    for (const src of this.kept.keys()) if (!sources.includes(src)) this.kept.delete(src);
  }
}

const SIZES = 3; // smaller ones that are kept of a photo

// A photo in some size, whose pixels (RGBA) are read when they are first asked for.
class Base {
  constructor(img, width, height) {
    Object.assign(this, { img, width, height, smaller: new Map() });
  }

  get data() {
    this.pixels ??= this.read();
    return this.pixels;
  }

  read() {
    const { img, width, height } = this;
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.imageSmoothingQuality = "high";
    context.drawImage(img, 0, 0, width, height);
    return context.getImageData(0, 0, width, height).data;
  }

  // The same photo at most so many pixels wide.
  within(most) {
    const width = Math.round(most);
    if (!width || width >= this.width) return this;
    if (!this.smaller.has(width)) {
      if (this.smaller.size > SIZES) this.smaller.clear();
      this.smaller.set(width, new Base(this.img, width, Math.max(1, Math.round((this.height * width) / this.width))));
    }
    return this.smaller.get(width);
  }
}
