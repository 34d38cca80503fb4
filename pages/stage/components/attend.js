// Attention from one patch, computed in the browser: softmax(q k + bias) of one query for all heads.
// No DOM here. Layers come as LayerQueries of viz/capture/queries.py.

// The layers that the component `queries` was given, by id; all components share them.
const layers = (globalThis.heedmapLayers ??= new Map());

function layerOf(sent) {
  const floats = (text) => fromHalf(new Uint16Array(bytes(text).buffer));
  const bias = sent.bias ? floats(sent.bias) : null;
  const [rows, columns] = sent.grid;
  const k = floats(sent.k);
  const dim = k.length / (sent.heads * sent.tokens);
  return { ...sent, q: floats(sent.q), k, bias, rows, columns, dim, scores: new Float64Array(sent.tokens) };
}

// float16 -> float32.
function fromHalf(halves) {
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i += 1) {
    const half = halves[i];
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    const size =
      exponent === 31
        ? fraction ? NaN : Infinity
        : exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24;
    floats[i] = half & 0x8000 ? -size : size;
  }
  return floats;
}

// What a patch attends to among the patches: Float32Array (heads, rows, columns).
function rowsFrom(layer, row, column) {
  const { heads, prefix, rows, columns } = layer;
  const count = rows * columns;
  const token = prefix + row * columns + column;
  const maps = new Float32Array(heads * count);
  for (let head = 0; head < heads; head += 1) {
    const weights = attend(layer, head, token);
    maps.set(weights.subarray(prefix, prefix + count), head * count);
  }
  return maps;
}

function attend(layer, head, token) {
  const { tokens, dim, k, scores } = layer;
  const query = layer.q.subarray((head * tokens + token) * dim, (head * tokens + token + 1) * dim);
  const bias = biasOf(layer, head, token);
  let most = -Infinity;
  for (let n = 0, at = head * tokens * dim; n < tokens; n += 1) {
    let score = bias ? bias[n] : 0;
    for (let i = 0; i < dim; i += 1, at += 1) score += query[i] * k[at];
    scores[n] = score;
    if (score > most) most = score;
  }
  let sum = 0;
  for (let n = 0; n < tokens; n += 1) sum += scores[n] = Math.exp(scores[n] - most);
  for (let n = 0; n < tokens; n += 1) scores[n] /= sum;
  return scores;
}

// A bias (1 or heads, 1 or tokens, tokens) for one query.
function biasOf({ bias, bias_shape: [heads, queries], tokens }, head, token) {
  if (!bias) return null;
  const at = ((heads > 1 ? head : 0) * queries + (queries > 1 ? token : 0)) * tokens;
  return bias.subarray(at, at + tokens);
}

// One head by its number, or "mean", of maps (heads, rows, columns).
function headOf(maps, count, head) {
  const start = Number(head) * count;
  if (head !== "mean") return maps.slice(start, start + count);
  const mean = new Float64Array(count);
  const heads = maps.length / count;
  for (let i = 0; i < maps.length; i += 1) mean[i % count] += maps[i] / heads;
  return Float32Array.from(mean);
}

function rangeOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
