// A panel that explains the words of the page: open at the first visit, then behind its button. The
// server hears when it is open and sends the pictures.

const SEEN = "heedmap.explained";

export default function ({ data, parentElement, setStateValue }) {
  const panel = parentElement.querySelector(".panel");
  const button = parentElement.querySelector(".open");
  if (!panel || !data) return;
  panel.ontoggle = ({ newState }) => setStateValue("open", newState === "open");
  sentences = data.sentences;
  button.textContent = panel.querySelector(".top b").textContent = say("What am I seeing?");
  panel.setAttribute("aria-label", say("What am I seeing?"));
  panel.querySelector(".close").textContent = say("Got it");
  const list = panel.querySelector("dl");
  fit(list, data.words.length, word);
  data.words.forEach((given, i) => fill(list.children[i], given));
  button.onclick = () => show(panel, button, !panel.matches(":popover-open"));
  panel.querySelector(".close").onclick = () => {
    show(panel, button, false);
    button.focus();
  };
  panel.onkeydown = (event) => {
    if (event.key === "Escape") panel.querySelector(".close").click();
  };
  if (!panel.dataset.begun) show(panel, button, !seen());
  panel.dataset.begun = "yes";
}

function show(panel, button, open) {
  if (open !== panel.matches(":popover-open")) panel.togglePopover(open);
  button.setAttribute("aria-expanded", String(open));
  if (!open) remember();
}

function word() {
  const row = document.createElement("div");
  add(row, "img", "");
  const text = add(row, "div", "");
  add(text, "dt", "");
  add(text, "dd", "");
  return row;
}

function fill(row, { term, told, src }) {
  const [img, text] = row.children;
  img.alt = "";
  if (src && img.getAttribute("src") !== src) img.src = src;
  text.children[0].textContent = term;
  text.children[1].textContent = told;
}

// A browser that keeps nothing shows the panel at every visit.
function seen() {
  try {
    return localStorage.getItem(SEEN) !== null;
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(SEEN, "1");
  } catch {
    // nothing is kept
  }
}
