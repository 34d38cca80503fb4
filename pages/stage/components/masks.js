// Masks over a photo, as viz/maps.py and viz/draw/masks.py make them. No DOM here.

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
