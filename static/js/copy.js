// A button that copies what a field shows; without this file the field is selected by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Refused, or no secure page: what is selected is one gesture away.
      return;
    }
    button.textContent = button.dataset.done;
  });
}
