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

function faded({ data }, levels, look) {
  const o = look.opacity / 100;
  const alphas = alphasOf(look);
  const own = 1 - o + o * BRIGHTNESS * SATURATION;
  const grey = o * BRIGHTNESS * (1 - SATURATION);
  const [r, g, b] = LUMA;
  const colours = Uint16Array.from(look.table, (value, i) => value * alphas[Math.floor(i / 3)] + 127);
  const pixels = new Uint32Array(levels.length);
  for (let i = 0, j = 0; i < pixels.length; i += 1, j += 4) {
    const light = grey * (r * data[j] + g * data[j + 1] + b * data[j + 2]) + 0.5;
    const under = 255 - alphas[levels[i]];
    const at = 3 * levels[i];
    const red = ((((own * data[j] + light) | 0) * under + colours[at]) / 255) | 0;
    const green = ((((own * data[j + 1] + light) | 0) * under + colours[at + 1]) / 255) | 0;
    const blue = ((((own * data[j + 2] + light) | 0) * under + colours[at + 2]) / 255) | 0;
    pixels[i] = 0xff000000 | (blue << 16) | (green << 8) | red;
  }
  return new Uint8ClampedArray(pixels.buffer);
}

// ---- the size of a picture (viz/draw/interpolate.py)

// Every pixel takes the value of the cell that its centre lies in.
function enlarged(values, { rows, columns }, { width, height }) {
  const picture = new values.constructor(width * height);
  const column = cellsOf(width, columns);
  cellsOf(height, rows).forEach((row, y, of) => {
    const start = y * width;
    if (y && of[y - 1] === row) picture.copyWithin(start, start - width, start);
    else for (let x = 0; x < width; x += 1) picture[start + x] = values[row * columns + column[x]];
  });
  return picture;
}

function cellsOf(pixels, cells) {
  return Int32Array.from({ length: pixels }, (_, i) => Math.floor(((2 * i + 1) * cells) / (2 * pixels)));
}

// Pillow's kernels: bilinear, and Keys' cubic convolution with a = -0.5.
const KERNELS = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - x) },
  bicubic: {
    support: 2,
    weight: (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0),
  },
};

// Columns first, then rows, in double precision, kept in single in between, as Pillow does. What
// overshoots the range of the map is cut off.
function resampled({ rows, columns, values }, { width, height }, kernel) {
  const across = resampledRows(values, rows, columns, width, kernel);
  const low = values.reduce((least, value) => Math.min(least, value));
  const high = values.reduce((most, value) => Math.max(most, value));
  const [least, most] = [level(low), level(high)];
  const levels = new Uint8Array(width * height);
  const add = adder(across, width);
  tapsOf(height, rows, kernel).forEach((taps, y) => cutRow(levels, y * width, add(taps), least, most));
  return levels;
}

// Sums of rows by their weights. Where a map is enlarged these are four or fewer: then all at once.
function adder(across, width) {
  const sum = new Float64Array(width);
  return ({ first, weights }) => {
    if (weights.length <= 4) addFour(sum, across, first * width, weights);
    else {
      sum.fill(0);
      weights.forEach((weight, i) => addOne(sum, across, (first + i) * width, weight));
    }
    return sum;
  };
}

function addFour(sum, across, start, [p, q = 0, r = 0, s = 0]) {
  const width = sum.length;
  const [two, three, four] = [q, r, s].map((weight, i) => (weight ? start + (i + 1) * width : start));
  for (let x = 0; x < width; x += 1)
    sum[x] = p * across[start + x] + q * across[two + x] + r * across[three + x] + s * across[four + x];
}

function addOne(sum, across, row, weight) {
  for (let x = 0; x < sum.length; x += 1) sum[x] += weight * across[row + x];
}

function cutRow(levels, row, sum, least, most) {
  for (let x = 0; x < sum.length; x += 1) {
    const step = Math.fround(sum[x]);
    levels[row + x] = step < least ? least : step > most ? most : step;
  }
}

function resampledRows(values, rows, columns, width, kernel) {
  const across = new Float32Array(rows * width);
  tapsOf(width, columns, kernel).forEach(({ first, weights }, x) => {
    for (let row = 0; row < rows; row += 1) {
      let sum = 0;
      weights.forEach((weight, i) => (sum += weight * values[row * columns + first + i]));
      across[row * width + x] = sum;
    }
  });
  return across;
}

