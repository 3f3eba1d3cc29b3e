// Adds "encore 12 min" beside a deadline the server has already written in full.
const plain = (seconds) => {
  if (seconds <= 0) return "délai écoulé";
  if (seconds < 60) return "encore moins d’une minute";
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `encore ${minutes}\u00a0min` : `encore ${Math.floor(minutes / 60)}\u00a0h\u00a0${String(minutes % 60).padStart(2, "0")}`;
};

const tick = () => {
  for (const node of document.querySelectorAll("[data-deadline]")) {
    const left = (Date.parse(node.dataset.deadline) - Date.now()) / 1000;
    const text = plain(left);
    if (node.textContent !== text) node.textContent = text;
    node.parentElement.classList.toggle("is-urgent", left < 300);
  }
};

tick();
setInterval(tick, 5000);
document.addEventListener("htmx:afterSettle", tick);
