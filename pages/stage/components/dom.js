// Functions that the components share.

let sentences = {}; // by their English, where the visitor reads another language

// A sentence in the visitor's language; {name} in it stands for a value.
function say(english, values = {}) {
  return (sentences[english] ?? english).replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

// Take over the sentences; tell whether a component is to be built, at first or in a new language.
function learn(root, { language, sentences: given }) {
  sentences = given;
  const anew = root.language !== language;
  if (anew) root.replaceChildren();
  root.language = language;
  return anew;
}

// A number as people read it: so many digits, a true minus.
function number(value, digits = 3) {
  return minus(value.toPrecision(digits));
}

function minus(written) {
  return written.replaceAll("-", "−");
}

// Remove or add children until `parent` has `count`; `make` makes one.
function fit(parent, count, make) {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) parent.appendChild(make());
}

function add(parent, tag, name) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  return parent.appendChild(element);
}

// The bytes of a base64 text.
function bytes(text) {
  const letters = atob(text);
  const found = new Uint8Array(letters.length);
  for (let i = 0; i < found.length; i += 1) found[i] = letters.charCodeAt(i);
  return found;
}

// A button that is an icon: a path in a square of 24.
function iconButton(title, path) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "icon", title });
  button.setAttribute("aria-label", title);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(svg.namespaceURI, "path");
  line.setAttribute("d", path);
  svg.append(line);
  button.append(svg);
  return button;
}
