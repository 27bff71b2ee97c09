/** The side drawer: opens when something is put into it, closes by Escape, by its button or by a click beside it. */
export function drawer(): void {
  const dialog = document.querySelector<HTMLDialogElement>("#drawer");
  if (!dialog) return;
  new MutationObserver(() => {
    if (dialog.childElementCount > 0 && !dialog.open) dialog.showModal();
  }).observe(dialog, { childList: true });
  dialog.addEventListener("close", () => dialog.replaceChildren());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
}
