// What is told of a method under its map: what it reads and assumes, how it misleads, and how far
// it can be trusted on this photo.

const PLOT = { width: 220, height: 64, edge: 2 };

function about(box, given) {
  const text = JSON.stringify(given ?? null);
  if (box.dataset.given === text) return;
  box.dataset.given = text;
  const open = box.querySelector("details")?.open;
  box.replaceChildren();
  box.hidden = !given;
  if (!given) return;
  if (given.trust) trust(add(box, "div", "trust"), given.trust);
  add(box, "span", "reads").textContent = given.reads;
  add(box, "p", "").textContent = given.assumes;
  const more = add(box, "details", "");
  more.open = Boolean(open);
  add(more, "summary", "").textContent = say("How it misleads");
  add(more, "p", "").textContent = given.fails;
  add(more, "p", "source").textContent = given.source;
}

function trust(box, { says, gain, beside, unit, deletion, insertion, ends }) {
  if (says) return void (add(box, "p", "").textContent = says);
  const plot = box.appendChild(element("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img" }));
  plot.setAttribute("aria-label", say("The {unit} as the photo is put back (it rises) and taken away (it falls) in the order of this map", { unit }));
  const back = line(insertion, ends);
  const away = line(deletion, ends);
  plot.append(
    element("polygon", { points: [...back, ...away.toReversed()].join(" "), class: "between" }),
    element("polyline", { points: back.join(" "), class: "insertion" }),
    element("polyline", { points: away.join(" "), class: "deletion" }),
  );
  const numbers = add(box, "div", "numbers");
  add(numbers, "b", "").textContent = gain;
  for (const [name, value] of beside) add(numbers, "span", "").textContent = `${name} ${value}`;
}

function line(values, [low, high]) {
  const { width, height, edge } = PLOT;
  const scale = (height - 2 * edge) / (high - low || 1);
  return values.map((value, i) => {
    const x = (i * width) / (values.length - 1);
    return `${x.toFixed(1)},${(height - edge - (value - low) * scale).toFixed(1)}`;
  });
}

function element(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
