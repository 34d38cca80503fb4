// A part of the page alone on the whole screen: until Escape, the browser's own way out, or "Leave".
// T shows and hides its controls. Where a browser has no full screen (iPhone), it lies over the page.

const TEXT = 110; // px, of a title and a legend
const STILL_MS = 2500; // then the pointer and the buttons are hidden

function presenter(root, first) {
  const button = iconButton(say("Full screen"), "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5");
  button.classList.add("present");
  button.onclick = () => present(root, first(), button);
  return button;
}

function presentable(root) {
  const buttons = add(root, "div", "buttons");
  for (const [label, keys, act] of [[say("Controls"), "T", toggle], [say("Leave"), "Esc", leave]]) {
    const button = add(buttons, "button", "");
    Object.assign(button, { type: "button", title: keys, textContent: label, onclick: () => act(root) });
  }
  root.heard?.abort(); // what was built before, in another language
  root.heard = new AbortController();
  const hear = (name, act) => root.addEventListener(name, act, { capture: true, signal: root.heard.signal });
  hear("keydown", (event) => key(root, event));
  hear("pointermove", () => wake(root));
  hear("fullscreenchange", () => {
    if (root.getRootNode().fullscreenElement !== root) ended(root);
  });
}

async function present(root, first, button) {
  root.back = button;
  root.tabIndex = -1;
  root.classList.add("presented");
  try {
    await root.requestFullscreen();
  } catch {
    root.popover = "manual";
    root.showPopover();
  }
  first.focus({ focusVisible: false });
  wake(root);
}

function leave(root) {
  if (root.getRootNode().fullscreenElement === root) document.exitFullscreen();
  else ended(root);
}

function ended(root) {
  root.classList.remove("presented", "controlled", "still");
  for (const name of ["popover", "tabindex"]) root.removeAttribute(name);
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

// How many pictures are in a row and in a column where they are largest on this screen.
function onScreen(panels) {
  const ratio = Math.max(...panels.map(({ width, height }) => width / height));
  const sizes = panels.map((_, i) => {
    const [across, down] = [i + 1, Math.ceil(panels.length / (i + 1))];
    return { across, down, wide: Math.min(screen.width / across, (screen.height / down - TEXT) * ratio) };
  });
  const { across, down } = sizes.reduce((best, each) => (each.wide > best.wide ? each : best));
  return [across, down];
}
