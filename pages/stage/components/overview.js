// A table of small maps, layers down and heads across, all tiles of one picture: hover enlarges,
// a click or a key picks.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".overview");
  if (!root || !data) return;
  const shape = JSON.stringify([data.layers, data.columns, data.heads]);
  if (learn(root, data) || root.shape !== shape) build(root, data);
  root.shape = shape;
  root.style.setProperty("--ratio", data.ratio);
  root.querySelector("style").textContent = `.overview .tile { background-image: url("${data.src}"); }`;
  root.querySelector(".table").setAttribute("aria-label", data.label);
  root.pick = (cell) => {
    choose(root, cell.dataset.key);
    setTriggerValue("picked", cell.dataset.key);
  };
  choose(root, data.chosen);
}

function build(root, data) {
  root.replaceChildren();
  add(root, "style", "");
  const table = add(add(root, "div", "scroll"), "div", "table");
  table.setAttribute("role", "grid");
  root.style.setProperty("--columns", data.columns.length);
  root.style.setProperty("--rows", data.layers.length);
  const head = row(table);
  add(head, "span", "corner").textContent = say("Layer");
  for (const name of data.columns) title(head, "columnheader", name, "top");
  data.layers.forEach((name, layer) => {
    const line = row(table);
    title(line, "rowheader", name, "side");
    for (let head = 0; head <= data.heads[layer]; head += 1) cell(line, data, layer, head);
  });
  add(add(root, "div", "lens"), "span", "tile");
  add(root.querySelector(".lens"), "b", "");
  table.onclick = (event) => of(event, root.pick);
  table.onpointerover = (event) => of(event, (each) => enlarge(root, each));
  table.onpointerleave = () => root.querySelector(".lens").classList.remove("on");
  table.addEventListener("focusin", (event) => of(event, (each) => enlarge(root, each)));
  table.addEventListener("focusout", table.onpointerleave);
  table.onkeydown = (event) => of(event, (each) => walk(root, each, event));
}

function row(table) {
  const line = add(table, "div", "row");
  line.setAttribute("role", "row");
  return line;
}

function title(line, role, text, name) {
  const made = add(line, "span", name);
  made.setAttribute("role", role);
  made.textContent = text;
}

function cell(line, data, layer, head) {
  const button = add(line, "button", "tile");
  button.setAttribute("role", "gridcell");
  button.dataset.key = `${layer},${head ? head - 1 : "mean"}`;
  const name = head ? say("head {head}", { head: head - 1 }) : say("mean of all heads");
  button.setAttribute("aria-label", say("Layer {layer}, {head}", { layer: data.layers[layer], head: name }));
  button.style.setProperty("--x", share(head, data.columns.length));
  button.style.setProperty("--y", share(layer, data.layers.length));
}

// Where a tile begins in the picture, as `background-position` counts.
function share(index, count) {
  return `${count > 1 ? (100 * index) / (count - 1) : 0}%`;
}

function of(event, act) {
  const found = event.target.closest("button.tile");
  if (found) act(found);
}

function choose(root, key) {
  const cells = [...root.querySelectorAll("button.tile")];
  const first = cells.find((each) => each.dataset.key === key) ?? cells[0];
  for (const each of cells) {
    each.setAttribute("aria-selected", String(each.dataset.key === key));
    each.tabIndex = each === first ? 0 : -1;
  }
}

function enlarge(root, button) {
  const lens = root.querySelector(".lens");
  const [large, name] = lens.children;
  for (const at of ["--x", "--y"]) {
    large.style.setProperty(at, button.style.getPropertyValue(at));
  }
  name.textContent = button.getAttribute("aria-label");
  lens.classList.add("on");
  const [here, area] = [button.getBoundingClientRect(), root.getBoundingClientRect()];
  const right = here.right + 8 + lens.offsetWidth <= area.right;
  const left = right ? here.right + 8 : Math.max(area.left, here.left - 8 - lens.offsetWidth);
  const top = Math.min(here.top, area.bottom - lens.offsetHeight);
  lens.style.translate = `${left - area.left}px ${Math.max(0, top - area.top)}px`;
}

function walk(root, button, event) {
  const lines = [...root.querySelectorAll(".row")].slice(1);
  const line = button.parentElement;
  const cells = [...line.querySelectorAll("button")];
  const at = cells.indexOf(button);
  const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: cells.length - 1 };
  let to = cells[steps[event.key]];
  const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (way) {
    const other = [...(lines[lines.indexOf(line) + way]?.querySelectorAll("button") ?? [])];
    to = other[Math.min(at, other.length - 1)];
  }
  if (!(event.key in steps) && !way) return;
  event.preventDefault();
  if (!to) return;
  button.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}
