// Cosine similarity of one patch to all others, computed in the browser. No DOM here.

// Features at length 1, base64 of (patches, dim) float16.
function unitsOf(text, patches) {
  const values = fromHalf(new Uint16Array(bytes(text).buffer));
  return { values, dim: values.length / patches };
}

// Of patch number `index` of `own` to all patches of `there`: Float32Array (patches).
function cosines(own, index, there) {
  const { values, dim } = there;
  const query = own.values.subarray(index * dim, (index + 1) * dim);
  return Float32Array.from({ length: values.length / dim }, (_, patch) => {
    let sum = 0;
    for (let i = 0, at = patch * dim; i < dim; i += 1, at += 1) sum += query[i] * values[at];
    return sum;
  });
}
