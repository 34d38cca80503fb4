// A map painted over a photo, pixel for pixel as viz/draw does it on the server. No DOM here.
//
//   paint(base, map, look) -> Uint8ClampedArray of RGBA bytes, one for each pixel of the base
//
//   base   { width, height, data }, RGBA bytes
//   map    { rows, columns, values }, Float32Array row by row
//   look   { view, keep, opacity, fade, interp, grid, limits, signed, table }: percents are 0 to
//          100, limits are [low, high], the table holds 256 colours as 768 bytes

function paint(base, map, look) {
  if (look.view === "overlay") return overlay(base, map, look);
  const mask = enlarged(thresholdMask(map.values, look.keep / 100), map, base);
  if (look.view === "mask") return whiteOnBlack(mask);
  return look.view === "highlight" ? highlight(base, mask) : contour(base, mask);
}

// ---- overlay: values are interpolated first, then coloured (viz/draw/overlay.py)

function overlay(base, map, look) {
  const levels = levelsOf(map, look, base);
  const picture = (look.fade ? faded : blended)(base, levels, look);
  return look.grid ? gridLines(picture, base, map) : picture;
}

// Which of the 256 colours each pixel takes.
function levelsOf(map, { limits, interp, signed }, size) {
  const [low, high] = limits;
  if (!(high > low)) return new Uint8Array(size.width * size.height).fill(signed ? 128 : 0);
  const within = (share) => Math.max(-1e6, Math.min(1e6, share));
  const steps = map.values.map((value) => 256 * within((value - low) / (high - low)));
  const kernel = KERNELS[interp];
  if (kernel) return resampled({ ...map, values: steps }, size, kernel);
  return enlarged(Uint8Array.from(steps, level), map, size);
}

function level(step) {
  return Math.max(0, Math.min(255, Math.fround(step)));
}

function blended({ data }, levels, { opacity, table }) {
  const over = opacity / 100;
  const photo = Float64Array.from({ length: 256 }, (_, value) => value * (1 - over) + 0.5);
  const colours = Float64Array.from(table, (value) => value * over);
  const pixels = new Uint32Array(levels.length);
  for (let i = 0, j = 0; i < pixels.length; i += 1, j += 4) {
    const at = 3 * levels[i];
    const red = (photo[data[j]] + colours[at]) | 0;
    const green = (photo[data[j + 1]] + colours[at + 1]) | 0;
    const blue = (photo[data[j + 2]] + colours[at + 2]) | 0;
    pixels[i] = 0xff000000 | (blue << 16) | (green << 8) | red;
  }
  return new Uint8ClampedArray(pixels.buffer);
}

// Transparency follows the value; the formula stands in viz/draw/fade.py.
const BRIGHTNESS = 0.65;
const SATURATION = 0.6;
const LUMA = [0.299, 0.587, 0.114];

function alphasOf({ opacity, signed }) {
  return Uint8Array.from({ length: 256 }, (_, each) => {
    const t = signed ? (Math.abs(2 * each - 255) - 1) / 254 : each / 255;
    return Math.floor(((255 * opacity) / 100) * t * (2 - t) + 0.5);
  });
}

function faded(base, levels, look) {
  const alphas = alphasOf(look);
  const ground = groundOf(base, look.opacity);
  const colours = Uint16Array.from(look.table, (value, i) => value * alphas[Math.floor(i / 3)] + 127);
  const pixels = new Uint32Array(levels.length);
  for (let i = 0, j = 0; i < pixels.length; i += 1, j += 3) {
    const level = levels[i];
    const under = 255 - alphas[level];
    const at = 3 * level;
    const red = ((ground[j] * under + colours[at]) / 255) | 0;
    const green = ((ground[j + 1] * under + colours[at + 1]) / 255) | 0;
    const blue = ((ground[j + 2] * under + colours[at + 2]) / 255) | 0;
    pixels[i] = 0xff000000 | (blue << 16) | (green << 8) | red;
  }
  return new Uint8ClampedArray(pixels.buffer);
}

