// Functions that the components share.

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
