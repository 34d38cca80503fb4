// Copies the URL of the page, which has every setting of the view. A photo that only this window
// has is stored first: the server is asked, and the link is copied when it has answered.

const waiting = new WeakSet();

export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector("button");
  const say = (words) => {
    button.querySelector("span").textContent = words;
    clearTimeout(button.timer);
    button.timer = setTimeout(() => (button.querySelector("span").textContent = "Copy link"), 4000);
  };
  const finish = async () => {
    say((await copy(address(data))) ? "Link copied" : "Press again to copy");
  };
  button.onclick = () => {
    if (!data.private) return finish();
    waiting.add(button);
    say("Storing the photo …");
    setTriggerValue("share", true);
  };
  if (!waiting.has(button) || (data.private && !data.failed)) return;
  waiting.delete(button);
  if (data.failed) say("Not stored");
  else finish();
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