// The cells that each pixel is made of, and their weights; a kernel widens where it shrinks.
function tapsOf(pixels, cells, { support, weight }) {
  const scale = cells / pixels;
  const wide = Math.max(scale, 1);
  return Array.from({ length: pixels }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support * wide + 0.5));
    const end = Math.min(cells, Math.trunc(centre + support * wide + 0.5));
    const found = Array.from({ length: end - first }, (_, k) =>
      weight(Math.abs((k + first - centre + 0.5) / wide)),
    );
    const total = found.reduce((sum, each) => sum + each, 0);
    return { first, weights: found.map((each) => each / total) };
  });
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

// ---- masks (viz/maps.py, viz/draw/masks.py)

// The smallest set of patches that holds a share of the mass, 1 inside: DINO's rule.
function thresholdMask(values, keep) {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
  const mass = values.reduce((sum, value) => sum + value, 0);
  const mask = new Uint8Array(values.length);
  let below = 0;
  for (const i of order) {
    below += values[i] / (mass || 1);
    mask[i] = below > 1 - keep ? 1 : 0;
  }
  mask[order.at(-1)] = mass > 0 ? 1 : 0;
  return mask;
}

function whiteOnBlack(mask) {
  const pixels = new Uint32Array(mask.length);
  for (let i = 0; i < mask.length; i += 1) pixels[i] = mask[i] ? 0xffffffff : 0xff000000;
  return new Uint8ClampedArray(pixels.buffer);
}

const DIM = 0.35; // brightness of what is outside

function highlight(base, mask) {
  const picture = new Uint8ClampedArray(base.data);
  for (let i = 0, j = 0; i < mask.length; i += 1, j += 4) {
    if (mask[i]) continue;
    const gray = DIM * (LUMA[0] * picture[j] + LUMA[1] * picture[j + 1] + LUMA[2] * picture[j + 2]);
    picture[j] = picture[j + 1] = picture[j + 2] = gray;
  }
  return picture;
}

const OUTLINE = [0xff, 0xd6, 0x0a];

// A line inside the mask, with a thin dark line on both its sides. What lies beyond the picture is
// outside.
function contour(base, mask) {
  const line = Math.round(Math.max(base.width, base.height) / 200) || 1;
  const edge = Math.max(1, Math.floor(line / 3));
  const [near, far, touched] = [line, line + edge, edge].map((by) => counted(mask, by, base));
  const full = (by) => (2 * by + 1) ** 2;
  const [within, deep] = [full(line), full(line + edge)];
  const picture = new Uint8ClampedArray(base.data);
  for (let i = 0, j = 0; i < mask.length; i += 1, j += 4) {
    if (far[i] === deep || !touched[i]) continue;
    const outline = mask[i] && near[i] !== within;
    for (let c = 0; c < 3; c += 1) picture[j + c] = outline ? OUTLINE[c] : picture[j + c] >> 2;
  }
  return picture;
}

// How many pixels of the square around each pixel are inside the mask.
function counted(mask, by, { width, height }) {
  const across = new Uint16Array(mask.length);
  for (let y = 0; y < height; y += 1) {
    const start = y * width;
    if (y && repeats(mask, start, width)) across.copyWithin(start, start - width, start);
    else slide(mask, across, start, width, by);
  }
  const counts = new Uint16Array(mask.length);
  const sums = new Uint16Array(width);
  for (let y = -by; y < height; y += 1) {
    const enters = (y + by) * width;
    const leaves = (y - by - 1) * width;
    if (y + by < height) for (let x = 0; x < width; x += 1) sums[x] += across[enters + x];
    if (leaves >= 0) for (let x = 0; x < width; x += 1) sums[x] -= across[leaves + x];
    if (y >= 0) counts.set(sums, y * width);
  }
  return counts;
}

// Whether a row of pixels is the one above once more, as all but the first of a patch are.
function repeats(mask, start, width) {
  for (let i = start; i < start + width; i += 1) if (mask[i] !== mask[i - width]) return false;
  return true;
}

// The sums over `by` pixels to both sides, along one line of pixels.
function slide(from, to, start, length, by) {
  let sum = 0;
  for (let i = -by; i < length; i += 1) {
    if (i + by < length) sum += from[start + i + by];
    if (i - by - 1 >= 0) sum -= from[start + i - by - 1];
    if (i >= 0) to[start + i] = sum;
  }
}
