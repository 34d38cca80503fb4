// A part of the page alone on the whole screen: until Escape, the browser's own way out, or "Leave".
// T shows and hides its controls. Where a browser has no full screen (iPhone), it lies over the page.

const STILL_MS = 2500; // then the pointer and the buttons are hidden

function presenter(root, focused) {
  const show = labelled("button", "present", "Full screen");
  show.prepend(icon("M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"));
  show.onclick = () => present(root, focused());
  const corner = add(root, "div", "corner");
  const [controls, out] = [labelled("button", "", "Controls"), labelled("button", "", "Leave")];
  Object.assign(controls, { title: "T", onclick: () => toggle(root) });
  Object.assign(out, { title: "Esc", onclick: () => leave(root) });
  corner.append(controls, out);
  root.addEventListener("keydown", (event) => key(root, event), true);
  root.addEventListener("pointermove", () => wake(root));
  root.addEventListener("fullscreenchange", () => {
    if (root.getRootNode().fullscreenElement !== root) ended(root);
  });
  root.back = show;
  return show;
}

function labelled(tag, name, text) {
  const made = document.createElement(tag);
  Object.assign(made, { className: name, type: "button" });
  add(made, "span", "").textContent = text;
  return made;
}

async function present(root, first) {
  root.classList.add("presented");
  try {
    await root.requestFullscreen();
  } catch {
    root.popover = "manual";
    root.showPopover();
  }
  first?.focus({ focusVisible: false });
  wake(root);
}

function leave(root) {
  if (root.getRootNode().fullscreenElement === root) document.exitFullscreen();
  else ended(root);
}

function ended(root) {
  root.classList.remove("presented", "controlled", "still");
  root.removeAttribute("popover");
  root.back.focus();
}

function toggle(root) {
  root.classList.toggle("controlled");
}

function key(root, event) {
  if (!root.classList.contains("presented")) return;
  if (event.key === "Escape") {
    event.stopPropagation();
    leave(root);
  }
  if (event.key === "t" && !event.target.closest("select")) toggle(root);
}

function wake(root) {
  root.classList.remove("still");
  clearTimeout(root.resting);
  root.resting = setTimeout(() => root.classList.toggle("still", root.classList.contains("presented")), STILL_MS);
}
