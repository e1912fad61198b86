"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const { sentences, signs, names } = JSON.parse($("content").textContent);
  const STEP = 100;
  let found = [], shown = 0, cell = null;
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  // As in the page: a rounded 100% would claim what no tagger can.
  const chance = (p) => p > 0.99 ? ">99%" : p < 0.01 ? "<1%" : `${Math.round(100 * p)}%`;
  const more = () => {
    for (const s of found.slice(shown, shown + STEP)) {
      const item = element("li");
      item.append(element("mark", `stance-${s.s}`, `${signs[s.s] || "●"} ${names[s.s] || s.s}`), " ",
        element("span", "", s.x), " ", element("span", "soft small", `(${s.r}; probability ${chance(s.p)})`));
      $("list").append(item);
    }
    shown = Math.min(found.length, shown + STEP);
    $("more").hidden = shown >= found.length;
    $("dialog-status").textContent = found.length > shown ? `${shown} of ${found.length} sentences` : `${found.length} sentence${found.length === 1 ? "" : "s"}`;
  };
  const fill = () => {
    const { theme, by, group } = cell.dataset;
    const stance = $("dialog-stance").value;
    found = sentences.filter((s) => s.t === theme && (!stance || s.s === stance) &&
      (by === "theme" || (by === "inspection" ? s.i === group : s.g.includes(group))));
    found.sort((a, b) => b.p - a.p);
    shown = 0;
    $("list").replaceChildren();
    more();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.open");
    if (!button) return;
    cell = button;
    $("dialog-title").textContent = button.dataset.title;
    $("dialog-stance").value = Object.keys(names).includes("weakness") ? "weakness" : "";
    fill();
    if (!found.length) { $("dialog-stance").value = ""; fill(); }
    $("dialog").showModal();
    $("dialog").scrollTop = 0;
  });
  $("dialog-stance").addEventListener("change", fill);
  $("more").addEventListener("click", more);
  $("close").addEventListener("click", () => $("dialog").close());
  // A click beside the dialog closes it; one inside has a target inside.
  $("dialog").addEventListener("click", (event) => { if (event.target === $("dialog")) $("dialog").close(); });
})();
