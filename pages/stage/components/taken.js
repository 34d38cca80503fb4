// A picture as it is seen, with what is marked in it, as PNG on the clipboard.

const ENLARGED = 1024; // px, long side of a picture whose cells are single pixels
const SAID_MS = 4000;

function copier(figure) {
  const button = iconButton(say("Copy picture"), "M9 9h11v11H9zM15 9V4H4v11h5");
  const said = add(button, "span", "said");
  said.setAttribute("aria-live", "polite");
  button.onclick = async () => {
    said.textContent = "";
    said.textContent = (await copyPicture(figure)) ? say("Copied") : say("Not copied: this needs HTTPS. Use Export.");
    clearTimeout(button.timer);
    button.timer = setTimeout(() => (said.textContent = ""), SAID_MS);
  };
  return button;
}

// A browser has no clipboard for pictures outside HTTPS and localhost, and may refuse it there.
async function copyPicture(figure) {
  try {
    const png = new Promise((done) => seen(figure).toBlob(done, "image/png"));
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
    return true;
  } catch {
    return false;
  }
}

function seen({ parts }) {
  const { picture, pin, marks, badge } = parts;
  const cells = picture.classList.contains("cells");
  const times = cells ? Math.ceil(ENLARGED / Math.max(picture.width, picture.height)) : 1;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: times * picture.width, height: times * picture.height });
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  for (const each of marks.children) outline(context, boxIn(canvas, each));
  if (pin.classList.contains("on")) circle(context, boxIn(canvas, pin));
  if (badge.textContent) write(context, badge.textContent);
  return canvas;
}

// Where an element that is placed in percent lies in the picture, px.
function boxIn({ width, height }, { style }) {
  const part = (name, whole) => (parseFloat(style[name]) / 100) * whole;
  return { x: part("left", width), y: part("top", height), w: part("width", width), h: part("height", height) };
}

function outline(context, { x, y, w, h }) {
  twice(context, () => context.strokeRect(x, y, w, h));
}

function circle(context, { x, y, w, h }) {
  const radius = Math.max(w, h, unit(context) * 8) / 2;
  twice(context, () => {
    context.beginPath();
    context.arc(x + w / 2, y + h / 2, radius, 0, 2 * Math.PI);
    context.stroke();
  });
}

// Light on dark, so that it is seen on any ground.
function twice(context, stroke) {
  for (const [colour, wide] of [["rgb(0 0 0 / 70%)", 3], ["#fff", 1]]) {
    context.strokeStyle = colour;
    context.lineWidth = wide * unit(context);
    stroke();
  }
}

function write(context, text) {
  const size = 7 * unit(context);
  const pad = size / 2;
  context.font = `${size}px sans-serif`;
  const room = context.canvas.width - 4 * pad;
  const wide = Math.min(room, context.measureText(text).width);
  context.fillStyle = "rgb(16 14 26 / 84%)";
  context.fillRect(pad, pad, wide + 2 * pad, size + 2 * pad);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, 2 * pad, pad + pad + size / 2, room);
}

// The width of a line, px.
function unit({ canvas }) {
  return Math.max(canvas.width, canvas.height) / 400;
}
