// Copies the URL of the page, which has every setting of the view. A photo that only this window
// has is stored first: the server is asked, and the link is copied when it has answered.

const waiting = new WeakSet();

export default function ({ data, parentElement, setTriggerValue }) {
  sentences = data.sentences;
  document.documentElement.lang = data.language;
  label();
  const button = parentElement.querySelector("button");
  const tell = (words) => {
    button.querySelector("span").textContent = words;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => (button.querySelector("span").textContent = say("Copy link")), 4000);
  };
  if (!button.timer) button.querySelector("span").textContent = say("Copy link");
  const finish = async () => {
    tell((await copy(address(data))) ? say("Link copied") : say("Press again to copy"));
  };
  button.onclick = () => {
    if (!data.private) return finish();
    waiting.add(button);
    tell(say("Storing the photo …"));
    setTriggerValue("share", true);
  };
  if (!waiting.has(button) || (data.private && !data.failed)) return;
  waiting.delete(button);
  if (data.failed) tell(say("Not stored"));
  else finish();
}

// What stands outside of all components: the skip link, and words of the style sheet.
function label() {
  const skip = document.querySelector("a.skip");
  if (skip) skip.textContent = say("Skip to the map");
  const set = (name, words) => document.documentElement.style.setProperty(name, JSON.stringify(words));
  set("--sheet", say("Photo, model, layer"));
  set("--text-sheet", say("Text, model, layer"));
  set("--upload", say("Upload"));
  set("--limit", say("20 MB per file"));
}

function address({ version, shared, more }) {
  const url = new URL(window.location.href);
  for (const [name, text] of url.searchParams) {
    if (text in shared) url.searchParams.set(name, shared[text]);
  }
  for (const [name, text] of Object.entries(more)) url.searchParams.set(name, text);
  url.searchParams.set("v", version);
  return url.href;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByHand(text); // no clipboard outside HTTPS and localhost
  }
}

function copyByHand(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.style.position = "fixed";
  field.style.opacity = "0";
  document.body.appendChild(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  return done;
}
