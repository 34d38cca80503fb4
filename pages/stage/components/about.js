// What is told of a method under its map: what it reads and assumes, and how it misleads.

function about(box, given) {
  const text = JSON.stringify(given ?? null);
  if (box.dataset.given === text) return;
  box.dataset.given = text;
  const open = box.querySelector("details")?.open;
  box.replaceChildren();
  box.hidden = !given;
  if (!given) return;
  add(box, "span", "reads").textContent = given.reads;
  add(box, "p", "").textContent = given.assumes;
  const more = add(box, "details", "");
  more.open = Boolean(open);
  add(more, "summary", "").textContent = "How it misleads";
  add(more, "p", "").textContent = given.fails;
  add(more, "p", "source").textContent = given.source;
}
