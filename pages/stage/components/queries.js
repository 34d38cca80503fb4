// Holds the queries and keys of the layers that are shown, and tells the stage of them.

export default function ({ data }) {
  const given = data?.layers ?? [];
  for (const id of layers.keys()) if (!given.some((each) => each.id === id)) layers.delete(id);
  for (const each of given) if (!layers.has(each.id)) layers.set(each.id, layerOf(each));
  globalThis.dispatchEvent(new CustomEvent("heedmap-layers"));
}
