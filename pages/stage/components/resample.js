// Maps brought to the size of a picture, as viz/draw/interpolate.py does it. No DOM here.

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
    levels[row + x] = (step < least ? least : step > most ? most : step) | 0;
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

// The cells that each pixel is made of, and their weights; those of the last sizes are kept.
const keptTaps = new Map();

function tapsOf(pixels, cells, kernel) {
  const key = `${pixels} ${cells} ${kernel.support}`;
  if (!keptTaps.has(key)) {
    if (keptTaps.size > 15) keptTaps.clear();
    keptTaps.set(key, newTaps(pixels, cells, kernel));
  }
  return keptTaps.get(key);
}

// A kernel widens where it shrinks.
function newTaps(pixels, cells, { support, weight }) {
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
