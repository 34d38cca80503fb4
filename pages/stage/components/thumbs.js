// Thumbnails that follow the stage: while it shows the maps of another patch than the server's, it
// paints those of all heads too, a few a frame, over the pictures of the gallery.

const SHARE_MS = 4; // of a frame

// Take over from which patch the maps of a stage are.
function track(root, view) {
  const { live } = root;
  if (!live || !view.small) return;
  const at = view.under ?? view.pin;
  const [row, column] = live.at ?? [];
  root.follows = at && !(at.row === row && at.column === column) ? view : null;
  root.turn = root.follows ? `${live.id} ${at.row},${at.column}` : "";
  if (root.turn !== root.shown) root.frame ??= requestAnimationFrame(() => catchUp(root));
}

function catchUp(root) {
  root.frame = null;
  const { follows, turn, live } = root;
  root.shown = null; // nothing yet that all of them show
  const until = performance.now() + SHARE_MS;
  for (const item of root.querySelectorAll(".item")) {
    if (item.turn === turn) continue;
    if (performance.now() > until) {
      root.frame = requestAnimationFrame(() => catchUp(root));
      return;
    }
    const canvas = item.querySelector("canvas");
    const width = follows && item.querySelector(".frame").clientWidth * devicePixelRatio;
    canvas.hidden = !follows?.small(live.id, item.dataset.key, canvas, width);
    item.turn = turn;
  }
  root.shown = turn;
}
