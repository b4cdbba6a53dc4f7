/** One's own settings: saved at once, and seen at once. */
import { ask } from "./api.js";
import { by } from "./dom.js";

const form = by("preferences");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = new FormData(/** @type {HTMLFormElement} */ (form));
  const chosen = {
    language: given.get("language") || null,
    theme: given.get("theme"),
    pop: given.get("pop"),
    sound: given.has("sound"),
    notification: given.has("notification"),
  };
  by("saved").hidden = true;
  by("fault").hidden = true;
  try {
    await ask("PATCH", "/me/preferences", chosen);
    if ((chosen.language || "") !== (document.documentElement.dataset.chosen || "")) return location.reload();
    document.documentElement.dataset.theme = String(chosen.theme);
    by("saved").hidden = false;
  } catch (error) {
    by("fault").textContent = String(/** @type {any} */ (error).message);
    by("fault").hidden = false;
  }
});
