// Says aloud what htmx changed in the basket, and shows a failure nobody would otherwise see.
const board = document.getElementById("annonces");

const say = (text, failed = false) => {
  board.classList.toggle("toast", failed);
  board.classList.toggle("visually-hidden", !failed);
  board.textContent = text;
};
const fail = () => say("La connexion a flanché\u202f: rien n’a été modifié. Réessayez dans un instant.", true);

document.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
  if (detail.target.id === "basket-summary") say(document.getElementById("basket-summary").dataset.announce);
});
document.addEventListener("htmx:responseError", fail);
document.addEventListener("htmx:sendError", fail);
document.addEventListener("htmx:timeout", fail);
