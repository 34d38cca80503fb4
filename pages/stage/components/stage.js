// The large pictures: maps under a toolbar, the photo beside them, bars and facts.

const views = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".stage");
  if (!root || !data) return undefined;
  const view = learn(root, data) ? build(root) : views.get(root);
  views.set(root, view);
  view.data = data;
  view.send = (asked) => setTriggerValue("asked", asked);
  view.scales = data.tools.find(({ name }) => name === "scale")?.options ?? {};
  const newer = equip(view, data.tools, data.turn);
  if (!newer) view.pin = data.pin?.at ? { row: data.pin.at[0], column: data.pin.at[1], grid: data.pin.grid } : null;
  fit(view.heroes, data.panels.length, () => panel(view, "canvas"));
  data.panels.forEach((given, i) => take(view.heroes.children[i], given));
  for (const figure of view.heroes.children) show(view, figure);
  view.tools.setAttribute("aria-label", say("Picture"));
  view.beside.querySelector("summary").textContent = say("The photo and the facts");
  view.heroes.classList.toggle("even", Boolean(data.columns));
  view.heroes.classList.toggle("two", data.narrow === 2);
  view.heroes.style.setProperty("--columns", data.columns);
  const [across, down] = data.columns ? onScreen(data.panels) : [1, 1];
  view.heroes.style.setProperty("--full-columns", across);
  view.heroes.style.setProperty("--full-rows", down);
  view.heroes.style.setProperty("--narrow", data.narrow);
  if (data.original) {
    take(view.original, data.original);
    show(view, view.original);
  } else view.beside.remove();
  view.bases.keep(data.pictures);
  view.verdict.textContent = data.verdict;
  view.bars.setAttribute("aria-label", data.verdict);
  bars(view.bars, data.bars);
  facts(view.facts, data.facts);
  point(view, view.at);
  for (const figure of figuresOf(view)) ring(view, figure);
  root.getRootNode().host.toggleAttribute("data-drawn", true); // its place needs no keeping any more
  const arrived = () => aim(view);
  const moved = ({ detail: other }) => other !== view && join(view, other);
  globalThis.addEventListener("heedmap-layers", arrived);
  globalThis.addEventListener("heedmap-aim", moved);
  return () => {
    globalThis.removeEventListener("heedmap-layers", arrived);
    globalThis.removeEventListener("heedmap-aim", moved);
    tell(view); // what was not sent yet, as the page goes
  };
}

function build(root) {
  const view = { root, at: null, pin: null, under: null, turn: 0, asked: {}, wanted: new Set(), bases: new Bases(), tables: {} };
  view.small = (...asked) => thumbnail(view, ...asked);
  view.table = (name) => (view.tables[name] ??= bytes(view.data.tables[name]));
  view.repaint = () => {
    cancelAnimationFrame(view.frame);
    view.frame = requestAnimationFrame(() => {
      for (const figure of view.heroes.children) repaint(view, figure);
    });
  };
  view.tools = add(root, "div", "tools");
  view.tools.setAttribute("role", "group");
    view.tools.onfocusout = (event) => {
    if (!view.tools.contains(event.relatedTarget)) tell(view);
  };
  presentable(root);
  const layout = add(root, "div", "layout");
  view.heroes = add(layout, "div", "heroes");
  view.beside = foldable(layout);
  const aside = add(view.beside, "div", "aside");
  view.original = aside.appendChild(panel(view, "img"));
  view.verdict = add(aside, "p", "verdict");
  view.bars = add(aside, "ol", "bars");
  view.facts = add(aside, "dl", "facts");
  return view;
}

// What is beside the maps is always seen, but on a phone it is unfolded by the visitor.
function foldable(layout) {
  const details = add(layout, "details", "more");
  add(details, "summary", "");
  const narrow = window.matchMedia("(max-width: 767px)");
  narrow.onchange = () => (details.open = !narrow.matches);
  narrow.onchange();
  return details;
}

function bars(list, shares) {
  list.hidden = !shares.length;
  fit(list, shares.length, () => {
    const row = document.createElement("li");
    for (const name of ["class", "track", "percent"]) add(row, "span", name);
    add(row.children[1], "span", "fill");
    return row;
  });
  shares.forEach(([name, share], i) => {
    const [label, track, percent] = list.children[i].children;
    label.textContent = name;
    label.title = name;
    track.firstChild.style.width = `${100 * share}%`;
    percent.textContent = `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
  });
}

function facts(list, pairs) {
  const text = JSON.stringify(pairs);
  if (list.dataset.given === text) return;
  list.dataset.given = text;
  list.replaceChildren();
  for (const [label, value] of pairs) {
    add(list, "dt", "").textContent = label;
    add(list, "dd", "").textContent = value;
  }
}
