// Addresses and names leave the phone with whoever signs out; what was not sent yet stays, without being shown.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-forget-rounds]") || !("caches" in window)) return;
  event.preventDefault();
  try {
    await caches.delete("livreur-pages");
  } finally {
    form.submit();
  }
});
