// The toolbar of the stage. A tool is { name, label, kind, value, views }: a "choice" of `options`,
// a "range" from `low` to `high`, or a "switch". It changes `view.look` at once; the server hears
// of it when the gesture ends, by the names and texts of the URL.

const REST_MS = 250; // after the last change

// Show the tools with the values of the server, unless the visitor has newer ones.
// Tell whether the visitor has.
function equip(view, given, turn) {
  const newer = turn < view.turn || Object.keys(view.asked).length > 0;
  view.turn = Math.max(view.turn, turn);
  const made = JSON.stringify(given.map((tool) => ({ ...tool, value: null })));
  if (view.tools.dataset.made !== made) {
    view.tools.replaceChildren(...given.map((tool) => label(view, tool)));
    view.tools.dataset.made = made;
  }
  const look = given.map(({ name, value }) => [name, value]);
  if (!newer) view.look = { view: "overlay", ...view.data.look, ...Object.fromEntries(look) };
  set(view);
  return newer;
}

function label(view, tool) {
  const made = document.createElement("label");
  made.className = `tool ${tool.kind}`;
  made.hidden = Boolean(tool.hidden);
  if (tool.help) made.title = tool.help;
  add(made, "span", "").textContent = tool.label;
  const input = MAKE[tool.kind](made, tool);
  input.name = tool.name;
  made.tool = tool;
  made.input = input;
  input.oninput = () => change(view, tool, input);
  input.onchange = () => rest(view);
  return made;
}

const MAKE = {
  choice(made, { options }) {
    const select = add(made, "select", "");
    for (const [key, words] of Object.entries(options)) select.add(new Option(words, key));
    return select;
  },
  range(made, { low, high, step }) {
    add(made.firstChild, "span", "value");
    const input = add(made, "input", "");
    Object.assign(input, { type: "range", min: low, max: high, step: step ?? 1 });
    return input;
  },
  switch(made) {
    const input = add(made, "input", "");
    input.type = "checkbox";
    return input;
  },
};

function change(view, { name, kind }, input) {
  const value = kind === "switch" ? input.checked : kind === "range" ? Number(input.value) : input.value;
  const before = view.look[name];
  view.look = { ...view.look, [name]: value };
  view.asked[name] = kind === "switch" ? String(Number(value)) : String(value);
  for (const each of view.tools.children) if (each.tool.follows === name) reset(view, each.tool, before);
  set(view);
  stir(view);
}

// A tool at its default goes to its new one.
function reset({ look }, { name, follows, defaults }, before) {
  if (look[name] === defaults[Number(before)]) look[name] = defaults[Number(look[follows])];
}

// Put the values of the look into the inputs; a tool of another view is dimmed.
function set(view) {
  for (const each of view.tools.children) {
    const { tool, input } = each;
    const value = view.look[tool.name];
    if (tool.kind === "switch") input.checked = value;
    else if (input.value !== String(value)) input.value = value;
    if (tool.kind === "range") input.previousSibling.lastChild.textContent = `${value} %`;
    input.disabled = Boolean(tool.views && !tool.views.includes(view.look.view));
    each.setAttribute("aria-disabled", String(input.disabled));
  }
}

function rest(view) {
  clearTimeout(view.resting);
  view.resting = setTimeout(() => tell(view), REST_MS);
}

function tell(view) {
  clearTimeout(view.resting);
  if (!Object.keys(view.asked).length) return;
  view.turn += 1;
  view.send({ turn: view.turn, asked: view.asked });
  view.asked = {};
}
