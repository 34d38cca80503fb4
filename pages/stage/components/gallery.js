// A grid of pictures to choose one from (two with badges): by click, touch or keyboard.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".gallery");
  if (!root || !data) return undefined;
  root.className = `gallery ${data.small ? "small" : ""} ${data.fixed ? "fixed" : ""}`;
  root.setAttribute("role", "listbox");
  root.setAttribute("aria-label", data.label);
  if (data.badges) root.setAttribute("aria-multiselectable", "true");
  root.style.setProperty("--columns", data.columns);
  fit(root, data.groups.length, group);
  data.groups.forEach((given, i) => fill(root.children[i], given, data));
  root.pick = (key) => {
    if (!data.badges) select(root, [key]);
    setTriggerValue("picked", key);
  };
  select(root, data.chosen, data.badges);
  root.onclick = (event) => {
    const item = event.target.closest(".item");
    if (item) root.pick(item.dataset.key);
  };
  root.onkeydown = (event) => walk(root, event);
  root.live = data.live;
  if (root.shown === undefined) root.shown = ""; // which maps the thumbnails are painted from: the server's
  if (!data.live) return undefined;
  const moved = ({ detail }) => track(root, detail);
  globalThis.addEventListener("heedmap-aim", moved);
  return () => globalThis.removeEventListener("heedmap-aim", moved);
}

function group() {
  const section = document.createElement("div");
  section.className = "group";
  section.setAttribute("role", "group");
  add(section, "div", "heading");
  add(section, "div", "grid");
  return section;
}

function fill(section, given, data) {
  const [heading, grid] = section.children;
  heading.textContent = given.title ?? "";
  if (given.note) add(heading, "small", "").textContent = given.note;
  if (given.title) section.setAttribute("aria-label", given.title);
  fit(grid, given.items.length, item);
  given.items.forEach((each, i) => dress(grid.children[i], each, data));
}

function item() {
  const button = document.createElement("div");
  button.className = "item";
  button.setAttribute("role", "option");
  const frame = add(button, "span", "frame");
  add(frame, "img", "").draggable = false;
  add(frame, "canvas", "").hidden = true;
  add(frame, "span", "badge");
  const caption = add(button, "span", "caption");
  add(caption, "b", "");
  add(caption, "small", "");
  return button;
}

function dress(button, given, data) {
  const [frame, caption] = button.children;
  const [img, canvas, badge] = frame.children;
  button.dataset.key = given.key;
  button.title = given.title ?? "";
  button.setAttribute("aria-label", given.alt);
  frame.style.setProperty("--ratio", data.ratio);
  img.alt = "";
  if (img.getAttribute("src") !== given.src) {
    img.src = given.src;
    img.decode().finally(() => (canvas.hidden = true)); // what was painted meanwhile
  }
  caption.children[0].textContent = given.caption;
  caption.children[1].textContent = given.note ?? "";
  caption.hidden = !given.caption;
  badge.textContent = "";
}

function select(root, chosen, badges) {
  const items = [...root.querySelectorAll(".item")];
  const first = items.find((each) => chosen.includes(each.dataset.key)) ?? items[0];
  for (const each of items) {
    each.setAttribute("aria-selected", String(chosen.includes(each.dataset.key)));
    each.tabIndex = each === first ? 0 : -1;
    if (!badges) continue;
    const marks = badges.filter((_, i) => chosen[i] === each.dataset.key);
    each.querySelector(".badge").textContent = marks.join(" ");
  }
}

function walk(root, event) {
  const items = [...root.querySelectorAll(".item")];
  const at = items.indexOf(event.target.closest(".item"));
  if (at < 0) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    root.pick(items[at].dataset.key);
    return;
  }
  const to = next(items, at, event.key);
  if (to === undefined) return;
  event.preventDefault();
  items[at].tabIndex = -1;
  items[to].tabIndex = 0;
  items[to].focus();
}

function next(items, at, key) {
  const last = items.length - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (key === "ArrowLeft") return Math.max(0, at - 1);
  if (key === "ArrowRight") return Math.min(last, at + 1);
  const way = { ArrowUp: -1, ArrowDown: 1 }[key];
  if (!way) return undefined;
  const here = items[at].getBoundingClientRect();
  const rows = items
    .map((each, i) => ({ i, area: each.getBoundingClientRect() }))
    .filter(({ area }) => way * (area.top - here.top) > 4);
  if (!rows.length) return at;
  rows.sort((a, b) => distance(a.area, here) - distance(b.area, here));
  return rows[0].i;
}

function distance(a, b) {
  return Math.abs(a.left - b.left) + 4 * Math.abs(a.top - b.top);
}