// The photo dimmed and less saturated, RGB; kept, since it stays while maps change.
const grounds = new WeakMap();

function groundOf(base, opacity) {
  const kept = grounds.get(base);
  if (kept?.opacity === opacity) return kept.ground;
  const ground = dimmed(base.data, opacity / 100);
  grounds.set(base, { opacity, ground });
  return ground;
}

function dimmed(data, o) {
  const own = 1 - o + o * BRIGHTNESS * SATURATION;
  const grey = o * BRIGHTNESS * (1 - SATURATION);
  const [r, g, b] = LUMA;
  const ground = new Uint8Array((data.length / 4) * 3);
  for (let i = 0, j = 0; j < data.length; i += 3, j += 4) {
    const light = grey * (r * data[j] + g * data[j + 1] + b * data[j + 2]) + 0.5;
    ground[i] = own * data[j] + light;
    ground[i + 1] = own * data[j + 1] + light;
    ground[i + 2] = own * data[j + 2] + light;
  }
  return ground;
}

// ---- lines between the patches (viz/draw/lines.py)

const LEAST_CELL = 5; // px
const STRENGTH = 0.4;

function gridLines(picture, { width, height }, { rows, columns }) {
  if (height < rows * LEAST_CELL || width < columns * LEAST_CELL) return picture;
  const light = areaMeans(grays(picture, width * height), width, height, rows, columns);
  const row = cellsOf(height, rows);
  const column = cellsOf(width, columns);
  const drawn = picture.slice();
  const ink = (x, y) => {
    const dark = Math.round(light[row[y] * columns + column[x]]) < 128;
    for (let i = 4 * (y * width + x), end = i + 3; i < end; i += 1)
      drawn[i] = picture[i] * (1 - STRENGTH) + (dark ? 255 * STRENGTH : 0);
  };
  for (let y = 1; y < height; y += 1)
    if (row[y] !== row[y - 1]) for (let x = 0; x < width; x += 1) ink(x, y);
  for (let x = 1; x < width; x += 1)
    if (column[x] !== column[x - 1]) for (let y = 0; y < height; y += 1) ink(x, y);
  return drawn;
}

// OpenCV's gray: red, green and blue in parts of 2^14 (ITU-R BT.601).
function grays(picture, count) {
  const gray = new Uint8Array(count);
  for (let i = 0, j = 0; i < count; i += 1, j += 4)
    gray[i] = (4899 * picture[j] + 9617 * picture[j + 1] + 1868 * picture[j + 2] + 8192) >> 14;
  return gray;
}

// Means over the cells of a grid; a pixel on a border counts for both sides, by its parts.
function areaMeans(gray, width, height, rows, columns) {
  const across = spansOf(width, columns);
  const means = new Float64Array(rows * columns);
  const sums = new Float64Array(columns);
  spansOf(height, rows).forEach((tall, row) => {
    for (let y = tall.start; y < tall.end; y += 1) {
      across.forEach((wide, column) => (sums[column] = weighted(gray, y * width, wide)));
      const part = partOf(tall, y) / (tall.high - tall.low);
      sums.forEach((sum, column) => (means[row * columns + column] += sum * part));
    }
  });
  return means;
}

function weighted(gray, from, span) {
  let sum = 0;
  for (let x = span.start; x < span.end; x += 1) sum += gray[from + x];
  const last = span.end - 1;
  sum -= gray[from + span.start] * (1 - partOf(span, span.start));
  if (last > span.start) sum -= gray[from + last] * (1 - partOf(span, last));
  return sum / (span.high - span.low);
}

// Pixels `start` to `end` lie wholly or partly in the cell from `low` to `high`.
function spansOf(pixels, cells) {
  return Array.from({ length: cells }, (_, i) => {
    const [low, high] = [(i * pixels) / cells, ((i + 1) * pixels) / cells];
    return { low, high, start: Math.floor(low), end: Math.min(pixels, Math.ceil(high)) };
  });
}

function partOf({ low, high }, pixel) {
  return Math.min(high, pixel + 1) - Math.max(low, pixel);
}
