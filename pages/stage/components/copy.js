// Copies the URL of the page, which has every setting of the view.

export default function ({ parentElement }) {
  const button = parentElement.querySelector("button");
  const words = button.querySelector("span");
  button.onclick = async () => {
    const done = await copy(window.location.href);
    words.textContent = done ? "Link copied" : "Copy it from the address bar";
    setTimeout(() => (words.textContent = "Copy link"), 2500);
  };
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
