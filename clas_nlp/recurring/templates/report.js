"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const names = ["theme", "stance", "service", "section"];
  const paragraphs = [...document.querySelectorAll(".paragraph")];
  const words = (text) => (text || "").trim().split(/\s+/).filter(Boolean);
  const fits = (tag, theme, stance) => {
    const cut = tag.lastIndexOf(":");
    const own = tag.slice(cut + 1);
    return (!theme || tag.slice(0, cut) === theme) &&
      (!stance || own === stance || (own === "mixed" && (stance === "weakness" || stance === "strength")));
  };
  const apply = () => {
    const [theme, stance, service, section] = names.map((name) => $(name).value);
    const needed = $("tagged").checked || theme || stance;
    let shown = 0;
    for (const p of paragraphs) {
      const tags = words(p.dataset.tags);
      const show = (!needed || tags.some((tag) => fits(tag, theme, stance))) &&
        (!service || words(p.dataset.services).includes(service)) &&
        (!section || p.dataset.section === section);
      p.hidden = !show;
      shown += show;
    }
    for (const mark of document.querySelectorAll(".words mark, .words .label")) {
      // No sentence is mixed, only a paragraph is: then all its evidence is of interest.
      const fit = words(mark.dataset.tags).some((tag) => fits(tag, theme, stance === "mixed" ? "" : stance));
      if (mark.tagName === "MARK") mark.classList.toggle("off", !fit);
      else mark.hidden = !fit;
    }
    for (const part of document.querySelectorAll(".part")) part.hidden = !part.querySelector(".paragraph:not([hidden])");
    $("status").textContent = `${shown} of ${paragraphs.length} paragraphs`;
  };
  const clear = () => { for (const name of names) $(name).value = ""; $("tagged").checked = false; apply(); };
  for (const name of names) $(name).addEventListener("change", apply);
  $("tagged").addEventListener("change", apply);
  $("clear").addEventListener("click", clear);
  // A link to a paragraph that a filter hides would go nowhere.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const target = link && $(decodeURIComponent(link.getAttribute("href").slice(1)));
    if (target && target.closest("[hidden]")) clear();
    if (target) { target.tabIndex = -1; target.focus({ preventScroll: true }); }
  });
  $("filters").hidden = false;
  apply();
})();
